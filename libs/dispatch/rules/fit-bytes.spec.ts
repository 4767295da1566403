// A batch that is too large ends earlier, always at the same line.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { linesPerPart, shorterRange } from './fit-bytes.js';

test('it ends about where the limit is', () => {
  const seqs = Array.from({ length: 1000 }, (_, i) => 10 + 2 * i);
  assert.equal(shorterRange(seqs, 200_000, 100_000), seqs[494]);
  assert.equal(shorterRange(seqs, 100_001, 100_000), seqs[988]);
});

test('whatever the sizes, it gets shorter and never empty', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 300 }), fc.integer({ min: 1, max: 1e6 }), (lines, bytes) => {
      const seqs = Array.from({ length: lines }, (_, i) => i + 1);
      const end = shorterRange(seqs, bytes, 1000);
      assert.ok(end >= 1 && end < lines);
    }),
  );
});

test('parts of a full list are counted out by the longest line', () => {
  assert.equal(linesPerPart({ maxLines: 5000 }), 5000);
  assert.equal(linesPerPart({ maxLines: 5000, maxBytes: null }), 5000);
  assert.equal(linesPerPart({ maxLines: 5000, maxBytes: 1_048_576 }), 2046);
  assert.equal(linesPerPart({ maxLines: 5, maxBytes: 1_048_576 }), 5);
  assert.equal(linesPerPart({ maxLines: 5, maxBytes: 1 }), 1);
});
