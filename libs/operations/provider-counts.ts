// How a provider's entries stand, as sums of parts that add up by construction; one scan, never a row-by-row view.
import type { DataSource } from 'typeorm';
import type { Tx } from '#contracts';
import { inTransaction } from '#platform';

/** Where the latest change of an entry stands, in one word. */
export const STANDINGS = [
  'applied',
  'inFlight',
  'pending',
  'waiting',
  'rejected',
  'retrying',
  'uncertain',
  'held',
] as const;
export type Standing = (typeof STANDINGS)[number];

/** Entries by where their latest change stands. `total` is the sum of the others. */
export type Standings = Record<Standing, number> & { total: number };

export interface EntryCounts {
  /** Entries that should be on the whitelist now. */
  present: Standings;
  /** Entries that were on it and should not be any more; `applied` are gone there too. */
  absent: Standings;
}

/** What was sent over time, by batches; `applied + already + rejected + retrying + uncertain + outstanding = lines`. */
export interface SentCounts {
  batches: number;
  lines: number;
  applied: number;
  already: number;
  rejected: number;
  retrying: number;
  uncertain: number;
  outstanding: number;
  /** Changes that a later one in the same batch spoke for. */
  collapsed: number;
  /** Changes that were left out to wait for a predecessor's outcome. */
  omitted: number;
}

interface PartRow {
  provider_id: number;
  present: boolean;
  standing: Standing | 'total';
  n: number;
}

// Where the log is sealed to, and the range of a full list that is on its way, or of one that got lost and whose successor
// is not sealed yet.
const BOUNDS = `
SELECT s.provider_id, s.sealed_seq, f.* FROM provider_stream s
CROSS JOIN LATERAL (
  SELECT min(b.from_seq) FILTER (WHERE b.state <> 'closed') AS full_from, max(b.to_seq) FILTER (WHERE b.state <> 'closed') AS full_to,
    min(b.from_seq) FILTER (WHERE b.state = 'closed') AS lost_from, max(b.to_seq) FILTER (WHERE b.state = 'closed') AS lost_to
  FROM batch b WHERE b.provider_id = s.provider_id AND b.kind = 'full' AND (b.state IN ('sealed', 'handed', 'accepted') OR b.state = 'closed'
    AND NOT EXISTS (SELECT 1 FROM batch l WHERE l.provider_id = b.provider_id AND l.kind = 'full' AND l.number > b.number AND l.state <> 'closed'))
) f WHERE s.provider_id = ANY($1::smallint[])`;

interface BoundsRow {
  provider_id: number;
  sealed_seq: number;
  full_from: number | null;
  full_to: number | null;
  lost_from: number | null;
  lost_to: number | null;
}

// Entries in all, and by those bounds: a plain scan of one partition, which PostgreSQL may do with several hands.
const SCAN = `
SELECT present, count(*) AS total, count(*) FILTER (WHERE last_seq > $2 OR last_seq BETWEEN $5 AND $6) AS pending,
  count(*) FILTER (WHERE last_seq BETWEEN $3 AND $4) AS in_full
FROM entry WHERE provider_id = $1 AND last_seq > 0 GROUP BY present`;

// A hold counts before all else: the log's last word on the entry is not what is desired any more.
const notHeld = (row: string): string => `NOT EXISTS (SELECT 1 FROM exception h WHERE h.provider_id = ${row}.provider_id
  AND h.seq = ${row}.seq AND h.number = 0 AND h.kind = 'held' AND h.ended_at IS NULL)`;

