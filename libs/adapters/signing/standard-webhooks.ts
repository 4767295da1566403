// Standard Webhooks 1.0.0, symmetric: HMAC-SHA256 over `id.timestamp.body` (standard-webhooks/spec/standard-webhooks.md).
// On node:crypto, since the official library hashes in JavaScript (1 MB bodies) and decodes the body to text first;
// specs verify every signature with that library.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Seconds by which a message's timestamp may differ from ours, both ways (the value all libraries use). */
export const TOLERANCE_S = 300;

const PREFIX = 'whsec_';

/** A secret that cannot be used. The text never holds the secret. */
export class SecretNotUsable extends Error {
  constructor(reason: string) {
    super(`${reason}; write it as whsec_ followed by the base64 of 24 to 64 random bytes`);
    this.name = 'SecretNotUsable';
  }
}

/** The key bytes of `whsec_…`. Throws `SecretNotUsable`. */
export function keyOf(secret: string): Buffer {
  if (!secret.startsWith(PREFIX)) throw new SecretNotUsable('a signing secret does not begin with whsec_');
  const encoded = secret.slice(PREFIX.length);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) throw new SecretNotUsable('a signing secret is not base64');
  const key = Buffer.from(encoded, 'base64');
  if (key.length < 24 || key.length > 64) throw new SecretNotUsable(`a signing secret has ${key.length} bytes`);
  return key;
}

function mac(key: Buffer, id: string, timestamp: number | string, body: Buffer | string): Buffer {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
}

/**
 * The three headers for one attempt. Several secrets give several signatures, so that a provider can change over while
 * both are valid. `at` is the time of the attempt, not of the batch. Throws `SecretNotUsable`.
 */
export function signatureHeaders(
  secrets: readonly string[],
  id: string,
  at: Date,
  body: Buffer | string,
): Record<string, string> {
  if (secrets.length === 0) throw new SecretNotUsable('there is no signing secret');
  const timestamp = Math.floor(at.getTime() / 1000);
  const signatures = secrets.map((secret) => `v1,${mac(keyOf(secret), id, timestamp, body).toString('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') };
}

/** What is wrong with a signed message, in a word; `genuine` when nothing is. */
export type SignatureVerdict = 'genuine' | 'headersMissing' | 'clockWrong' | 'signatureWrong';

/**
 * Judges a signed message. Every secret is tried; unknown signature versions are skipped; comparison takes constant time.
 * @param headers lower-case names.
 */
export function judgeSignature(
  secrets: readonly string[],
  headers: Record<string, string | undefined>,
  body: Buffer,
  now: Date,
): SignatureVerdict {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signature = headers['webhook-signature'];
  if (!id || !timestamp || !signature || !/^\d{1,12}$/.test(timestamp)) return 'headersMissing';
  const given = signature
    .split(' ')
    .filter((one) => one.startsWith('v1,'))
    .slice(0, 16)
    .map((one) => Buffer.from(one.slice(3), 'base64'));
  // The signature is judged before the clock, so that a stranger learns nothing from the order of answers.
  let genuine = false;
  for (const secret of secrets) {
    const expected = mac(keyOf(secret), id, timestamp, body);
    for (const one of given) if (one.length === expected.length && timingSafeEqual(one, expected)) genuine = true;
  }
  if (!genuine) return 'signatureWrong';
  return Math.abs(now.getTime() / 1000 - Number(timestamp)) > TOLERANCE_S ? 'clockWrong' : 'genuine';
}
