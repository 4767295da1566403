// What the brake shows and raises: how much of the day is used, what is held, and days with unusually many free removals.
import type { DataSource } from 'typeorm';
import type { Alerts } from '#contracts';
import { inTransaction, query } from '#platform';
import { countAcknowledged } from './count-acknowledged.js';
import { dailyBudget } from './judge.js';
import { lockBudgets } from './pass-brake.js';

/** How often what a provider holds is counted anew, in seconds. */
const COUNT_EVERY_S = 600;

export interface BrakeState {
  provider: string;
  providerId: number;
  /** Entries that the provider was acknowledged to hold, and when that was counted. */
  acknowledged: number;
  countedAt: Date | null;
  /** Removals that may go in any 24 hours, and those of the last 24 hours. */
  budget: number;
  used: number;
  /** Removals of the last 24 hours that used up nothing. */
  planned: number;
  approved: number;
  withdrawn: number;
  expired: number;
  /** Removals that are held now; `undecided` of them nobody has decided on. */
  held: number;
  undecided: number;
  /** When the oldest undecided hold was opened. */
  since: Date | null;
}

const STATE = `
SELECT p.code AS provider, p.provider_id AS "providerId", coalesce(b.acknowledged, 0) AS acknowledged,
  CASE WHEN isfinite(b.counted_at) THEN b.counted_at END AS "countedAt",
  r.used, r.planned, r.approved, r.withdrawn, r.expired, h.held, h.undecided, h.since
FROM provider p LEFT JOIN removal_budget b USING (provider_id)
CROSS JOIN LATERAL (
  SELECT coalesce(sum(lines) FILTER (WHERE kind = 'budget'), 0) AS used,
    coalesce(sum(lines) FILTER (WHERE kind IN ('planned', 'handOver')), 0) AS planned,
    coalesce(sum(lines) FILTER (WHERE kind = 'approved'), 0) AS approved,
    coalesce(sum(lines) FILTER (WHERE kind = 'withdrawn'), 0) AS withdrawn,
    coalesce(sum(lines) FILTER (WHERE kind = 'expired'), 0) AS expired
  FROM removal m WHERE m.provider_id = p.provider_id AND m.at > now() - interval '24 hours') r
CROSS JOIN LATERAL (
  SELECT coalesce(sum(n), 0)::bigint AS held, coalesce(sum(n) FILTER (WHERE state = 'open'), 0)::bigint AS undecided,
    min(opened_at) FILTER (WHERE state = 'open' AND n > 0) AS since
  FROM (SELECT o.state, o.opened_at, (SELECT count(*) FROM exception x WHERE x.provider_id = o.provider_id AND x.hold_id = o.hold_id
      AND x.ended_at IS NULL) AS n
    FROM removal_hold o WHERE o.provider_id = p.provider_id AND o.ended_at IS NULL) open) h
WHERE $1::smallint IS NULL OR p.provider_id = $1 ORDER BY p.provider_id`;

/** The brake of one provider, or of all. */
export async function brakeStates(source: DataSource, providerId: number | null = null): Promise<BrakeState[]> {
  const rows = await query<Omit<BrakeState, 'budget'>>(source, STATE, [providerId]);
  return rows.map((row) => ({ ...row, budget: dailyBudget(row.acknowledged) }));
}

/** Counts what the provider holds when the last count is old. */
export async function countForBrake(source: DataSource, providerId: number): Promise<void> {
  const [row] = await query<{ old: boolean }>(
    source,
    `SELECT counted_at < clock_timestamp() - ${COUNT_EVERY_S} * interval '1 second' AS old FROM removal_budget WHERE provider_id = $1`,
    [providerId],
  );
  if (row?.old === false) return;
  await inTransaction(source, async (tx) => {
    const acknowledged = await countAcknowledged(tx, providerId);
    await lockBudgets(tx, [providerId]);
    await tx.query(
      'UPDATE removal_budget SET acknowledged = $2, counted_at = clock_timestamp() WHERE provider_id = $1',
      [providerId, acknowledged],
    );
  });
}

/** Raises and clears the brake's alerts of a provider. */
export async function watchBrake(source: DataSource, alerts: Alerts, providerId: number): Promise<void> {
  const [state] = await brakeStates(source, providerId);
  if (!state) return;
  const held = { kind: 'removalsHeld', providerId, subject: 'brake' } as const;
  if (state.undecided > 0) {
    const text = `${state.undecided} removals at ${state.provider} are held by the removal brake; look at them with "saphan brake show", then approve or keep them`;
    await alerts.raise({ ...held, text });
  } else {
    await alerts.clear(held);
  }
  for (const kind of ['withdrawn', 'expired'] as const) {
    const unusual = { kind: 'unusualRemovals', providerId, subject: kind } as const;
    if (state[kind] > state.budget) {
      const text = `more lines than usual left ${state.provider} within 24 hours because they ${kind === 'expired' ? 'expired' : 'were withdrawn'}: over ${state.budget}; they are never held, so look whether they are meant`;
      await alerts.raise({ ...unusual, text });
    } else {
      await alerts.clear(unusual);
    }
  }
}