// Latest changes that are in an open batch and of which nothing was heard. A position is known by counting alone, since
// the log has no gaps; a full list also carries again what was rejected or uncertain before it.
// The ranges of the few open batches are fetched first (MATERIALIZED, OFFSET 0): joined freely, the planner reads the log.
const IN_FLIGHT = `
WITH open AS MATERIALIZED (
  SELECT * FROM batch b WHERE b.provider_id = ANY($1::smallint[]) AND b.kind = 'delta' AND b.state IN ('sealed', 'handed', 'accepted') AND b.said IS NULL
)
SELECT b.provider_id, e.present, 'inFlight' AS standing, count(*) AS n
FROM open b
CROSS JOIN LATERAL (SELECT c.provider_id, c.seq, c.line_id FROM change c WHERE c.provider_id = b.provider_id AND c.seq BETWEEN b.from_seq AND b.to_seq OFFSET 0) c
JOIN entry e ON e.provider_id = b.provider_id AND e.line_id = c.line_id AND e.last_seq = c.seq
WHERE NOT c.seq = ANY (b.collapsed || b.omitted) AND (e.present OR ${notHeld('c')})
  AND (b.heard = 0 OR (
    NOT EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = b.provider_id AND x.seq = c.seq AND x.ended_at IS NULL)
    AND NOT EXISTS (
      SELECT 1 FROM outcome_bits o, LATERAL (
        SELECT c.seq - b.from_seq - (SELECT count(*) FROM unnest(b.collapsed || b.omitted) AS l(seq) WHERE l.seq < c.seq) AS i) p
      WHERE o.provider_id = b.provider_id AND o.number = b.number AND o.block = p.i / 8192
        AND (get_bit(o.applied, p.i % 8192) = 1 OR get_bit(o.already, p.i % 8192) = 1))))
GROUP BY 1, 2
UNION ALL
SELECT x.provider_id, e.present, 'inFlight', count(*)
FROM batch f JOIN exception x ON x.provider_id = f.provider_id AND x.seq < f.from_seq AND x.end_reason = 'covered'
JOIN entry e ON e.provider_id = x.provider_id AND e.entry_ref = x.entry_ref AND e.last_seq = x.seq
WHERE f.provider_id = ANY($1::smallint[]) AND f.kind = 'full' AND f.state IN ('sealed', 'handed', 'accepted')
  AND (e.present OR ${notHeld('x')})
GROUP BY 1, 2`;

const EXCEPTIONS = `
SELECT x.provider_id, e.present, x.kind AS standing, count(*) AS n,
  count(*) FILTER (WHERE EXISTS (SELECT 1 FROM batch f WHERE f.provider_id = x.provider_id AND f.kind = 'full'
    AND f.state IN ('sealed', 'handed', 'accepted') AND x.seq BETWEEN f.from_seq AND f.to_seq)) AS in_full,
  count(*) FILTER (WHERE x.kind = 'held' AND (x.seq > s.sealed_seq OR EXISTS (SELECT 1 FROM batch f WHERE f.provider_id = x.provider_id
    AND f.kind = 'full' AND f.state = 'closed' AND x.seq BETWEEN f.from_seq AND f.to_seq
    AND NOT EXISTS (SELECT 1 FROM batch l WHERE l.provider_id = f.provider_id AND l.kind = 'full' AND l.number > f.number AND l.state <> 'closed')))) AS pending
FROM exception x JOIN provider_stream s USING (provider_id) JOIN entry e ON e.provider_id = x.provider_id AND e.entry_ref = x.entry_ref AND e.last_seq = x.seq
WHERE x.provider_id = ANY($1::smallint[]) AND x.ended_at IS NULL AND (x.kind = 'held' OR e.present OR ${notHeld('x')}) GROUP BY 1, 2, 3`;

const WAITING = `
SELECT o.provider_id, e.present, 'waiting' AS standing, count(*) AS n
FROM omission o JOIN entry e ON e.provider_id = o.provider_id AND e.entry_ref = o.entry_ref AND e.last_seq = o.seq
WHERE o.provider_id = ANY($1::smallint[]) AND o.ended_at IS NULL AND (e.present OR ${notHeld('o')}) GROUP BY 1, 2`;

// What a refused batch held and no half carries yet.
const REFUSED = `
SELECT r.provider_id, e.present, 'pending' AS standing, count(*) AS n
FROM refused_range r
CROSS JOIN LATERAL (SELECT c.provider_id, c.seq, c.line_id FROM change c WHERE c.provider_id = r.provider_id AND c.seq BETWEEN r.from_seq AND r.to_seq OFFSET 0) c
JOIN entry e ON e.provider_id = r.provider_id AND e.line_id = c.line_id AND e.last_seq = c.seq
WHERE r.provider_id = ANY($1::smallint[]) AND (e.present OR ${notHeld('c')}) GROUP BY 1, 2`;

