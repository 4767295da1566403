// A full list for a protocol that cannot say "this is all": the current state of every entry is appended to the log once
// more, also of those that should not be there, and travels as ordinary changes (docs/decisions/0006).
import type { DataSource } from 'typeorm';
import type { Appender } from '#contracts';
import { inTransaction } from '#platform';
import { assertFence, type Lease } from './lease.js';

/** Entries per transaction; the provider's counter is held while they are appended. */
const CHUNK = 2000;

const OPEN = `
SELECT coalesce(sp.restated_line, 0) AS after, sync.actor_id FROM sync_provider sp JOIN sync USING (sync_id)
WHERE sp.provider_id = $1 AND sp.sync_id = $2 AND sp.ended_at IS NULL FOR UPDATE OF sp`;

// What is held is not said, be it said anew: it waits for its release.
const PAGE = `
SELECT e.line_id, e.entry_ref, e.last_seq AS seq,
  EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = e.provider_id AND x.entry_ref = e.entry_ref
    AND x.kind = 'held' AND x.ended_at IS NULL) AS held
FROM entry e WHERE e.provider_id = $1 AND e.line_id > $2 AND e.last_seq > 0 ORDER BY e.line_id LIMIT ${CHUNK}`;

const ADVANCE = `
UPDATE sync_provider SET lines = CASE WHEN restated_line IS NULL THEN 0 ELSE lines END + $3, restated_line = $4, state = 'sending'
WHERE provider_id = $1 AND sync_id = $2`;

// The list ends where the log ends now: what comes later is newer than the list.
const FINISH = `
UPDATE sync_provider sp SET restated_seq = c.last_seq, to_seq = c.last_seq, state = 'sending',
  lines = CASE WHEN restated_line IS NULL THEN 0 ELSE lines END
FROM provider_counter c WHERE c.provider_id = sp.provider_id AND sp.provider_id = $1 AND sp.sync_id = $2`;

/**
 * Appends the next entries of the list; its progress is in the same transaction, so that a crash repeats nothing.
 * `done`: all of them are in the log, and nothing of them is sealed yet.
 * @throws LeaseLost when the lease is not ours any more
 */
export async function restateList(
  source: DataSource,
  appender: Appender,
  lease: Pick<Lease, 'providerId' | 'fence'>,
  syncId: number,
): Promise<'more' | 'done'> {
  const { providerId } = lease;
  return inTransaction(source, async (tx) => {
    await assertFence(tx, lease);
    const [sync] = await tx.query<{ after: number; actor_id: number }>(OPEN, [providerId, syncId]);
    if (!sync) return 'done';
    const entries = await tx.query<{ line_id: number; entry_ref: string; seq: number; held: boolean }>(PAGE, [
      providerId,
      sync.after,
    ]);
    const last = entries.at(-1);
    if (!last) {
      await tx.query(FINISH, [providerId, syncId]);
      return 'done';
    }
    const { appended } = await appender.appendCurrent(
      tx,
      providerId,
      entries.filter(({ held }) => !held).map(({ entry_ref: entryRef, seq }) => ({ entryRef, onlyIfSeq: seq })),
      { cause: 'replayed', actorId: sync.actor_id },
    );
    await tx.query(ADVANCE, [providerId, syncId, appended.length, last.line_id]);
    return 'more';
  });
}
