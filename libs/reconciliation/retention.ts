// What reconciliation keeps only for a time: comparisons that no drift and no plan stands on, and plans that ended.
import type { DataSource } from 'typeorm';
import { inTransaction } from '#platform';

const PLANS = `DELETE FROM repair_plan WHERE ended_at < $1::timestamptz AND NOT EXISTS (SELECT 1 FROM drift d WHERE d.plan_id = repair_plan.plan_id)`;
const RUNS = `
DELETE FROM reconciliation r WHERE ended_at < $1::timestamptz AND (forward_to IS NULL OR forward_ended_at IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM drift d WHERE r.run_id IN (d.first_run, d.last_run))`;

// The newest list that was used says what no later one may be older than.
const SNAPSHOTS = `
DELETE FROM snapshot s WHERE at < $1::timestamptz AND snapshot_id IS DISTINCT FROM (
  SELECT max(n.snapshot_id) FROM snapshot n WHERE n.provider_id = s.provider_id AND n.state = 'used')`;

/** Forgets plans and comparisons that ended more than `keepDays` before `now`. */
export async function forgetRuns(source: DataSource, keepDays: number, now: Date): Promise<void> {
  const before = new Date(now.getTime() - keepDays * 86_400_000).toISOString();
  await inTransaction(source, async (tx) => {
    await tx.query(PLANS, [before]);
    await tx.query(RUNS, [before]);
    await tx.query(SNAPSHOTS, [before]);
  });
}
