import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { maskLine } from './mask.js';

test('a mobile number shows its network and its last four digits', () => {
  assert.deepEqual(maskLine('M:66812345678'), { access: 'MB', line: '+6681***5678' });
});

test('a circuit shows its provider and at most half of its number', () => {
  assert.deepEqual(maskLine('F:TOT:8801234567'), { access: 'FB', line: 'TOT ***4567' });
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9A-Z:]{1,20}$/), (circuit) => {
      const shown = maskLine(`F:3BB:${circuit}`).line.slice('3BB ***'.length);
      assert.ok(shown.length <= circuit.length / 2 && circuit.endsWith(shown));
    }),
  );
});
