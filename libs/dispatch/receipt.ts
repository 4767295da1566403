// A receipt by file names the bytes that were read; other bytes than were sent are fatal, and a person must look.
import type { DataSource } from 'typeorm';
import { HUB_ACTOR_ID, query } from '#platform';
import { pauseProvider } from './pause.js';

const PARTS = `
SELECT bool_or(sha256 = $3) AS same FROM batch_bytes WHERE provider_id = $1 AND number = $2 HAVING count(*) > 0`;

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
  if (!row) return 'cannotTell';
  if (row.same) return 'ours';
  await pauseProvider(
    source,
    providerId,
    HUB_ACTOR_ID,
    `the provider read batch ${number} with other bytes than were sent`,
  );
  return 'otherBytes';
}
