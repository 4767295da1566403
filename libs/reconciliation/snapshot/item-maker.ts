// The digest items of millions of lines: HMAC-SHA-256 as in digest/definition.ts, with its pads made once and no object a line.
import { hash } from 'node:crypto';
import { padsOf } from '../held.js';

const BLOCK = 64;
/** Longest text that is digested; a line of a list has some 60 characters. */
const LONGEST = 4_096;

/** Makes items for one provider and secret. */
export class ItemMaker {
  private readonly inner: Buffer;
  private readonly outer = Buffer.alloc(BLOCK + 32);
  private readonly fixed: string;

  constructor(secret: Buffer, provider: string) {
    const pads = padsOf(secret);
    this.inner = Buffer.alloc(BLOCK + LONGEST);
    pads.inner.copy(this.inner);
    pads.outer.copy(this.outer);
    this.fixed = `WLI1\x1fF:${provider}:`;
  }

  /** 32 bytes, of which the first 16 are the item. Throws RangeError for a text that is longer than any line. */
  of(access: string, line: string, name: string, from: string, to: string | null): Buffer {
    const key = access === 'MB' ? `WLI1\x1fM:${line.slice(1)}` : this.fixed + line;
    const text = `${key}\x1f${name}\x1f${from}\x1f${to ?? ''}`;
    if (text.length > LONGEST / 4) throw new RangeError('a line of more than 1,024 characters');
    const end = BLOCK + this.inner.write(text, BLOCK, 'utf8');
    hash('sha256', this.inner.subarray(0, end), 'buffer').copy(this.outer, BLOCK);
    return hash('sha256', this.outer, 'buffer');
  }
}
