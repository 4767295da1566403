// Watches outcomes in every sweep: people are told from the soft deadline on, and again when the hard one is over.
import type { DataSource } from 'typeorm';
import { deadlinesOf, type Alerts } from '#contracts';
import { query } from '#platform';
import { receiptStanding } from './rules/receipt-deadline.js';
import type { SweepTask } from './sweeper.js';

// The oldest batch that the provider has and of which not every line was heard. Maintenance since then makes it later;
// what lies in a feed and was not fetched is not with the provider.
const OLDEST = `
SELECT clock_timestamp() AS now, o.number, o.line_count - o.heard AS silent, t.since + interval '1 second' * maintained_s(o.provider_id, t.since) AS since
FROM batch o CROSS JOIN LATERAL (SELECT CASE WHEN o.format = 'thin' AND $2 THEN o.receipt_at ELSE coalesce(o.accepted_at, o.handed_at) END AS since) t
WHERE o.provider_id = $1 AND o.state = 'accepted' AND t.since IS NOT NULL ORDER BY o.number LIMIT 1`;

/** The sweep task. What happens at the hard deadline (asked, then given up as uncertain) is decided in next-step.ts. */
export function watchOutcomes({ source, alerts }: { source: DataSource; alerts: Alerts }): SweepTask {
  return async ({ providerId, code, profile }) => {
    const { softS, hardS } = deadlinesOf(profile).outcomes;
    const [row] = await query<{ now: Date; number: number; silent: number; since: Date }>(source, OLDEST, [
      providerId,
      profile.acknowledgement === 'pull',
    ]);
    const late = { kind: 'outcomesLate', providerId, subject: 'outcomes' } as const;
    const overdue = { kind: 'outcomesOverdue', providerId, subject: 'outcomes' } as const;
    const is = (deadlineS: number): boolean =>
      row !== undefined &&
      receiptStanding({ number: row.number, since: row.since.getTime() }, deadlineS * 1000, row.now.getTime()) ===
        'overdue';
    const where = row ? `batch ${row.number}, with ${code} since ${row.since.toISOString()}: outcomes are missing` : '';
    if (is(hardS)) {
      await alerts.clear(late);
      const next = profile.canBeAsked
        ? 'it is asked, and what stays silent becomes uncertain'
        : 'they become uncertain';
      await alerts.raise({ ...overdue, text: `${where} after ${hardS} s; ${next}.` });
      return;
    }
    await alerts.clear(overdue);
    if (is(softS)) await alerts.raise({ ...late, text: `${where}; they are due within ${hardS} s.` });
    else await alerts.clear(late);
  };
}
