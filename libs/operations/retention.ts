// What operations keeps only for a time: alerts that are over, counts of answers that were set aside, tests of providers.
import type { DataSource } from 'typeorm';
import { query } from '#platform';

const FORGET = `
WITH alerts AS (DELETE FROM alert WHERE ended_at < $1::timestamptz RETURNING 1),
  aside AS (DELETE FROM set_aside WHERE at < $1::timestamptz RETURNING 1),
  tests AS (DELETE FROM provider_test WHERE ended_at < $1::timestamptz RETURNING 1)
SELECT (SELECT count(*) FROM alerts) + (SELECT count(*) FROM aside) + (SELECT count(*) FROM tests) AS n`;

/** Forgets notices older than `keepDays` before `now`; returns how many. The audit log is never touched. */
export async function forgetNotices(source: DataSource, keepDays: number, now: Date): Promise<number> {
  const before = new Date(now.getTime() - keepDays * 86_400_000).toISOString();
  const [row] = await query<{ n: number }>(source, FORGET, [before]);
  return row?.n ?? 0;
}
