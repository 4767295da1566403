// The empty daily batch: due once a day in Bangkok, and only when nothing else was sealed on that day.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { proofOfLifeDue } from './proof-of-life.js';

const at = (bangkok: string): number => Date.parse(`${bangkok}+07:00`);
const due = (now: string, last: string | null, time: string | null = '18:00'): boolean =>
  proofOfLifeDue(time, last === null ? null : at(last), at(now));

test('it is due from its time on, on a day without a batch', () => {
  assert.equal(due('2020-03-19T17:59:59', '2020-03-18T23:59'), false);
  assert.equal(due('2020-03-19T18:00', '2020-03-18T23:59:59.999'), true);
  assert.equal(due('2020-03-19T23:59', null), true);
});

test('any batch of the day is proof; the next day has its own', () => {
  assert.equal(due('2020-03-19T18:00', '2020-03-19T00:00'), false);
  assert.equal(due('2020-03-19T23:00', '2020-03-19T18:00'), false);
  assert.equal(due('2020-03-20T00:30', '2020-03-19T18:00'), false);
  assert.equal(due('2020-03-20T18:00', '2020-03-19T18:00'), true);
});

test('who agreed on none gets none', () => assert.equal(due('2020-03-19T23:00', null, null), false));
