// What acknowledgement keeps only for a time: the lines of replays that ended, and re-route tasks that are closed.
import type { DataSource } from 'typeorm';
import { query } from '#platform';

const FORGET = `
WITH replays AS (DELETE FROM replay WHERE ended_at < $1::timestamptz AND state IN ('completed', 'withdrawn') RETURNING 1),
  tasks AS (DELETE FROM reroute WHERE ended_at < $1::timestamptz AND state = 'closed' RETURNING 1)
SELECT (SELECT count(*) FROM replays) + (SELECT count(*) FROM tasks) AS n`;

/** Forgets what ended more than `keepDays` before `now`; returns how many replays and tasks. */
export async function forgetTasks(source: DataSource, keepDays: number, now: Date): Promise<number> {
  const before = new Date(now.getTime() - keepDays * 86_400_000).toISOString();
  const [row] = await query<{ n: number }>(source, FORGET, [before]);
  return row?.n ?? 0;
}
