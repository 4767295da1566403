// What dispatch keeps only for a time: the bytes of batches that ended (they hold numbers), and how each try went.
import type { DataSource } from 'typeorm';
import { inTransaction, query } from '#platform';

/** Batches looked at in one transaction, so that erasing stands in nobody's way. */
const CHUNK = 200;

export interface Forgotten {
  /** Batches whose bytes are erased; number, range, counts and hash remain, and a re-fetch is answered 410. */
  batches: number;
  /** Rows of batch bytes. */
  parts: number;
  attempts: number;
}

// The marker is the batch itself: one whose bytes are gone is not looked at again.
const DUE = `
SELECT b.number FROM batch b WHERE b.provider_id = $1 AND b.state IN ('settled', 'refused', 'closed', 'covered')
  AND b.ended_at < $2::timestamptz - $3 * interval '1 day' AND NOT b.bytes_erased
ORDER BY b.number LIMIT ${CHUNK} FOR UPDATE SKIP LOCKED`;

const counted = (table: string): string =>
  `WITH gone AS (DELETE FROM ${table} WHERE provider_id = $1 AND number = ANY($2::bigint[]) RETURNING 1) SELECT count(*) AS n FROM gone`;

/**
 * Erases bytes and attempts of a provider's batches that ended more than `keepDays` before `now`. Harmless to repeat, in
 * several processes at once, and to be stopped between two chunks.
 */
export async function forgetBatches(
  source: DataSource,
  providerId: number,
  keepDays: number,
  now: Date,
  signal: AbortSignal,
): Promise<Forgotten> {
  const forgotten: Forgotten = { batches: 0, parts: 0, attempts: 0 };
  // Attempts that are about no batch (the question for the highest number).
  await query(
    source,
    `DELETE FROM attempt WHERE provider_id = $1 AND number = 0 AND ended_at < $2::timestamptz - $3 * interval '1 day'`,
    [providerId, now.toISOString(), keepDays],
  );
  while (!signal.aborted) {
    const done = await inTransaction(source, async (tx) => {
      const numbers = (await tx.query<{ number: number }>(DUE, [providerId, now.toISOString(), keepDays])).map(
        (row) => row.number,
      );
      if (numbers.length === 0) return 0;
      const erase = async (table: string): Promise<number> =>
        (await tx.query<{ n: number }>(counted(table), [providerId, numbers]))[0]?.n ?? 0;
      forgotten.parts += await erase('batch_bytes');
      forgotten.attempts += await erase('attempt');
      await tx.query('UPDATE batch SET bytes_erased = true WHERE provider_id = $1 AND number = ANY($2::bigint[])', [
        providerId,
        numbers,
      ]);
      forgotten.batches += numbers.length;
      return numbers.length;
    });
    if (done < CHUNK) break;
  }
  return forgotten;
}
