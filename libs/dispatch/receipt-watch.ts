// Watches receipts in every sweep: alerts when one is overdue, and tells a provider once more of what it did not fetch.
import type { DataSource } from 'typeorm';
import { deadlinesOf, type AdapterRegistry, type Alerts } from '#contracts';
import { query, type Logger, type ProviderRow } from '#platform';
import { receiptStanding, reminderDue, type AwaitedReceipt } from './rules/receipt-deadline.js';
import { nextOpening } from './rules/windows.js';
import { readBatch } from './sealed-bytes.js';
import type { SweepTask } from './sweeper.js';

interface AwaitedRow {
  now: Date;
  number: number | null;
  state: 'handed' | 'accepted' | null;
  since: Date | null;
  paused: boolean;
  maintained: boolean;
  reminders: number;
  reminded_at: Date | null;
}

// In an acceptance by response or 202 the receipt is the acceptance itself. Maintenance since then makes it later.
const AWAITED = `
SELECT clock_timestamp() AS now, b.number, b.state, b.since, s.paused_at IS NOT NULL AS paused,
  EXISTS (SELECT 1 FROM maintenance m WHERE m.provider_id = s.provider_id AND m.from_at <= now() AND m.until_at > now()) AS maintained,
  CASE WHEN r.reminded_of = b.number THEN r.reminders ELSE 0 END AS reminders,
  CASE WHEN r.reminded_of = b.number THEN r.reminded_at END AS reminded_at
FROM provider_stream s LEFT JOIN feed_reader r USING (provider_id)
LEFT JOIN LATERAL (
  SELECT o.number, o.state, coalesce(o.accepted_at, o.handed_at)
    + interval '1 second' * maintained_s(o.provider_id, coalesce(o.accepted_at, o.handed_at)) AS since FROM batch o
  WHERE o.provider_id = s.provider_id AND (o.state = 'handed' OR (o.state = 'accepted' AND $2)) AND o.receipt_at IS NULL AND o.heard = 0
  ORDER BY o.number LIMIT 1) b ON true
WHERE s.provider_id = $1`;

// Taken before it is sent, so that two workers never send the same reminder.
const TAKE_REMINDER = `
INSERT INTO feed_reader AS r (provider_id, reminders, reminded_at, reminded_of) VALUES ($1, $3 + 1, now(), $2)
ON CONFLICT (provider_id) DO UPDATE SET reminders = excluded.reminders, reminded_at = now(), reminded_of = excluded.reminded_of
WHERE r.reminded_of IS DISTINCT FROM $2 OR r.reminders = $3 RETURNING reminders`;

export interface ReceiptWatch {
  source: DataSource;
  adapters: AdapterRegistry;
  alerts: Alerts;
  log: Logger;
}

/** The sweep task: quick when there is nothing to do, and the same whoever does it. */
export function watchReceipts({ source, adapters, alerts, log }: ReceiptWatch): SweepTask {
  return async (provider, signal) => {
    const { providerId, profile } = provider;
    const pulls = profile.acknowledgement === 'pull';
    const [row] = await query<AwaitedRow>(source, AWAITED, [providerId, pulls || profile.acknowledgement === 'files']);
    if (!row) return;
    const awaited: AwaitedReceipt | null =
      row.number === null || row.since === null ? null : { number: row.number, since: row.since.getTime() };
    const { softS, hardS } = deadlinesOf(profile).receipt;
    const deadlineMs = hardS * 1000;
    const now = row.now.getTime();
    const alert = pulls
      ? ({ kind: 'notPulled', providerId, subject: 'feed' } as const)
      : ({ kind: 'receiptOverdue', providerId, subject: 'receipts' } as const);
    const late = { kind: 'receiptLate', providerId, subject: 'receipts' } as const;
    if (!awaited || receiptStanding(awaited, deadlineMs, now) !== 'overdue') {
      await alerts.clear(alert);
      if (awaited && receiptStanding(awaited, softS * 1000, now) === 'overdue')
        await alerts.raise({ ...late, text: lateText(provider, awaited, hardS) });
      else await alerts.clear(late);
      return;
    }
    await alerts.clear(late);
    await alerts.raise({ ...alert, text: textOf(provider, awaited, row.state === 'accepted') });
    const off = profile.disabled !== undefined && profile.disabled !== null;
    const waits = row.paused || row.maintained || off || nextOpening(profile.deliveryWindows, now) !== null;
    const sent = { reminders: row.reminders, lastAt: row.reminded_at?.getTime() ?? null };
    const adapter = adapters.get(provider.code);
    // What is still 'handed' is told again by its own attempts.
    if (waits || !adapter.remind || row.state !== 'accepted' || !reminderDue(awaited, sent, deadlineMs, now)) return;
    const [mine] = await query<{ reminders: number }>(source, TAKE_REMINDER, [
      providerId,
      awaited.number,
      row.reminders,
    ]);
    const batch = mine ? await readBatch(source, providerId, awaited.number) : null;
    if (!mine || !batch) return;
    const result = await adapter.remind(batch, mine.reminders, signal);
    log.info({
      event: 'reminded of a batch that was not fetched',
      provider: provider.code,
      batch: awaited.number,
      reminder: mine.reminders,
      result: result.result,
    });
  };
}

function lateText({ code }: ProviderRow, { number, since }: AwaitedReceipt, hardS: number): string {
  return `batch ${number} is with ${code} since ${new Date(since).toISOString()} without a receipt; it is overdue after ${hardS} s.`;
}

/** The same words as long as it is about the same batch, so that an alert does not change with every sweep. */
function textOf({ code, profile }: ProviderRow, awaited: AwaitedReceipt, lies: boolean): string {
  const since = new Date(awaited.since).toISOString();
  const limit = `${profile.receiptDeadlineS} s`;
  if (profile.acknowledgement === 'pull') {
    return lies
      ? `${code} was told of batch ${awaited.number} at ${since} and has not fetched it within ${limit}; it is reminded. Is its reader running?`
      : `${code} could not be told of batch ${awaited.number} since ${since}, and has not fetched it within ${limit}. Is its webhook reachable?`;
  }
  return lies
    ? `batch ${awaited.number} lies with ${code} since ${since}, and no receipt has come within ${limit}; ask its operations whether the file was read.`
    : `batch ${awaited.number} was handed over to ${code} at ${since}, and what became of it is not known after ${limit}; see its attempts.`;
}
