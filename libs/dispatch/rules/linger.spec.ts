// Single changes leave at once, an import is gathered into full batches, and nobody waits longer than the limit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LINGER_MS, lingerMs } from './linger.js';

test('a change that somebody made alone never waits, however many came with it', () => {
  assert.equal(lingerMs(1, false, 5000), 0);
  assert.equal(lingerMs(400, false, 5000), 0);
});

test('an import is gathered', () => {
  assert.equal(lingerMs(0, true, 5000), LINGER_MS);
  assert.equal(lingerMs(800, true, 5000), LINGER_MS);
});

test('a full batch leaves at once', () => {
  assert.equal(lingerMs(5000, true, 5000), 0);
});
