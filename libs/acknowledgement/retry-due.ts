// Lines the provider wanted later: when their time comes, the entry's current state is appended again.
import type { DataSource } from 'typeorm';
import type { Appender } from '#contracts';
import { faultPoint, HUB_ACTOR_ID, inTransaction, query } from '#platform';

const CHUNK = 2000;

const DUE = `
SELECT seq, entry_ref FROM exception
WHERE provider_id = $1 AND kind = 'retrying' AND ended_at IS NULL AND next_at <= now() ORDER BY next_at LIMIT ${CHUNK}`;

const END = `
UPDATE exception SET ended_at = now(), end_reason = CASE WHEN entry_ref = ANY($3::uuid[]) THEN 'retried' ELSE 'superseded' END
WHERE provider_id = $1 AND seq = ANY($2::bigint[])`;

/** Returns how many changes were appended. An exception whose entry has a newer change ends as superseded. */
export async function retryDue(source: DataSource, appender: Appender, providerId: number): Promise<number> {
  let appended = 0;
  for (;;) {
    const rows = await query<{ seq: number; entry_ref: string }>(source, DUE, [providerId]);
    if (rows.length === 0) return appended;
    appended += await inTransaction(source, async (tx) => {
      const done = await appender.appendCurrent(
        tx,
        providerId,
        rows.map((row) => ({ entryRef: row.entry_ref, onlyIfSeq: row.seq })),
        { cause: 'retried', actorId: HUB_ACTOR_ID },
      );
      await tx.query(END, [providerId, rows.map((row) => row.seq), done.appended]);
      return done.appended.length;
    });
    await faultPoint('acknowledgement.retried');
    if (rows.length < CHUNK) return appended;
  }
}
