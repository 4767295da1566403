// A database that was set back: numbers that the provider has and we do not are taken by placeholders, and never used again.
import type { DataSource } from 'typeorm';
import type { Appender, Tx } from '#contracts';
import { HUB_ACTOR_ID, inTransaction } from '#platform';

/** More lost numbers than this are no restore but a mistake: a person looks. */
export const MOST_LOST = 100_000;
/**
 * Positions of the log that are passed over beside what the provider told: more changes than six providers could have been
 * sent between two backups, so that no position that it has seen is used again.
 */
const LOST_SEQS = 10_000_000;
/** Numbers that one call of add_range_partitions makes room for, with a margin. */
const PLACEHOLDERS = 10_000;
const APPENDED_AT_ONCE = 2000;

export interface KnownThere {
  number: number;
  /** The last change that the provider applied, where it tells. */
  appliedSeq: number | null;
  sha256: string | null;
  /** Parts of that batch, for a provider that pulls and stands in the middle of one. */
  parts?: number;
}

export interface Skipped {
  from: number;
  to: number;
  /** Changes that were not sealed yet and were appended again, after what was lost. */
  appended: number;
}

const STREAM = `
SELECT s.next_number, s.sealed_seq, c.last_seq FROM provider_stream s JOIN provider_counter c USING (provider_id)
WHERE s.provider_id = $1 FOR UPDATE OF s`;

const UNSEALED = `
SELECT entry_ref, last_seq FROM entry WHERE provider_id = $1 AND last_seq > $2 AND last_seq <= $3
ORDER BY line_id LIMIT ${APPENDED_AT_ONCE}`;

// Closed: the provider may have applied them, we never shall know; their changes, as far as they are in the log, come again.
const PLACEHOLDER = `
INSERT INTO batch (provider_id, number, kind, from_seq, to_seq, line_count, parts, state, state_reason, sha256, byte_size, sealed_at, handed_at, ended_at, bytes_erased, folded)
SELECT $1, n, 'delta', $4::bigint + 1, CASE WHEN n = $7::bigint THEN $5::bigint ELSE $4::bigint END, 0, CASE WHEN n = $7::bigint THEN $8::int ELSE 1 END, 'closed',
  'lost when the database was set back', CASE WHEN n = $7::bigint THEN $6::bytea ELSE ''::bytea END, 0, now(), now(), now(), true, true
FROM generate_series($2::bigint, $3::bigint) AS n`;

/**
 * Takes the numbers up to `there.number` out of use, passes over the positions of the log that may be known there, and
 * appends anew what was not sealed. One transaction; null when nothing was lost.
 * @throws RangeError when more numbers than `MOST_LOST` are missing
 */
export function skipNumbers(
  source: DataSource,
  appender: Appender,
  providerId: number,
  there: KnownThere,
  guard: (tx: Tx) => Promise<void> = () => Promise.resolve(),
): Promise<Skipped | null> {
  return inTransaction(source, async (tx) => {
    await guard(tx);
    const [stream] = await tx.query<{ next_number: number; sealed_seq: number; last_seq: number }>(STREAM, [
      providerId,
    ]);
    if (!stream || there.number < stream.next_number) return null;
    const from = stream.next_number;
    if (there.number - from >= MOST_LOST)
      throw new RangeError(`the provider names ${there.number} as its highest number, ours is ${from - 1}`);
    // The counter last, and only then what it numbers: whoever appends waits from here on.
    await tx.query('SELECT 1 FROM entry WHERE provider_id = $1 AND last_seq > $2 ORDER BY line_id FOR UPDATE', [
      providerId,
      stream.sealed_seq,
    ]);
    const [counter] = await tx.query<{ was: number; last_seq: number }>(
      `UPDATE provider_counter SET last_seq = greatest(last_seq, coalesce($2::bigint, 0)) + ${LOST_SEQS} WHERE provider_id = $1
       RETURNING last_seq, (SELECT o.last_seq FROM provider_counter o WHERE o.provider_id = $1) AS was`,
      [providerId, there.appliedSeq],
    );
    if (!counter) throw new Error(`provider ${providerId} has no counter`);
    const sha256 = Buffer.from(there.sha256 ?? '', 'hex');
    for (let first = from; first <= there.number; first += PLACEHOLDERS) {
      const last = Math.min(first + PLACEHOLDERS - 1, there.number);
      await tx.query('UPDATE provider_stream SET next_number = $2, sealed_seq = $3 WHERE provider_id = $1', [
        providerId,
        last + 1,
        counter.last_seq,
      ]);
      await tx.query('SELECT add_range_partitions($1::smallint)', [providerId]);
      await tx.query(PLACEHOLDER, [
        providerId,
        first,
        last,
        stream.sealed_seq,
        counter.last_seq,
        sha256,
        there.number,
        there.parts ?? 1,
      ]);
    }
    return {
      from,
      to: there.number,
      appended: await appendAgain(tx, appender, providerId, stream.sealed_seq, counter.was),
    };
  });
}

async function appendAgain(
  tx: Tx,
  appender: Appender,
  providerId: number,
  sealedSeq: number,
  lastSeq: number,
): Promise<number> {
  let appended = 0;
  for (;;) {
    // What is appended gets a later position, so the next round finds the rest.
    const rows = await tx.query<{ entry_ref: string; last_seq: number }>(UNSEALED, [providerId, sealedSeq, lastSeq]);
    if (rows.length === 0) return appended;
    const items = rows.map((row) => ({ entryRef: row.entry_ref, onlyIfSeq: row.last_seq }));
    const done = await appender.appendCurrent(tx, providerId, items, { cause: 'repaired', actorId: HUB_ACTOR_ID });
    appended += done.appended.length;
  }
}
