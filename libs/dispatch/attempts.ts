// Attempts: recorded before the call with the lease's fence, so that a call whose end nobody saw is known.
import type { DataSource } from 'typeorm';
import type { Appender, Tx } from '#contracts';
import { faultPoint, HUB_ACTOR_ID, inTransaction, query } from '#platform';

const BEGIN = `
INSERT INTO attempt (provider_id, number, attempt_no, fence, purpose)
SELECT $1, $2, 1 + coalesce(max(attempt_no), 0), $3, $4 FROM attempt WHERE provider_id = $1 AND number = $2
RETURNING attempt_no`;

export async function beginAttempt(
  tx: Tx,
  providerId: number,
  number: number,
  fence: number,
  purpose: 'handOver' | 'ask',
): Promise<number> {
  const [row] = await tx.query<{ attempt_no: number }>(BEGIN, [providerId, number, fence, purpose]);
  return row?.attempt_no ?? 1;
}

const END = `
UPDATE attempt SET ended_at = now(), result = $4, status = $5, detail = $6
WHERE provider_id = $1 AND number = $2 AND fence = $3 AND ended_at IS NULL`;

/** Ends the open attempt of this batch under this fence. `detail` must be safe to show. */
export async function endAttempt(
  tx: Tx,
  providerId: number,
  number: number,
  fence: number,
  end: { result: string; status: number | null; detail: string | null },
): Promise<void> {
  await tx.query(END, [providerId, number, fence, end.result, end.status, end.detail]);
}

// The process that made such an attempt may only be stopped, and its call may still go out: until that can be no more,
// the attempt stays open. $3: seconds.
const FIND_LOST = `
SELECT number, bool_or(purpose = 'handOver') AS sent FROM attempt
WHERE provider_id = $1 AND fence < $2 AND ended_at IS NULL AND started_at < now() - $3 * interval '1 second'
GROUP BY number ORDER BY number`;

const END_LOST = `
UPDATE attempt SET ended_at = now(), result = 'lost', detail = 'the process that made it ended before the answer'
WHERE provider_id = $1 AND fence < $2 AND ended_at IS NULL AND started_at < now() - $3 * interval '1 second'`;

// Sealed (what is not is on its way anyhow), not itself waiting for a predecessor, and at a provider that does not apply
// in order: there nothing can be overtaken, and repeating would feed itself.
const CAN_BE_OVERTAKEN = `NOT EXISTS (
    SELECT 1 FROM provider p WHERE p.provider_id = b.provider_id AND (p.profile ->> 'appliesInOrder')::boolean)
  AND NOT EXISTS (SELECT 1 FROM omission o WHERE o.provider_id = e.provider_id AND o.seq = e.last_seq AND o.ended_at IS NULL)
  AND (e.last_seq <= (SELECT sealed_seq FROM provider_stream s WHERE s.provider_id = b.provider_id)
    OR EXISTS (SELECT 1 FROM batch a WHERE a.provider_id = b.provider_id AND a.from_seq = e.last_seq AND a.ahead))`;

// Entries of a batch that have newer changes than it carried.
// A full list speaks of every entry, be it by its absence. What is not sealed yet is on its way anyhow.
const OVERTAKEN = `
SELECT DISTINCT e.entry_ref, e.last_seq FROM batch b
JOIN change c ON c.provider_id = b.provider_id AND c.seq BETWEEN b.from_seq AND b.to_seq AND NOT c.seq = ANY(b.collapsed || b.omitted)
JOIN entry e ON e.provider_id = c.provider_id AND e.line_id = c.line_id AND e.last_seq > b.to_seq
WHERE b.provider_id = $1 AND b.number = $2 AND b.kind = 'delta' AND ${CAN_BE_OVERTAKEN}
UNION
SELECT e.entry_ref, e.last_seq FROM batch b JOIN entry e ON e.provider_id = b.provider_id AND e.last_seq > b.to_seq
WHERE b.provider_id = $1 AND b.number = $2 AND b.kind = 'full' AND ${CAN_BE_OVERTAKEN}`;

/**
 * A hand-over whose lease was lost may still arrive, after newer changes of the same entries. Their current state is
 * appended once more, so that the last word at the provider is the right one. Returns how many were appended.
 */
export async function repeatOvertaken(
  source: DataSource,
  appender: Appender,
  providerId: number,
  number: number,
): Promise<number> {
  const rows = await query<{ entry_ref: string; last_seq: number }>(source, OVERTAKEN, [providerId, number]);
  if (rows.length === 0) return 0;
  const latest = new Map(rows.map((row) => [row.entry_ref, row.last_seq]));
  return inTransaction(source, async (tx) => {
    const items = [...latest].map(([entryRef, onlyIfSeq]) => ({ entryRef, onlyIfSeq }));
    const done = await appender.appendCurrent(tx, providerId, items, { cause: 'retried', actorId: HUB_ACTOR_ID });
    return done.appended.length;
  });
}

/**
 * Repeats what the attempts that earlier leases left open may overtake, then ends them.
 * @param afterS seconds after its start at which an attempt of a lost hand can no longer reach the provider
 */
export async function settleLostAttempts(
  source: DataSource,
  appender: Appender,
  providerId: number,
  fence: number,
  afterS: number,
): Promise<void> {
  const rows = await query<{ number: number; sent: boolean }>(source, FIND_LOST, [providerId, fence, afterS]);
  for (const { number, sent } of rows) if (sent) await repeatOvertaken(source, appender, providerId, number);
  if (rows.length === 0) return;
  await faultPoint('dispatch.overtakenRepeated');
  await query(source, END_LOST, [providerId, fence, afterS]);
}
