// Keys derived from the master key: encrypting what rests, hashing what must be found, and ids that tell nothing.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** What a derived key is for; each purpose has its own key, so that one cannot be used as another. */
type Purpose = 'secrets' | 'originals' | 'names' | 'suppression' | 'ids' | 'held';

export class Vault {
  private readonly master: Buffer;
  private readonly keys = new Map<Purpose, Buffer>();

  /** @param masterKey base64 of 32 bytes */
  constructor(masterKey: string) {
    this.master = Buffer.from(masterKey, 'base64');
    if (this.master.length !== 32) throw new Error('the master key must be base64 of 32 bytes');
  }

  private key(purpose: Purpose): Buffer {
    let key = this.keys.get(purpose);
    if (!key) {
      key = Buffer.from(hkdfSync('sha256', this.master, Buffer.alloc(0), `saphan:${purpose}:v1`, 32));
      this.keys.set(purpose, key);
    }
    return key;
  }

  /** AES-256-GCM; the result is nonce (12), tag (16), data. */
  encrypt(purpose: 'secrets' | 'originals' | 'names', plain: Buffer): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.key(purpose), nonce);
    const data = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), data]);
  }

  /** Throws when the data was altered or the master key is another one. */
  decrypt(purpose: 'secrets' | 'originals' | 'names', sealed: Buffer): Buffer {
    const decipher = createDecipheriv('aes-256-gcm', this.key(purpose), sealed.subarray(0, 12));
    decipher.setAuthTag(sealed.subarray(12, 28));
    return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]);
  }

  /** Keyed hash of a line key, for suppressions that outlive the line. */
  lineHash(lineKey: string): Buffer {
    return createHmac('sha256', this.key('suppression')).update(lineKey).digest();
  }

  /** The secret that a provider's list is digested with here when it shares none with us. */
  heldSecret(provider: string): Buffer {
    return createHmac('sha256', this.key('held')).update(provider).digest();
  }

  /** An id that tells nothing of the number behind it: one AES block over kind and value, base64url (22 characters). */
  opaqueId(kind: 'line', value: number): string {
    const block = Buffer.alloc(16);
    block.write(kind, 0, 8, 'latin1');
    block.writeBigUInt64BE(BigInt(value), 8);
    // One block, unique by its content: a bare block cipher is a permutation here, not a mode that leaks patterns.
    const cipher = createCipheriv('aes-256-ecb', this.key('ids'), null).setAutoPadding(false);
    return Buffer.concat([cipher.update(block), cipher.final()]).toString('base64url');
  }

  /** The value of an opaque id, or null when it is none of ours. */
  valueOf(kind: 'line', id: string): number | null {
    const sealed = Buffer.from(id, 'base64url');
    if (sealed.length !== 16) return null;
    const decipher = createDecipheriv('aes-256-ecb', this.key('ids'), null).setAutoPadding(false);
    const block = Buffer.concat([decipher.update(sealed), decipher.final()]);
    if (block.toString('latin1', 0, 8) !== kind.padEnd(8, '\0')) return null;
    const value = Number(block.readBigUInt64BE(8));
    return Number.isSafeInteger(value) ? value : null;
  }
}

export const VAULT = Symbol('Vault');
