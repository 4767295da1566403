// Prunes the log: changes that a later, acknowledged one has replaced, and the batches of which nothing is left.
import type { DataSource } from 'typeorm';
import type { Tx } from '#contracts';
import { inTransaction, query } from '#platform';

/** Positions of the log looked at in one transaction, so that pruning stands in nobody's way. */
const CHUNK = 10_000;
/** Batches removed in one transaction. */
const BATCHES = 500;

export interface Pruned {
  changes: number;
  exceptions: number;
  batches: number;
}

interface Reach {
  first: number | null;
  /** Below the first position that is unsealed or in a batch that has not ended. */
  below: number;
}

const REACH = `
SELECT (SELECT min(seq) FROM change WHERE provider_id = $1) AS first,
  least(s.sealed_seq + 1, (SELECT min(from_seq) FROM batch WHERE provider_id = $1 AND state IN ('sealed', 'handed', 'accepted')),
    (SELECT min(from_seq) FROM refused_range WHERE provider_id = $1)) AS below
FROM provider_stream s WHERE s.provider_id = $1`;

// An entry's latest change always stays: its status, its story and the digests stand on it. Earlier ones go when nothing
// asks for them any more: the latest is acknowledged, or rejected (then what was acknowledged before it stays too).
const PRUNABLE = `
SELECT c.seq, c.line_id FROM change c JOIN entry e ON e.provider_id = c.provider_id AND e.line_id = c.line_id
WHERE c.provider_id = $1 AND c.seq >= $2 AND c.seq < $3 AND c.at < $4::timestamptz AND c.seq < e.last_seq
  AND NOT EXISTS (SELECT 1 FROM omission o WHERE o.provider_id = c.provider_id AND o.waits_for = c.seq AND o.ended_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = c.provider_id AND x.seq = e.last_seq AND x.acked_seq = c.seq)
  AND (is_acknowledged(c.provider_id, e.last_seq)
    OR EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = c.provider_id AND x.seq = e.last_seq AND x.kind = 'rejected' AND x.ended_at IS NULL))
ORDER BY c.seq`;

// The row of each batch is taken first, as recording answers does: so an answer is either in before, or meets a pruned batch.
const MARK = `
UPDATE batch b SET pruned = true WHERE b.provider_id = $1 AND b.from_seq <= $3 AND b.to_seq >= $2 AND NOT b.pruned
  AND EXISTS (SELECT 1 FROM unnest($4::bigint[]) AS s(seq) WHERE s.seq BETWEEN b.from_seq AND b.to_seq)`;

// Every hand-over of a change told the provider, also of a batch that was refused or got lost.
const DISCLOSED = `
INSERT INTO disclosure AS d (line_id, provider_id, first_at, last_at, times)
SELECT s.line_id, $1, min(b.handed_at), max(b.handed_at), count(*)
FROM unnest($2::bigint[], $3::bigint[]) AS s(seq, line_id)
JOIN batch b ON b.provider_id = $1 AND b.kind = 'delta' AND b.to_seq >= s.seq AND b.from_seq <= s.seq AND b.handed_at IS NOT NULL
  AND NOT s.seq = ANY (b.collapsed) AND NOT s.seq = ANY (b.omitted)
GROUP BY s.line_id ORDER BY s.line_id
ON CONFLICT (line_id, provider_id) DO UPDATE SET first_at = least(d.first_at, excluded.first_at),
  last_at = greatest(d.last_at, excluded.last_at), times = d.times + excluded.times`;

const gone = (table: string): string =>
  `WITH gone AS (DELETE FROM ${table} WHERE provider_id = $1 AND seq = ANY($2::bigint[]) RETURNING 1) SELECT count(*) AS n FROM gone`;

/**
 * Prunes a provider's log of what is older than `keepDays` before `now`. Harmless to repeat, and to be stopped between two
 * chunks; status, counts, digests, full lists and open exceptions are the same before and after.
 */
export async function pruneLog(
  source: DataSource,
  providerId: number,
  keepDays: number,
  now: Date,
  signal: AbortSignal,
): Promise<Pruned> {
  const pruned: Pruned = { changes: 0, exceptions: 0, batches: 0 };
  const before = new Date(now.getTime() - keepDays * 86_400_000).toISOString();
  const [reach] = await query<Reach>(source, REACH, [providerId]);
  if (!reach || reach.first === null) return pruned;
  for (let from = reach.first; from < reach.below && !signal.aborted; from += CHUNK) {
    const done = await inTransaction(source, (tx) =>
      pruneChunk(tx, providerId, from, Math.min(from + CHUNK, reach.below), before),
    );
    pruned.changes += done.changes;
    pruned.exceptions += done.exceptions;
    if (!done.old) break;
  }
  while (!signal.aborted) {
    const removed = await inTransaction(source, (tx) => removeBatches(tx, providerId, before));
    pruned.batches += removed;
    if (removed < BATCHES) break;
  }
  return pruned;
}

