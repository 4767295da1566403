// Callbacks by their webhook-id: a repeat gets the answer that the first one got, other content under one id is told apart.
import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { faultPoint, query } from '#platform';

/** How long an id is remembered, in days; longer than any provider goes on repeating. */
const REMEMBERED_DAYS = 14;

/** What a callback was answered with. */
export interface CallbackAnswer {
  accepted: number;
  setAside: number;
}

/** `first`: never seen, or seen and not recorded to its end, which recording bears. */
export type CallbackClaim =
  { claim: 'first' } | { claim: 'repeat'; answer: CallbackAnswer } | { claim: 'otherContent' };

const CLAIM = `
INSERT INTO callback (provider_id, id_hash, body_hash) VALUES ($1, $2, $3) ON CONFLICT (provider_id, id_hash) DO NOTHING
RETURNING 1`;

const KNOWN = `
SELECT body_hash AS "bodyHash", accepted, set_aside AS "setAside" FROM callback WHERE provider_id = $1 AND id_hash = $2`;

function hash(content: string | Buffer): Buffer {
  return createHash('sha256').update(content).digest();
}

/** Takes the id for this content before anything is recorded, so that of two contents at the same time only one counts. */
export async function claimCallback(
  source: DataSource,
  providerId: number,
  webhookId: string,
  body: Buffer,
): Promise<CallbackClaim> {
  const key = [providerId, hash(webhookId)];
  const bodyHash = hash(body);
  const claimed = (await query(source, CLAIM, [...key, bodyHash])).length > 0;
  await faultPoint('acknowledgement.claimed');
  if (claimed) return { claim: 'first' };
  const [known] = await query<{ bodyHash: Buffer; accepted: number | null; setAside: number | null }>(
    source,
    KNOWN,
    key,
  );
  if (known && !known.bodyHash.equals(bodyHash)) return { claim: 'otherContent' };
  if (known?.accepted == null) return { claim: 'first' };
  return { claim: 'repeat', answer: { accepted: known.accepted, setAside: known.setAside ?? 0 } };
}

/** Remembers the answer. */
export async function answerCallback(
  source: DataSource,
  providerId: number,
  webhookId: string,
  answer: CallbackAnswer,
): Promise<void> {
  await query(source, 'UPDATE callback SET accepted = $3, set_aside = $4 WHERE provider_id = $1 AND id_hash = $2', [
    providerId,
    hash(webhookId),
    answer.accepted,
    answer.setAside,
  ]);
  await faultPoint('acknowledgement.answered');
}

/** Nothing of it was taken: corrected, it may come again under the same id. */
export async function forgetCallback(source: DataSource, providerId: number, webhookId: string): Promise<void> {
  await query(source, 'DELETE FROM callback WHERE provider_id = $1 AND id_hash = $2', [providerId, hash(webhookId)]);
}

/** Forgets ids that no provider repeats any more. */
export async function forgetOldCallbacks(source: DataSource): Promise<void> {
  await query(source, `DELETE FROM callback WHERE at < now() - $1 * interval '1 day'`, [REMEMBERED_DAYS]);
}

/** Whether a hash is that of the batch as it was sent, whole or one part of it. */
export async function comparesBytes(
  source: DataSource,
  providerId: number,
  number: number,
  sha256: string,
): Promise<'ours' | 'otherBytes' | 'cannotTell'> {
  const [row] = await query<{ ours: boolean }>(
    source,
    `SELECT b.sha256 = $3 OR EXISTS (SELECT 1 FROM batch_bytes y
       WHERE y.provider_id = b.provider_id AND y.number = b.number AND y.sha256 = $3) AS ours
     FROM batch b WHERE b.provider_id = $1 AND b.number = $2`,
    [providerId, number, Buffer.from(sha256, 'hex')],
  );
  return row ? (row.ours ? 'ours' : 'otherBytes') : 'cannotTell';
}
