// Appending an entry's current desired state once more: after retryLater, an unknown fate, a hold, a repair.
import { INDEX_PLANS } from '#platform';
import type { Appender, Cause, Tx } from '#contracts';

// Locks in key order; an item whose change is no longer the entry's latest is superseded and drops out here.
const LOCK = `
SELECT e.line_id, e.entry_ref FROM entry e JOIN unnest($2::uuid[], $3::bigint[]) AS i(entry_ref, seq)
  ON e.entry_ref = i.entry_ref AND e.last_seq = i.seq
WHERE e.provider_id = $1 ORDER BY e.line_id FOR UPDATE OF e`;

const APPEND = `
WITH counter AS (
  UPDATE provider_counter SET last_seq = last_seq + cardinality($2::bigint[]) WHERE provider_id = $1
  RETURNING last_seq - cardinality($2::bigint[]) AS base
), numbered AS (
  SELECT e.*, counter.base + row_number() OVER (ORDER BY e.line_id) AS seq
  FROM entry e, counter WHERE e.provider_id = $1 AND e.line_id = ANY($2::bigint[])
), moved AS (
  UPDATE entry e SET last_seq = n.seq, revision = e.revision + 1
  FROM numbered n WHERE e.provider_id = $1 AND e.line_id = n.line_id
)
INSERT INTO change (provider_id, seq, prev_seq, entry_ref, line_id, present, package, valid_from, valid_to, cause, actor_id)
SELECT provider_id, seq, last_seq, entry_ref, line_id, present, package, valid_from, valid_to, $3, $4 FROM numbered`;

export class CurrentAppender implements Appender {
  async appendCurrent(
    tx: Tx,
    providerId: number,
    items: { entryRef: string; onlyIfSeq: number }[],
    context: { cause: Cause; actorId: number },
  ): Promise<{ appended: string[]; superseded: string[] }> {
    if (items.length === 0) return { appended: [], superseded: [] };
    await tx.query(INDEX_PLANS);
    const locked = await tx.query<{ line_id: number; entry_ref: string }>(LOCK, [
      providerId,
      items.map((item) => item.entryRef),
      items.map((item) => item.onlyIfSeq),
    ]);
    if (locked.length > 0) {
      await tx.query(APPEND, [providerId, locked.map((row) => row.line_id), context.cause, context.actorId]);
    }
    const appended = new Set(locked.map((row) => row.entry_ref));
    return {
      appended: [...appended],
      superseded: items.map((item) => item.entryRef).filter((entryRef) => !appended.has(entryRef)),
    };
  }
}
