import { test } from 'node:test';
import assert from 'node:assert/strict';
import { LONGEST_WAIT_S, retryAfterSeconds } from './retry-after.js';

const now = new Date('2020-03-18T17:05:10Z');

test('Retry-After is read as seconds or date, clamped, and ignored when it makes no sense', () => {
  const cases: [string | undefined, number | null][] = [
    ['120', 120],
    [' 5 ', 5],
    ['0', 1],
    ['99999999', LONGEST_WAIT_S],
    ['Wed, 18 Mar 2020 17:06:10 GMT', 60],
    ['Wednesday, 18-Mar-20 17:06:10 GMT', 60],
    ['Thu, 18 Mar 2563 17:06:10 GMT', LONGEST_WAIT_S],
    ['Wed, 18 Mar 2020 17:04:10 GMT', null],
    ['-5', null],
    ['1.5', null],
    ['2020', 2020],
    ['soon', null],
    ['', null],
    [undefined, null],
  ];
  for (const [header, expected] of cases) assert.equal(retryAfterSeconds(header, now), expected, header);
});
