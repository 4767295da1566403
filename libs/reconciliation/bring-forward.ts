// A provider that lost or restored data: the current state of every entry changed since is appended, once.
import type { DataSource } from 'typeorm';
import type { Appender } from '#contracts';
import { faultPoint, HUB_ACTOR_ID, inTransaction, query } from '#platform';

/** Entries in one transaction: single registrations beside it stay quick. */
const CHUNK = 2000;

const CHANGED_SINCE = `
SELECT entry_ref AS "entryRef", last_seq AS "onlyIfSeq", line_id AS "lineId" FROM entry
WHERE provider_id = $1 AND line_id > $2 AND last_seq > $3 AND last_seq <= $4 ORDER BY line_id LIMIT ${CHUNK}`;

interface Forward {
  runId: number;
  asOfSeq: number;
  forwardTo: number;
}

/**
 * Says again what a reconciliation found lost: all entries whose latest change lies after the position that the provider
 * has, and at or before the end of the log as it was when that was noticed. After a crash it appends only what is left,
 * since what it appended lies behind that end. Returns how many changes were appended.
 */
export async function bringForward(source: DataSource, appender: Appender, providerId: number): Promise<number> {
  const [forward] = await query<Forward>(
    source,
    `SELECT run_id AS "runId", as_of_seq AS "asOfSeq", forward_to AS "forwardTo" FROM reconciliation
     WHERE provider_id = $1 AND forward_to IS NOT NULL AND forward_ended_at IS NULL ORDER BY run_id LIMIT 1`,
    [providerId],
  );
  if (!forward) return 0;
  let appended = 0;
  for (let after = 0; ;) {
    const rows = await query<{ entryRef: string; onlyIfSeq: number; lineId: number }>(source, CHANGED_SINCE, [
      providerId,
      after,
      forward.asOfSeq,
      forward.forwardTo,
    ]);
    const last = rows.at(-1);
    if (!last) break;
    after = last.lineId;
    appended += await inTransaction(source, async (tx) => {
      const done = await appender.appendCurrent(tx, providerId, rows, { cause: 'repaired', actorId: HUB_ACTOR_ID });
      await tx.query('UPDATE reconciliation SET forwarded = forwarded + $2 WHERE run_id = $1', [
        forward.runId,
        done.appended.length,
      ]);
      return done.appended.length;
    });
    await faultPoint('reconcile.forwardChunk');
  }
  await query(source, 'UPDATE reconciliation SET forward_ended_at = now() WHERE run_id = $1', [forward.runId]);
  return appended;
}
