// Bodies that are judged as bytes, because their hash is kept or because they may be anything: read whole, bounded.
import type { IncomingMessage } from 'node:http';
import { Problem } from '#contracts';

/** Addresses whose bodies no parser touches. */
export const DESTINATIONS_RAW_PATH = /^\/v1\/(?:destinations\/sources|providers\/[^/]+\/pfd-reports\/[^/]+)\/?$/i;

/** Throws Problem 413 as soon as it is longer than `limit` bytes, 415 when it is compressed. */
export async function rawBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw new Problem(415, 'compressed', 'The body is compressed', 'Send it as it is, without Content-Encoding.');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > limit)
      throw new Problem(
        413,
        'too-large',
        'The body is too large',
        `At most ${limit} bytes are read; no real list has a tenth of that.`,
      );
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
