// What is appended again when a batch did not arrive, or arrived late.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLatest, overtaken, stillDue, type LineNow } from './append-again.js';

const line = (entryRef: string, seq: number, latestSeq: number, over: Partial<LineNow> = {}): LineNow => ({
  entryRef,
  seq,
  latestSeq,
  latestSealed: true,
  latestWaitsFor: null,
  ...over,
});

test('of a batch that never arrived, what is still latest is due', () => {
  const lines = [line('a', 5, 5), line('b', 6, 9), line('c', 7, 8, { latestWaitsFor: 7 })];
  assert.deepEqual(stillDue(lines), [{ entryRef: 'a', onlyIfSeq: 5 }]);
});

test('of a batch that may have arrived late, what was replaced by something sealed is repeated', () => {
  const lines = [
    line('same', 5, 5),
    line('sent', 6, 9),
    line('waits', 7, 8, { latestWaitsFor: 7 }),
    line('not sealed yet', 4, 12, { latestSealed: false }),
  ];
  assert.deepEqual(overtaken(lines, false), [{ entryRef: 'sent', onlyIfSeq: 9 }]);
});

test('a provider that applies in order cannot be overtaken', () => {
  assert.deepEqual(overtaken([line('sent', 6, 9)], true), []);
});

test('nothing is appended for a change that has a newer one', () => {
  assert.equal(isLatest({ entryRef: 'a', onlyIfSeq: 5 }, 5), true);
  assert.equal(isLatest({ entryRef: 'a', onlyIfSeq: 5 }, 6), false);
});
