// From a position to its seq, whatever was left out of the range.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seqAt } from './positions.js';

test('it is the n-th of what is left of the range', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 20 }),
      (fromSeq, offsets, n) => {
        const left = offsets.map((offset) => fromSeq + offset).toSorted((a, b) => a - b);
        const lines = Array.from({ length: 90 }, (_, i) => fromSeq + i).filter((seq) => !left.includes(seq));
        assert.equal(seqAt(fromSeq, left, n), lines[n - 1]);
      },
    ),
  );
});
