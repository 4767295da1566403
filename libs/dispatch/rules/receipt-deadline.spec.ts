// When a receipt is overdue, and when a provider that does not fetch is reminded.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { receiptStanding, reminderDue } from './receipt-deadline.js';

const MINUTE = 60_000;
const told = { number: 7, since: 1_000_000 };

test('nothing awaited, in time, overdue from the deadline on', () => {
  assert.equal(receiptStanding(null, MINUTE, 5_000_000), 'none');
  assert.equal(receiptStanding(told, MINUTE, told.since + MINUTE - 1), 'inTime');
  assert.equal(receiptStanding(told, MINUTE, told.since + MINUTE), 'overdue');
});

test('reminders: the first with the deadline, then at twice the pause each time, at most six hours apart', () => {
  const at = (ms: number, reminders: number, lastAt: number | null): boolean =>
    reminderDue(told, { reminders, lastAt }, MINUTE, told.since + ms);
  assert.equal(at(MINUTE - 1, 0, null), false);
  assert.equal(at(MINUTE, 0, null), true);
  const first = told.since + MINUTE;
  assert.equal(at(3 * MINUTE - 1, 1, first), false);
  assert.equal(at(3 * MINUTE, 1, first), true);
  const second = told.since + 3 * MINUTE;
  assert.equal(at(7 * MINUTE - 1, 2, second), false);
  assert.equal(at(7 * MINUTE, 2, second), true);
  const late = told.since + 1_000 * MINUTE;
  assert.equal(reminderDue(told, { reminders: 40, lastAt: late }, MINUTE, late + 6 * 60 * MINUTE), true);
  assert.equal(reminderDue(told, { reminders: 40, lastAt: late }, MINUTE, late + 6 * 60 * MINUTE - 1), false);
});
