// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): the same request under the same key has one answer.
import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { Problem } from '#contracts';
import { query } from '#platform';

export interface KeyedRequest {
  actorId: number;
  /** The header as it came: a quoted string of RFC 8941, or bare. */
  header: string;
  /** Method, path and body; two requests under one key must agree in it. */
  fingerprintOf: string;
}

export interface StoredAnswer {
  status: number;
  body: unknown;
  replayed: boolean;
}

/** A first request that has no answer after this long died with its process; what it did is idempotent by itself. */
const ABANDONED_S = 60;

/** @throws Problem 400 for a key that is none */
export function idempotencyKeyOf(header: string): string {
  const text = header.trim();
  const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/.exec(text);
  const key = quoted ? quoted[1]!.replace(/\\(["\\])/g, '$1') : text;
  if (/^[\x21-\x7e]{1,255}$/.test(key) && (quoted || !key.includes('"'))) return key;
  throw new Problem(
    400,
    'invalid-idempotency-key',
    'The Idempotency-Key cannot be read',
    'Send 1 to 255 visible ASCII characters, e.g. a UUID in quotation marks.',
  );
}

/**
 * Runs `work` once per key and actor, and gives its answer again to every repetition.
 * A failure is not kept: the request may be sent again under the same key.
 * @throws Problem 409 while the first request is still running, 422 for another request under the same key
 */
export async function idempotent(
  source: DataSource,
  request: KeyedRequest,
  work: () => Promise<{ status: number; body: unknown }>,
): Promise<StoredAnswer> {
  const { actorId } = request;
  const key = idempotencyKeyOf(request.header);
  const fingerprint = createHash('sha256').update(request.fingerprintOf).digest();
  const mine = await query(
    source,
    `INSERT INTO idempotency_key AS k (actor_id, key, fingerprint) VALUES ($1, $2, $3)
     ON CONFLICT (actor_id, key) DO UPDATE SET created_at = now()
       WHERE k.status IS NULL AND k.fingerprint = excluded.fingerprint AND k.created_at < now() - make_interval(secs => $4)
     RETURNING 1`,
    [actorId, key, fingerprint, ABANDONED_S],
  );
  if (mine.length === 0) return storedAnswer(source, actorId, key, fingerprint);
  try {
    const answer = await work();
    await query(source, 'UPDATE idempotency_key SET status = $3, body = $4 WHERE actor_id = $1 AND key = $2', [
      actorId,
      key,
      answer.status,
      JSON.stringify(answer.body),
    ]);
    return { ...answer, replayed: false };
  } catch (error) {
    await query(source, 'DELETE FROM idempotency_key WHERE actor_id = $1 AND key = $2 AND status IS NULL', [
      actorId,
      key,
    ]);
    throw error;
  }
}

async function storedAnswer(
  source: DataSource,
  actorId: number,
  key: string,
  fingerprint: Buffer,
): Promise<StoredAnswer> {
  const [stored] = await query<{ fingerprint: Buffer; status: number | null; body: unknown }>(
    source,
    'SELECT fingerprint, status, body FROM idempotency_key WHERE actor_id = $1 AND key = $2',
    [actorId, key],
  );
  if (stored && !stored.fingerprint.equals(fingerprint)) {
    throw new Problem(
      422,
      'idempotency-key-reused',
      'The Idempotency-Key was used for another request',
      'Send a new key with a new request.',
    );
  }
  if (!stored || stored.status === null) {
    throw new Problem(
      409,
      'request-running',
      'The first request under this key is still running',
      'Send it again in a moment.',
      { retryAfterS: 1 },
    );
  }
  return { status: stored.status, body: stored.body, replayed: true };
}