async function pruneChunk(
  tx: Tx,
  providerId: number,
  from: number,
  below: number,
  before: string,
): Promise<{ changes: number; exceptions: number; old: boolean }> {
  const found = await tx.query<{ seq: number; line_id: number }>(PRUNABLE, [providerId, from, below, before]);
  const [young] = await tx.query<{ old: boolean }>(
    `SELECT coalesce(max(at) < $3::timestamptz, true) AS old FROM (SELECT at FROM change WHERE provider_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT 1) l`,
    [providerId, below, before],
  );
  const old = young?.old ?? true;
  if (found.length === 0) return { changes: 0, exceptions: 0, old };
  const seqs = found.map((row) => row.seq);
  await tx.query(MARK, [providerId, seqs[0], seqs.at(-1), seqs]);
  await tx.query(DISCLOSED, [providerId, seqs, found.map((row) => row.line_id)]);
  const erase = async (table: string): Promise<number> =>
    (await tx.query<{ n: number }>(gone(table), [providerId, seqs]))[0]?.n ?? 0;
  // Of a change that was replaced none counts any more, ended or not.
  const exceptions = await erase('exception');
  await erase('omission');
  return { changes: await erase('change'), exceptions, old };
}

// A batch goes when none of its changes is left; of an old full list the index goes, and its row stays.
const EMPTY = `
SELECT b.number FROM batch b WHERE b.provider_id = $1 AND b.kind = 'delta' AND b.bytes_erased AND b.ended_at < $2::timestamptz
  AND (b.pruned OR b.line_count = 0)
  AND NOT EXISTS (SELECT 1 FROM change c WHERE c.provider_id = b.provider_id AND c.seq BETWEEN b.from_seq AND b.to_seq)
ORDER BY b.number LIMIT ${BATCHES} FOR UPDATE SKIP LOCKED`;

const OLD_LISTS = `
WITH old AS (UPDATE batch SET pruned = true WHERE provider_id = $1 AND kind = 'full' AND NOT pruned AND bytes_erased
  AND state IN ('settled', 'refused', 'closed', 'covered') AND ended_at < $2::timestamptz RETURNING number)
DELETE FROM full_list_index i USING old WHERE i.provider_id = $1 AND i.number = old.number`;

async function removeBatches(tx: Tx, providerId: number, before: string): Promise<number> {
  await tx.query(OLD_LISTS, [providerId, before]);
  const numbers = (await tx.query<{ number: number }>(EMPTY, [providerId, before])).map((row) => row.number);
  if (numbers.length === 0) return 0;
  for (const table of ['outcome_bits', 'attempt', 'batch_bytes', 'feed_page', 'batch'])
    await tx.query(`DELETE FROM ${table} WHERE provider_id = $1 AND number = ANY($2::bigint[])`, [providerId, numbers]);
  return numbers.length;
}

/** A change's row on disk with its index entry, in bytes, as measured; and the least size at which rewriting is worth it. */
const ROW_BYTES = 140;
const SMALL_BYTES = 64 * 1024 * 1024;

const RANGES = `
SELECT c.relname AS name, pg_table_size(c.oid) AS bytes,
  (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \\(''?(\\d+)'))[1]::bigint AS below
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass($1) ORDER BY 1`;

/**
 * Gives back the room of ranges of the log that pruning has emptied: an empty range is dropped, one that is mostly air is
 * rewritten. Each waits two seconds for its lock and is left for another day if it does not get it. Returns the names.
 */
export async function compactLog(source: DataSource, providerId: number, smallBytes = SMALL_BYTES): Promise<string[]> {
  const [reach] = await query<Reach>(source, REACH, [providerId]);
  const compacted: string[] = [];
  const parent = `change_${providerId}`;
  for (const range of await query<{ name: string; bytes: number; below: number }>(source, RANGES, [parent])) {
    if (!reach || range.below > reach.below || range.bytes < smallBytes) continue;
    const [{ rows } = { rows: 0 }] = await query<{ rows: number }>(
      source,
      `SELECT count(*) AS rows FROM ${range.name}`,
      [],
    );
    const act =
      rows === 0
        ? [`ALTER TABLE ${parent} DETACH PARTITION ${range.name}`, `DROP TABLE ${range.name}`]
        : range.bytes > rows * ROW_BYTES * 3
          ? [`VACUUM (FULL, ANALYZE) ${range.name}`]
          : [];
    if (act.length > 0 && (await doneInTime(source, act))) compacted.push(range.name);
  }
  return compacted;
}

/** False when a lock was not to be had in two seconds. VACUUM runs outside of transactions, so the session is set and reset. */
async function doneInTime(source: DataSource, statements: string[]): Promise<boolean> {
  const runner = source.createQueryRunner();
  await runner.connect();
  try {
    await runner.query(`SET lock_timeout = '2s'`);
    for (const statement of statements) await runner.query(statement);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === '55P03') return false;
    throw error;
  } finally {
    await runner.query('RESET lock_timeout');
    await runner.release();
  }
}
