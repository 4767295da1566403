// The control endpoint of one simulated provider: its state, book and batches to read, its dial to turn. Not part of any feed.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Book } from './book/book.js';
import { DialError } from './dial.js';
import type { Provider } from './provider.js';
import { answer, listen, problem, readBody } from './webhook/http.js';

export interface ControlOptions {
  provider: Provider;
  host: string;
  port: number;
  state: () => Record<string, unknown>;
  /** Folds the journal after the memory was changed from outside. */
  changed: () => void;
  setHub: (address: string) => void;
  setFeedKey: (key: string) => void;
}

const HELP =
  'known are GET /state, GET /book?after=&limit=, GET /book/digest?seq=1, GET /book/line/{ref}, GET /batches, GET /violations, ' +
  'PUT /dial, PUT /hub, PUT /feed-key, POST /reset, POST /forget';

export function openControl(options: ControlOptions): Promise<Server> {
  return listen(options.host, options.port, (request, response) => handle(options, request, response));
}

async function handle(options: ControlOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { provider } = options;
  const url = new URL(request.url ?? '/', 'http://simulator');
  const route = `${request.method} ${url.pathname}`;
  switch (route) {
    case 'GET /state':
      return answer(response, 200, options.state());
    case 'GET /dial':
      return answer(response, 200, provider.dial);
    case 'GET /book':
      return writeBook(provider, url, response);
    case 'GET /book/digest':
      return answer(response, 200, digestOf(provider, url.searchParams.get('seq') === '1'));
    case 'GET /batches':
      return answer(
        response,
        200,
        [...provider.observer.state.batches.values()].toSorted((a, b) => a.batch - b.batch),
      );
    case 'GET /violations':
      return answer(response, 200, provider.observer.state.entries);
    case 'PUT /dial':
    case 'PUT /hub':
    case 'PUT /feed-key':
    case 'POST /reset':
    case 'POST /forget':
      return change(options, route, await json(request), response);
    default:
      break;
  }
  const ref = /^GET \/book\/line\/(.+)$/.exec(route)?.[1];
  const held = ref === undefined ? undefined : provider.applier.book.get(decodeURIComponent(ref));
  if (held !== undefined) return answer(response, 200, held);
  problem(
    response,
    404,
    ref === undefined ? 'NO_SUCH_ADDRESS' : 'NOT_HELD',
    ref === undefined ? HELP : 'this ref is not in the book',
  );
}

async function json(request: IncomingMessage): Promise<unknown> {
  const text = (await readBody(request)).toString();
  return text === '' ? {} : JSON.parse(text);
}

function change(
  { provider, changed, setHub, setFeedKey, state }: ControlOptions,
  route: string,
  body: unknown,
  response: ServerResponse,
): void {
  try {
    if (route === 'PUT /dial') return answer(response, 200, provider.turn(body));
    if (route === 'PUT /hub') {
      setHub(String((body as { url?: unknown }).url));
      return answer(response, 200, state());
    }
    if (route === 'PUT /feed-key') {
      setFeedKey(String((body as { key?: unknown }).key));
      return answer(response, 200, state());
    }
    if (route === 'POST /reset') {
      provider.reset();
      changed();
      return answer(response, 200, state());
    }
    const lost = forget(provider, body as Forget);
    changed();
    return answer(response, 200, { forgotten: lost, ...digestOf(provider, false) });
  } catch (error) {
    const code = error instanceof DialError ? 'BAD_DIAL' : 'REFUSED';
    problem(response, 400, code, error instanceof Error ? error.message : String(error));
  }
}

export type Forget = { minutes: number } | { batches: number } | { everything: true };

/** Plays a restore from a backup; returns how many batches were lost. Throws when it cannot go that far back. */
export function forget(provider: Provider, what: Forget): number {
  if ('everything' in what && what.everything) return provider.forgetEverything();
  if ('minutes' in what && what.minutes >= 0) return provider.forget({ since: provider.now() - what.minutes * 60_000 });
  if ('batches' in what && Number.isInteger(what.batches) && what.batches >= 0)
    return provider.forget({ batches: what.batches });
  throw new Error('say {"minutes": 10}, {"batches": 5} or {"everything": true}');
}

/** Count, order-independent hash and position of what is held. */
export function digestOf(
  provider: Provider,
  withSeq: boolean,
): { count: number; digest: string; appliedSeq: number; highestBatch: number } {
  const { book, appliedSeq } = provider.applier;
  return { count: book.count, digest: book.digest(withSeq), appliedSeq, highestBatch: provider.highestBatch };
}

/** NDJSON, sorted by ref; `after` is the last ref of the page before, without `limit` everything is written. */
async function writeBook(provider: Provider, url: URL, response: ServerResponse): Promise<void> {
  const { book } = provider.applier;
  const after = url.searchParams.get('after') ?? '';
  const limit = Number(url.searchParams.get('limit') ?? Infinity);
  if (!(limit > 0)) return problem(response, 400, 'BAD_LIMIT', 'limit must be a number above 0');
  response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8' });
  await pipeline(Readable.from(bookChunks(book, after, limit)), response);
}

function* bookChunks(book: Book, after: string, limit: number): Generator<string> {
  let chunk = '';
  let written = 0;
  for (const ref of book.sortedRefs()) {
    if (ref <= after) continue;
    if (written++ >= limit) break;
    const held = book.get(ref);
    if (held !== undefined) chunk += `${JSON.stringify(held)}\n`;
    if (chunk.length < 65_536) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}
