// Single changes leave at once, a flood is gathered into full batches, and nobody waits longer than the limit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LINGER_MS, lingerMs } from './linger.js';

test('single registrations, up to 200 a second, never wait', () => {
  for (const pending of [0, 1, 4, 10]) assert.equal(lingerMs(pending, 50, 5000), 0);
});

test('an import is gathered', () => {
  assert.equal(lingerMs(300, 50, 5000), LINGER_MS);
});

test('a full batch goes at once, and the wait never outlasts the filling', () => {
  assert.equal(lingerMs(5000, 50, 5000), 0);
  fc.assert(
    fc.property(
      fc.nat(20_000),
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 50_000 }),
      (pending, elapsed, maxLines) => {
        const wait = lingerMs(pending, elapsed, maxLines);
        assert.ok(wait >= 0 && wait <= LINGER_MS);
      },
    ),
  );
});
