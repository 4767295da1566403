// Whether a receipt is overdue, and when a provider that does not fetch is reminded; the clock starts at the hand-over.

/** The oldest batch that was handed over and whose receipt has not come. Times in milliseconds. */
export interface AwaitedReceipt {
  number: number;
  /** When it was handed over. */
  since: number;
}

export type ReceiptStanding = 'none' | 'inTime' | 'overdue';

/** A delivery window, a pause or a backlog before the hand-over never counts: `since` is when the provider had it. */
export function receiptStanding(awaited: AwaitedReceipt | null, deadlineMs: number, now: number): ReceiptStanding {
  if (!awaited) return 'none';
  return now - awaited.since >= deadlineMs ? 'overdue' : 'inTime';
}

/** Reminders are never further apart than this, in milliseconds (6 hours): what was overlooked is found the same day. */
const LONGEST_PAUSE_MS = 6 * 3_600_000;

/**
 * Whether it is told once more. The first reminder comes with the deadline, and each pause is twice the one before, so
 * that one that is down for a day is not flooded.
 * @param reminders how often it was reminded of this batch
 */
export function reminderDue(
  awaited: AwaitedReceipt,
  sent: { reminders: number; lastAt: number | null },
  deadlineMs: number,
  now: number,
): boolean {
  if (receiptStanding(awaited, deadlineMs, now) !== 'overdue') return false;
  if (sent.reminders === 0 || sent.lastAt === null) return true;
  return now - sent.lastAt >= Math.min(deadlineMs * 2 ** sent.reminders, LONGEST_PAUSE_MS);
}
