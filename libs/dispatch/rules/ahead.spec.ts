// Push now never overtakes its own entry.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pushFate } from './ahead.js';

const FREE = () => null;

test('the first change of an entry goes ahead', () => {
  assert.equal(pushFate({ seq: 9, prevSeq: 0, latestSeq: 9 }, 5, [], FREE, false), 'ahead');
});

test('what was sealed, or has a newer change, is over', () => {
  assert.equal(pushFate({ seq: 5, prevSeq: 0, latestSeq: 5 }, 5, [], FREE, false), 'over');
  assert.equal(pushFate({ seq: 9, prevSeq: 0, latestSeq: 9 }, 5, [9], FREE, false), 'over');
  assert.equal(pushFate({ seq: 8, prevSeq: 0, latestSeq: 9 }, 5, [], FREE, false), 'over');
});

test('a predecessor that is not sealed holds it back, whatever the provider', () => {
  for (const inOrder of [true, false]) {
    assert.equal(pushFate({ seq: 9, prevSeq: 7, latestSeq: 9 }, 5, [], FREE, inOrder), 'notYet');
  }
});

test('a predecessor without outcome holds it back, unless the provider applies in order', () => {
  const awaited = (seq: number) => seq;
  assert.equal(pushFate({ seq: 9, prevSeq: 3, latestSeq: 9 }, 5, [], awaited, false), 'notYet');
  assert.equal(pushFate({ seq: 9, prevSeq: 3, latestSeq: 9 }, 5, [], awaited, true), 'ahead');
  assert.equal(pushFate({ seq: 9, prevSeq: 3, latestSeq: 9 }, 5, [], FREE, false), 'ahead');
  assert.equal(pushFate({ seq: 9, prevSeq: 7, latestSeq: 9 }, 5, [7], FREE, false), 'ahead');
});
