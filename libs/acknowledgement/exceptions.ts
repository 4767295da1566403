// Exceptions: one row for each line of a batch that was not simply applied.
import type { Outcomes, Tx } from '#contracts';
import type { OutcomeBook } from './outcome-book.js';
import type { BatchRow, Position } from './positions.js';
import { openReroutes } from './reroutes.js';

export interface RetryRules {
  /** Pauses in seconds between tries of one line; the last one repeats. */
  retryScheduleS: readonly number[];
  /** Tries after which a line that is answered retryLater needs a person. */
  maxLineTries: number;
  /** Whether its answers name entries by ids of its own, which are kept. */
  givesHandles?: boolean;
}

// What the provider last acknowledged to hold of each entry; most have no change before and need no walk.
const ACKED = `
SELECT c.seq, CASE WHEN c.prev_seq = 0 THEN 0 ELSE acked_before(c.provider_id, c.seq) END AS acked
FROM change c WHERE c.provider_id = $1 AND c.seq = ANY($2::bigint[])`;

const UPSERT = `
INSERT INTO exception (provider_id, seq, entry_ref, number, n, kind, code, heard, acked_seq, tries, next_at)
SELECT $1, i.seq, i.entry_ref, $2, i.n, i.kind, i.code, i.heard::jsonb, i.acked, i.tries, now() + i.pause * interval '1 second'
FROM unnest($3::bigint[], $4::uuid[], $5::int[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::int[], $11::float8[])
  AS i(seq, entry_ref, n, kind, code, heard, acked, tries, pause)
ON CONFLICT (provider_id, seq, number) DO UPDATE SET kind = excluded.kind, code = excluded.code, heard = excluded.heard,
  next_at = excluded.next_at,
  ended_at = CASE WHEN exception.end_reason IN ('answered', 'covered') THEN NULL ELSE exception.ended_at END,
  end_reason = CASE WHEN exception.end_reason IN ('answered', 'covered') THEN NULL ELSE exception.end_reason END`;

// A retry's number of tries is that of the change it repeats, plus one; on its way it may have waited for a predecessor.
const TRIES = `
WITH RECURSIVE walk AS (
  SELECT c.seq AS start, c.prev_seq AS at FROM change c
  WHERE c.provider_id = $1 AND c.seq = ANY($2::bigint[]) AND c.cause IN ('retried', 'predecessor')
  UNION ALL
  SELECT w.start, c.prev_seq FROM walk w JOIN change c ON c.provider_id = $1 AND c.seq = w.at AND c.cause IN ('retried', 'predecessor')
  WHERE NOT EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = $1 AND x.seq = w.at AND x.kind = 'retrying')
)
SELECT w.start AS seq, max(x.tries) AS tries
FROM walk w JOIN exception x ON x.provider_id = $1 AND x.seq = w.at AND x.kind = 'retrying' GROUP BY w.start`;

const ANSWERED = `
UPDATE exception SET ended_at = coalesce(ended_at, now()), end_reason = 'answered'
WHERE provider_id = $1 AND seq = ANY($2::bigint[]) AND number = $3`;

/** Writes the exceptions of the touched lines and ends those that turned out to be applied after all. */
export async function writeExceptions(
  tx: Tx,
  batch: BatchRow,
  book: OutcomeBook,
  known: Position[],
  rules: RetryRules,
  outcomes: Outcomes | null,
  givenUpBecause: string | null,
): Promise<void> {
  const touched = known.filter((position) => book.touchedLines.has(position.n));
  const answered: number[] = [];
  const open: Position[] = [];
  for (const position of touched) {
    const { word } = book.resolution(position.n);
    if (word === 'applied' || word === 'already') answered.push(position.seq);
    else open.push(position);
  }
  if (answered.length > 0) await tx.query(ANSWERED, [batch.provider_id, answered, batch.number]);
  if (open.length === 0) return;

  const seqs = open.map((position) => position.seq);
  const acked = new Map<number, number>();
  for (const row of await tx.query<{ seq: number; acked: number }>(ACKED, [batch.provider_id, seqs]))
    acked.set(row.seq, row.acked);
  const tries = new Map<number, number>();
  for (const row of await tx.query<{ seq: number; tries: number }>(TRIES, [batch.provider_id, seqs]))
    tries.set(row.seq, row.tries + 1);
  const asked = new Map((outcomes?.except ?? []).map((item) => [item.n, item.retryAfter]));

  const rows = open.map((position) => {
    const resolution = book.resolution(position.n);
    const times = tries.get(position.seq) ?? 1;
    const kind =
      resolution.word === 'uncertain'
        ? 'uncertain'
        : resolution.word === 'rejected' || times >= rules.maxLineTries
          ? 'rejected'
          : 'retrying';
    const pause = asked.get(position.n) ?? rules.retryScheduleS[Math.min(times, rules.retryScheduleS.length) - 1] ?? 60;
    return {
      ...position,
      kind,
      times,
      code: 'code' in resolution ? resolution.code : null,
      heard: JSON.stringify(book.sets.get(position.n) ?? {}),
      pause: kind === 'retrying' ? pause : null,
    };
  });
  await tx.query(UPSERT, [
    batch.provider_id,
    batch.number,
    seqs,
    rows.map((row) => row.entryRef),
    rows.map((row) => row.n),
    rows.map((row) => row.kind),
    rows.map((row) => row.code),
    rows.map((row) => row.heard),
    seqs.map((seq) => acked.get(seq) ?? 0),
    rows.map((row) => row.times),
    rows.map((row) => row.pause),
  ]);
  await openReroutes(tx, batch.provider_id, rows);
  if (givenUpBecause !== null) {
    await tx.query(`UPDATE batch SET state_reason = $3 WHERE provider_id = $1 AND number = $2`, [
      batch.provider_id,
      batch.number,
      givenUpBecause,
    ]);
  }
}
