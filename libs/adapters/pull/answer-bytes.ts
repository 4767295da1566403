// The HTTP answer with bytes that never change: whole or a range, as they are or gzipped, with the hash of what travels.
// Shared by the feed of the hub and by the conformance tool, which plays it.
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

export interface SealedBytes {
  bytes: Buffer;
  /** SHA-256 of `bytes`, lower-case hex. */
  sha256: string;
  type: string;
}

export interface BytesAnswer {
  status: 200 | 206 | 304 | 416;
  headers: Record<string, string>;
  /** Null: none (304, 416, and HEAD). */
  body: Buffer | null;
}

/** What of a request decides about the answer. */
export interface BytesRequest {
  method?: string | undefined;
  headers: Record<string, string | string[] | undefined>;
}

/** Both ends included; null: the whole; `unsatisfiable`: beyond the end. Several ranges, or what is no range, are the whole. */
export function rangeOf(header: string | undefined, length: number): [number, number] | null | 'unsatisfiable' {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header?.replace(/\s/g, '') ?? '') ?? [];
  if (from === '' && to === '') return null;
  if (from === '') {
    const last = Number(to);
    return last === 0 ? 'unsatisfiable' : [Math.max(0, length - last), length - 1];
  }
  const first = Number(from);
  const end = to === '' ? length - 1 : Math.min(Number(to), length - 1);
  if (first >= length) return 'unsatisfiable';
  return first > end ? null : [first, end];
}

export function takesGzip(header: string | undefined): boolean {
  return (header ?? '').split(',').some((one) => {
    const [coding = '', ...parameters] = one
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    return (coding === 'gzip' || coding === '*') && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}

/**
 * A range is one of the plain bytes, never of the gzipped ones: so a page that was cut off can be resumed at any byte,
 * whoever compresses. `If-Range` and `If-None-Match` know the strong ETag, which is the hash.
 */
export async function answerWithBytes(
  { method, headers: asked }: BytesRequest,
  { bytes, sha256, type }: SealedBytes,
): Promise<BytesAnswer> {
  const text = (name: string): string | undefined => (typeof asked[name] === 'string' ? asked[name] : undefined);
  const headers: Record<string, string> = { 'Content-Type': type, 'Accept-Ranges': 'bytes', Vary: 'Accept-Encoding' };
  const wanted = rangeOf(text('range'), bytes.length);
  const plain = `"${sha256}"`;
  const condition = text('if-range');
  const range = condition !== undefined && condition !== plain ? null : wanted;
  if (range === 'unsatisfiable') {
    headers['Content-Range'] = `bytes */${bytes.length}`;
    return { status: 416, headers, body: null };
  }
  const gzipped = text('range') === undefined && takesGzip(text('accept-encoding'));
  const whole = gzipped ? await compress(bytes) : bytes;
  const etag = gzipped ? `"${sha256}-gzip"` : plain;
  headers['ETag'] = etag;
  const known = (text('if-none-match') ?? '').split(',').map((one) => one.trim());
  if (!range && known.includes(etag)) return { status: 304, headers, body: null };
  if (gzipped) headers['Content-Encoding'] = 'gzip';
  const digest = gzipped ? createHash('sha256').update(whole).digest() : Buffer.from(sha256, 'hex');
  headers['Repr-Digest'] = `sha-256=:${digest.toString('base64')}:`;
  const part = range ? whole.subarray(range[0], range[1] + 1) : whole;
  if (range) headers['Content-Range'] = `bytes ${range[0]}-${range[1]}/${bytes.length}`;
  headers['Content-Length'] = String(part.length);
  return { status: range ? 206 : 200, headers, body: method === 'HEAD' ? null : part };
}
