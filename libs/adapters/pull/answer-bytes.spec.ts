// Ranges of bytes that never change.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { rangeOf } from './answer-bytes.js';

test('a range is read, and what is none is the whole', () => {
  assert.deepEqual(rangeOf('bytes=0-9', 100), [0, 9]);
  assert.deepEqual(rangeOf('bytes=90-', 100), [90, 99]);
  assert.deepEqual(rangeOf('bytes=90-1000', 100), [90, 99]);
  assert.deepEqual(rangeOf('bytes=-5', 100), [95, 99]);
  assert.deepEqual(rangeOf('bytes=-500', 100), [0, 99]);
  for (const header of [undefined, '', 'bytes=', 'bytes=-', 'bytes=a-b', 'lines=0-9', 'bytes=0-1,5-6', 'bytes=9-5'])
    assert.equal(rangeOf(header, 100), null, String(header));
});

test('a range beyond the end is told so', () => {
  assert.equal(rangeOf('bytes=100-', 100), 'unsatisfiable');
  assert.equal(rangeOf('bytes=-0', 100), 'unsatisfiable');
});