const SENT = `
SELECT provider_id, count(*) AS batches, coalesce(sum(line_count), 0)::bigint AS lines, coalesce(sum(n_applied), 0)::bigint AS applied,
  coalesce(sum(n_already), 0)::bigint AS already, coalesce(sum(n_rejected), 0)::bigint AS rejected,
  coalesce(sum(n_retrying), 0)::bigint AS retrying, coalesce(sum(n_uncertain), 0)::bigint AS uncertain,
  coalesce(sum(line_count - n_applied - n_already - n_rejected - n_retrying - n_uncertain), 0)::bigint AS outstanding,
  coalesce(sum(cardinality(collapsed)), 0)::bigint AS collapsed, coalesce(sum(cardinality(omitted)), 0)::bigint AS omitted
FROM batch WHERE provider_id = ANY($1::smallint[]) AND state NOT IN ('refused', 'closed', 'covered') GROUP BY 1`;

function nothing(): Standings {
  return { total: 0, applied: 0, inFlight: 0, pending: 0, waiting: 0, rejected: 0, retrying: 0, uncertain: 0, held: 0 };
}

const NOTHING_SENT: SentCounts = {
  batches: 0,
  lines: 0,
  applied: 0,
  already: 0,
  rejected: 0,
  retrying: 0,
  uncertain: 0,
  outstanding: 0,
  collapsed: 0,
  omitted: 0,
};

export interface ProviderCounts {
  entries: EntryCounts;
  sent: SentCounts;
}

/** Counts of the providers named, all as of one moment. What no other part claims was acknowledged: that is `applied`. */
export function countProviders(source: DataSource, providerIds: number[]): Promise<Map<number, ProviderCounts>> {
  return inTransaction(source, (tx) => countWithin(tx, providerIds), 'REPEATABLE READ');
}

async function countWithin(tx: Tx, providerIds: number[]): Promise<Map<number, ProviderCounts>> {
  const counts = new Map<number, ProviderCounts>(
    providerIds.map((id) => [id, { entries: { present: nothing(), absent: nothing() }, sent: { ...NOTHING_SENT } }]),
  );
  const part = (row: { provider_id: number; present: boolean }) => {
    const own = counts.get(row.provider_id)?.entries;
    if (!own) throw new Error(`provider ${row.provider_id} was not asked for`);
    return row.present ? own.present : own.absent;
  };
  for (const { provider_id, sealed_seq, full_from, full_to, lost_from, lost_to } of await tx.query<BoundsRow>(BOUNDS, [
    providerIds,
  ])) {
    const rows = await tx.query<{ present: boolean; total: number; pending: number; in_full: number }>(SCAN, [
      provider_id,
      sealed_seq,
      full_from ?? 0,
      full_to ?? -1,
      lost_from ?? 0,
      lost_to ?? -1,
    ]);
    for (const row of rows)
      Object.assign(part({ provider_id, present: row.present }), {
        total: row.total,
        pending: row.pending,
        inFlight: row.in_full,
      });
  }
  for (const row of await tx.query<PartRow & { standing: Standing; in_full: number; pending: number }>(EXCEPTIONS, [
    providerIds,
  ])) {
    part(row)[row.standing] += row.n;
    part(row).inFlight -= row.in_full;
    part(row).pending -= row.pending;
  }
  for (const sql of [IN_FLIGHT, WAITING, REFUSED]) {
    for (const row of await tx.query<PartRow & { standing: Standing }>(sql, [providerIds]))
      part(row)[row.standing] += row.n;
  }
  for (const { entries } of counts.values()) {
    for (const own of [entries.present, entries.absent]) {
      own.applied =
        own.total - STANDINGS.reduce((sum, standing) => sum + (standing === 'applied' ? 0 : own[standing]), 0);
    }
  }
  for (const { provider_id, ...sent } of await tx.query<SentCounts & { provider_id: number }>(SENT, [providerIds])) {
    const own = counts.get(provider_id);
    if (own) own.sent = sent;
  }
  return counts;
}
