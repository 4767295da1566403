// Cuts a stream of bytes into lines and keeps the hash of everything before the last of them, which is the trailer.
import { createHash } from 'node:crypto';
import iconv from 'iconv-lite';
import type { Charset } from '../formats/hdt.js';
import { SnapshotNotUsable } from './line-checks.js';

const LF = 0x0a;
/** No line of a list is longer; a stream without line ends is not kept in memory. */
const LONGEST_LINE_BYTES = 64 * 1024;

export class Framing {
  /** Bytes so far. */
  bytes = 0;
  private readonly hash = createHash('sha256');
  /** The newest whole line and what follows it: not given out yet, since the last line is the trailer. */
  private rest: Buffer = Buffer.alloc(0);

  /** @param most longest stream in bytes */
  constructor(
    private readonly charset: Charset,
    private readonly most: number,
  ) {}

  /** The lines that are certain to be followed by another one. Throws `SnapshotNotUsable`. */
  push(chunk: Buffer): string[] {
    this.bytes += chunk.length;
    if (this.bytes > this.most)
      throw new SnapshotNotUsable(`unpacked it has more than ${this.most} bytes, which is the most that is read`);
    const all = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const last = all.lastIndexOf(LF);
    const before = last <= 0 ? -1 : all.lastIndexOf(LF, last - 1);
    this.rest = all.subarray(before + 1);
    if (this.rest.length > 2 * LONGEST_LINE_BYTES && this.rest.length > chunk.length)
      throw new SnapshotNotUsable('it has a line of more than 64 kB: is it text with line ends of LF?');
    if (before < 0) return [];
    const whole = all.subarray(0, before + 1);
    this.hash.update(whole);
    const lines = this.text(whole).split('\n');
    lines.pop();
    return lines;
  }

  /** The last line, and the SHA-256 of everything before it in lower-case hex. Throws `SnapshotNotUsable`. */
  end(): { trailer: string; sha256: string } {
    if (this.rest.length === 0) throw new SnapshotNotUsable('it is empty');
    if (this.rest.at(-1) !== LF) throw new SnapshotNotUsable('its last line has no line end: it is cut off');
    return { trailer: this.text(this.rest).slice(0, -1), sha256: this.hash.digest('hex') };
  }

  private text(bytes: Buffer): string {
    const text = this.charset === 'utf-8' ? bytes.toString('utf8') : iconv.decode(bytes, this.charset);
    if (text.includes('\ufffd')) throw new SnapshotNotUsable(`it has bytes that are no ${this.charset}`);
    if (text.includes('\r')) throw new SnapshotNotUsable('its lines end with CR LF; write LF alone');
    return text;
  }
}
