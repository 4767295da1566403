// The digest of one entry: where it stands in the tree and what it adds there. Keyed, since numbers can be tried out.
import { createHmac } from 'node:crypto';
import type { Day } from '#contracts';

/** Separates fields: it occurs in none of them. */
const US = '\x1f';

/** Leaves of the tree: the first 16 bits of the key's hash choose one. */
export const LEAVES = 65_536;
/** Level-1 nodes, each over as many leaves. */
export const NODES = 256;
/** Bytes of an item, and of the XOR of many. */
export const ITEM_BYTES = 16;

/** What a provider should hold of one entry, as far as the digest speaks of it. */
export interface HeldEntry {
  /** Canonical key of the line, `M:66…` or `F:TOT:…`. */
  key: string;
  package: string;
  from: Day;
  /** Null: no end. */
  to: Day | null;
}

function hmac(secret: Buffer, ...fields: string[]): Buffer {
  return createHmac('sha256', secret).update(fields.join(US)).digest();
}

/** The leaf of a key, 0..65535: by hash, because numbers cluster. */
export function leafOf(secret: Buffer, key: string): number {
  return hmac(secret, 'WLK1', key).readUInt16BE(0);
}

/** 16 bytes over key and content together: equal changes of many entries must not cancel out. */
export function itemOf(secret: Buffer, entry: HeldEntry): Buffer {
  return hmac(secret, 'WLI1', entry.key, entry.package, entry.from, entry.to ?? '').subarray(0, ITEM_BYTES);
}
