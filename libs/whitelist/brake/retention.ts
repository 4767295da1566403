// What the brake keeps only for a time: what was removed when, holds that are over, plans that are used or over.
import type { DataSource } from 'typeorm';
import { query } from '#platform';

/** The brake itself looks back 24 hours; less than this is never forgotten, in days. */
const LEAST_DAYS = 2;

// A hand-over's reservation is what its plan has left: that is counted as long as it goes on.
const FORGET = `
WITH removals AS (
  DELETE FROM removal r WHERE at < $1::timestamptz AND (kind <> 'handOver'
    OR EXISTS (SELECT 1 FROM hand_over h WHERE h.hand_over_id = r.subject AND h.ended_at < $1::timestamptz))
), holds AS (
  DELETE FROM removal_hold WHERE ended_at < $1::timestamptz
)
DELETE FROM planned_removal WHERE valid_until < $1::timestamptz OR ended_at < $1::timestamptz`;

/** Forgets what is older than `keepDays` before `now`. Harmless to repeat. */
export async function forgetRemovals(source: DataSource, keepDays: number, now: Date): Promise<void> {
  const before = new Date(now.getTime() - Math.max(keepDays, LEAST_DAYS) * 86_400_000).toISOString();
  await query(source, FORGET, [before]);
}
