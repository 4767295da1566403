// Removals as numbers for the metrics: what the brake holds, and what went in the last 24 hours.
import type { DataSource } from 'typeorm';
import { query } from '#platform';

/** Every provider, also with 0. */
export function countHeldRemovals(source: DataSource): Promise<{ provider: string; held: number }[]> {
  return query(
    source,
    `SELECT p.code AS provider, (SELECT count(*) FROM exception x
       WHERE x.provider_id = p.provider_id AND x.kind = 'held' AND x.ended_at IS NULL) AS held FROM provider p ORDER BY 1`,
  );
}

/** Kinds without a removal are missing. */
export function countRemovalsOfDay(source: DataSource): Promise<{ provider: string; kind: string; lines: number }[]> {
  return query(
    source,
    `SELECT p.code AS provider, r.kind, sum(r.lines)::bigint AS lines FROM removal r JOIN provider p USING (provider_id)
     WHERE r.at > now() - interval '24 hours' GROUP BY 1, 2`,
  );
}
