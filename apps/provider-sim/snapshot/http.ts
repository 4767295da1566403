// Answers GET /whitelist/snapshot: the whole list as a gzipped stream of NDJSON.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Provider } from '../provider.js';
import { headOf, heldLines, withTrailer } from './content.js';

function* linesOf(provider: Provider, request: string | null): Generator<string> {
  const { batch, seq, count, takenAt } = headOf(provider);
  const head = { snapshot: '1.0', provider: provider.code, batch, appliedSeq: seq, count, takenAt };
  yield JSON.stringify(request === null ? head : { ...head, request });
  for (const { ref, access, line, package: name, from, to } of heldLines(provider))
    yield JSON.stringify({ ref, access, line, package: name, from, to: to ?? null });
}

/** False when it was another question. */
export async function answerSnapshot(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const url = new URL(request.url ?? '/', 'http://simulator');
  if (request.method !== 'GET' || url.pathname !== '/whitelist/snapshot') return false;
  const { count } = provider.applier.book;
  const trailer = (sha256: string): string => JSON.stringify({ end: count, sha256 });
  const pieces = withTrailer(linesOf(provider, url.searchParams.get('request')), trailer, (text) => Buffer.from(text));
  const body = Readable.from(provider.spoilList ? provider.spoilList(pieces) : pieces);
  response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8', 'content-encoding': 'gzip' });
  // Fast level: the list is read once.
  await pipeline(body, createGzip({ level: 1 }), response);
  return true;
}
