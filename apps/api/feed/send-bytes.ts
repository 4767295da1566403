// Sends bytes that never change: whole or a range, as they are or gzipped, with the hash of what travels.
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Request, Response } from 'express';

const compress = promisify(gzip);

export interface SealedBytes {
  bytes: Buffer;
  /** SHA-256 of `bytes`, lower-case hex. */
  sha256: string;
  type: string;
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

function takesGzip(header: string | undefined): boolean {
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
export async function sendBytes(
  request: Request,
  response: Response,
  { bytes, sha256, type }: SealedBytes,
): Promise<void> {
  const { headers } = request;
  response.setHeader('Content-Type', type);
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Vary', 'Accept-Encoding');
  const asked = typeof headers.range === 'string' ? rangeOf(headers.range, bytes.length) : null;
  const plain = `"${sha256}"`;
  const condition = headers['if-range'];
  const range = condition !== undefined && condition !== plain ? null : asked;
  if (range === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${bytes.length}`);
    response.status(416).end();
    return;
  }
  const gzipped = headers.range === undefined && takesGzip(headers['accept-encoding']);
  const whole = gzipped ? await compress(bytes) : bytes;
  const etag = gzipped ? `"${sha256}-gzip"` : plain;
  response.setHeader('ETag', etag);
  const known = (headers['if-none-match'] ?? '').split(',').map((one) => one.trim());
  if (!range && known.includes(etag)) {
    response.status(304).end();
    return;
  }
  if (gzipped) response.setHeader('Content-Encoding', 'gzip');
  const digest = gzipped ? createHash('sha256').update(whole).digest() : Buffer.from(sha256, 'hex');
  response.setHeader('Repr-Digest', `sha-256=:${digest.toString('base64')}:`);
  const part = range ? whole.subarray(range[0], range[1] + 1) : whole;
  if (range) response.setHeader('Content-Range', `bytes ${range[0]}-${range[1]}/${bytes.length}`);
  response.setHeader('Content-Length', part.length);
  response.status(range ? 206 : 200).end(request.method === 'HEAD' ? undefined : part);
}
