// Standard Webhooks on both ways, with the official library.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

/** `official` verifies with the published library (about 1.5 µs a line); `native` with node's own HMAC (0.1 µs), for benchmarks. */
export type SignatureCheck = 'official' | 'native';

export type SignatureVerdict = 'good' | 'missing' | 'wrong';

const TOLERANCE_S = 5 * 60;

/** A new secret of 32 random bytes. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** Signs `body` with `secret` for a message `id` at `now` (milliseconds). */
export function signatureHeaders(secret: string, id: string, body: string, now: number): Record<string, string> {
  const at = new Date(Math.floor(now / 1000) * 1000);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(at.getTime() / 1000),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
}

export class Verifier {
  readonly #official: Webhook[];
  readonly #keys: Buffer[];

  /** Several secrets are accepted side by side, for rotation. */
  constructor(
    secrets: readonly string[],
    private readonly check: SignatureCheck,
  ) {
    this.#official = secrets.map((secret) => new Webhook(secret));
    this.#keys = secrets.map((secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64'));
  }

  verify(headers: NodeJS.Dict<string | string[]>, body: Buffer, text: string): SignatureVerdict {
    const id = headers['webhook-id'];
    const timestamp = headers['webhook-timestamp'];
    const signature = headers['webhook-signature'];
    if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signature !== 'string') return 'missing';
    const given = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
    const good = this.check === 'official' ? this.#byLibrary(given, text) : this.#byNode(given, body);
    return good ? 'good' : 'wrong';
  }

  #byLibrary(headers: Record<string, string>, text: string): boolean {
    return this.#official.some((webhook) => {
      try {
        webhook.verify(text, headers, { jsonParse: false });
        return true;
      } catch {
        return false;
      }
    });
  }

  #byNode(headers: Record<string, string>, body: Buffer): boolean {
    const timestamp = Number(headers['webhook-timestamp']);
    if (!(Math.abs(Date.now() / 1000 - timestamp) <= TOLERANCE_S)) return false;
    const given = String(headers['webhook-signature'])
      .split(' ')
      .filter((one) => one.startsWith('v1,'));
    return this.#keys.some((key) => {
      const hmac = createHmac('sha256', key).update(`${headers['webhook-id']}.${timestamp}.`).update(body).digest();
      return given.some((one) => {
        const bytes = Buffer.from(one.slice(3), 'base64');
        return bytes.length === hmac.length && timingSafeEqual(bytes, hmac);
      });
    });
  }
}
