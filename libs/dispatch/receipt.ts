// A receipt by file names the bytes that were read; other bytes than were sent are fatal, and a person must look.
import type { DataSource } from 'typeorm';
import type { Tx } from '#contracts';
import { HUB_ACTOR_ID, inTransaction, query } from '#platform';
import { pauseProvider } from './pause.js';

const PARTS = `
SELECT bool_or(sha256 = $3) AS same FROM batch_bytes WHERE provider_id = $1 AND number = $2 HAVING count(*) > 0`;

const SETTLE_EMPTY = `
UPDATE batch SET state = 'settled', accepted_at = coalesce(accepted_at, now()), ended_at = now()
WHERE provider_id = $1 AND number = $2 AND line_count = 0 AND kind = 'delta' AND state IN ('handed', 'accepted')`;

// Whoever read it has it, whatever became of the attempt.
const RECEIVED = `
UPDATE batch SET receipt_at = now(), accepted_at = coalesce(accepted_at, now()),
  state = CASE WHEN state = 'handed' THEN 'accepted' ELSE state END
WHERE provider_id = $1 AND number = $2 AND receipt_at IS NULL AND state IN ('handed', 'accepted')`;

/** A batch without lines (proof of life) has nothing but its receipt to wait for. */
export async function settleEmpty(tx: Tx, providerId: number, number: number): Promise<void> {
  await tx.query(SETTLE_EMPTY, [providerId, number]);
}

/**
 * Compares the hash in a receipt with the parts that were sent, and stops the provider when it is none of them. Nothing
 * is concluded when retention has erased the bytes.
 * @param sha256 lower-case hex
 */
export async function checkReceipt(
  source: DataSource,
  providerId: number,
  number: number,
  sha256: string,
): Promise<'ours' | 'otherBytes' | 'cannotTell'> {
  const [row] = await query<{ same: boolean }>(source, PARTS, [providerId, number, Buffer.from(sha256, 'hex')]);
  if (!row || row.same) {
    await inTransaction(source, async (tx) => {
      await tx.query(RECEIVED, [providerId, number]);
      await settleEmpty(tx, providerId, number);
    });
    return row ? 'ours' : 'cannotTell';
  }
  await pauseProvider(
    source,
    providerId,
    HUB_ACTOR_ID,
    `the provider read batch ${number} with other bytes than were sent`,
    { cause: 'otherBytes' },
  );
  return 'otherBytes';
}
