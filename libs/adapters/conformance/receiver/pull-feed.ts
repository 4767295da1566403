// The feed as the conformance tool serves it to a provider that pulls: pages by cursor, with mishaps on purpose.
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { cursorAfter, PAGE_TYPE } from '../../formats/thin.js';
import { answerWithBytes, takesGzip } from '../../pull/answer-bytes.js';
import { feedPath } from '../../pull/thin-exchange.js';
import type { TestBatch } from '../batches.js';
import type { TellFault } from './listener.js';

/**
 * What goes wrong with one answer. `cut`: the connection breaks in the middle. `short`: the answer ends as if whole, without
 * the last line. `damaged`: one digit is another. `later`: 429 or 503 with Retry-After in seconds. `erased`: 410.
 */
export type Mishap = 'cut' | 'short' | 'damaged' | 'erased' | { status: 429 | 503; retryAfterS: number };

export interface Position {
  number: number;
  part: number;
}

interface Page extends Position {
  bytes: Buffer;
  sha256: string;
  /** Mishaps of the next answers, in this order. */
  mishaps: Mishap[];
  /** How often its bytes left: broken ones, right ones. */
  broken: number;
  whole: number;
}

/** Longest that an empty answer is held back, in milliseconds, whatever `wait` says. */
const LONGEST_WAIT_MS = 25_000;
const LOOK_MS = 25;
/** Clocks of two processes on timers: so much earlier than Retry-After is not held against it, in milliseconds. */
const SLACK_MS = 100;

function isAfter(a: Position, b: Position): boolean {
  return a.number > b.number || (a.number === b.number && a.part > b.part);
}

/** Null: no cursor. `unreadable`: none that the hub writes. */
function positionOf(text: string | null): Position | null | 'unreadable' {
  if (text === null) return null;
  const found = /^(\d{1,9})-(\d{1,9})$/.exec(text);
  return found ? { number: Number(found[1]), part: Number(found[2]) } : 'unreadable';
}

export class PullFeed {
  /** Where it stood at its first request; null before that. */
  standing: Position | null = null;
  /** Up to where it said that pages arrived. */
  read: Position = { number: 0, part: 0 };
  /** Requests for pages so far that came with the right key. */
  arrivals = 0;
  /** Whether pages are compressed for one that asks so. */
  gzip = false;
  askedForGzip = false;
  /** What the newest full list is said to follow; null: there is none. */
  fullList: { made: TestBatch; after: Position } | null = null;
  private pages: Page[] = [];
  private readonly known = new Set<string>();
  /** Milliseconds before which nobody should come again; 0: none. */
  private notBefore = 0;
  private closed = false;

  constructor(
    private readonly provider: string,
    private readonly key: string,
    private readonly tell: TellFault,
  ) {}

  publish(made: TestBatch, mishaps: Mishap[] = [], bytes?: Buffer): void {
    for (const { part, bytes: sealed } of made.parts) {
      const body = bytes ?? sealed;
      const sha256 = createHash('sha256').update(body).digest('hex');
      const own = part === 1 ? mishaps : [];
      this.pages.push({ number: made.batch.number, part, bytes: body, sha256, mishaps: [...own], broken: 0, whole: 0 });
    }
    this.pages.sort((a, b) => (isAfter(a, b) ? 1 : -1));
  }

  /** Takes pages that could not be used out of the feed, so that what follows can be tried. */
  withdraw({ batch }: TestBatch): void {
    this.pages = this.pages.filter((one) => one.number !== batch.number);
  }

  /** How often pages of a batch left, and whether all of them were received. */
  of({ batch, parts }: TestBatch): { broken: number; whole: number; received: boolean } {
    const mine = this.pages.filter((one) => one.number === batch.number);
    const sum = (field: 'broken' | 'whole'): number => mine.reduce((all, one) => all + one[field], 0);
    const last = { number: batch.number, part: parts.length };
    return { broken: sum('broken'), whole: sum('whole'), received: !isAfter(last, this.read) };
  }

  close(): void {
    this.closed = true;
  }

  /** Answers a GET or HEAD; false when the request is something else. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const url = new URL(request.url ?? '/', 'http://feed');
    if (request.headers.authorization !== `Bearer ${this.key}`) {
      this.tell(
        'feedKeyWrong',
        request.headers.authorization === undefined ? 'no Authorization header' : 'another key',
      );
      problem(response, 401, 'not-authenticated', 'Send Authorization: Bearer <your own key at the hub>.');
    } else if (url.pathname === feedPath(this.provider)) await this.page(url, request, response);
    else if (url.pathname === `/v1/providers/${this.provider}/full-list`) this.showFullList(response);
    else problem(response, 404, 'not-found', 'The conformance tool serves the feed, the full list and callbacks.');
    return true;
  }

  private async page(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const cursor = positionOf(url.searchParams.get('after'));
    if (cursor === 'unreadable') {
      this.tell('cursorInvented', 'a cursor that cannot be read');
      return problem(response, 422, 'not-valid', 'A cursor is "next" as it stands in a page.');
    }
    const at = cursor ?? { number: 0, part: 0 };
    if (this.notBefore > Date.now() + SLACK_MS) this.tell('laterNotHeeded', 'it came before Retry-After was over');
    this.notBefore = 0;
    if (!this.claim(at)) {
      return problem(response, 409, 'cursor-unknown', 'The feed has no such cursor.');
    }
    this.arrivals++;
    this.askedForGzip ||= takesGzip(request.headers['accept-encoding']);
    const page = await this.next(at, Number(url.searchParams.get('wait') ?? 0) * 1000, response);
    const link = page ?? at;
    if (link.number > 0)
      response.setHeader('Link', `<${feedPath(this.provider)}?after=${cursorAfter(link)}>; rel="next"`);
    if (page) await this.send(page, request, response);
    else response.writeHead(204).end();
  }

  /** What asking with a cursor says. False when it is none that it can have. */
  private claim(at: Position): boolean {
    const cursor = cursorAfter(at);
    if (this.standing === null) {
      this.standing = at;
      this.known.add(cursor);
    }
    const page = this.pages.find((one) => one.number === at.number && one.part === at.part);
    if (!this.known.has(cursor) && at.number > 0) {
      if (!page || page.broken === 0) {
        this.tell('cursorInvented', 'a cursor of no page that was fetched');
        return false;
      }
      this.tell('brokenPageTaken', 'it came with the cursor of a page that never arrived whole');
    }
    if (isAfter(at, this.read)) this.read = at;
    return true;
  }

  private async next(at: Position, waitMs: number, response: ServerResponse): Promise<Page | undefined> {
    const end = Date.now() + Math.min(waitMs || 0, LONGEST_WAIT_MS);
    const find = (): Page | undefined => this.pages.find((one) => isAfter(one, at));
    while (!find() && Date.now() < end && !this.closed && !response.closed)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    return find();
  }

  private async send(page: Page, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const mishap = page.mishaps.shift();
    if (mishap === 'erased') {
      page.mishaps.unshift('erased');
      // Its cursor is a place in the feed all the same.
      this.known.add(cursorAfter(page));
      return problem(response, 410, 'bytes-erased', 'The page is past its retention. GET the full list instead.');
    }
    if (typeof mishap === 'object') {
      this.notBefore = Date.now() + mishap.retryAfterS * 1000;
      response.setHeader('Retry-After', String(mishap.retryAfterS));
      return problem(response, mishap.status, 'later', 'Come again after Retry-After.');
    }
    const { 'accept-encoding': coding, ...others } = request.headers;
    const headers = this.gzip && coding !== undefined ? { ...others, 'accept-encoding': coding } : others;
    const bytes = mishap === 'short' ? withoutEnd(page.bytes) : mishap === 'damaged' ? damaged(page.bytes) : page.bytes;
    const asked = { method: request.method, headers: mishap ? withoutRange(headers) : headers };
    const answer = await answerWithBytes(asked, { bytes, sha256: page.sha256, type: PAGE_TYPE });
    response.writeHead(answer.status, answer.headers);
    if (mishap) page.broken++;
    if (mishap === 'cut' && answer.body) {
      response.write(answer.body.subarray(0, answer.body.length / 2), () => response.destroy());
      return;
    }
    if (!mishap && request.method === 'GET') {
      page.whole++;
      this.known.add(cursorAfter(page));
    }
    response.end(answer.body ?? undefined);
  }

  private showFullList(response: ServerResponse): void {
    const { fullList } = this;
    const newest = fullList && {
      batch: fullList.made.batch.number,
      parts: fullList.made.parts.length,
      toSeq: fullList.made.batch.toSeq,
      lines: fullList.made.batch.lineCount,
      sha256: fullList.made.batch.sha256,
      sealedAt: fullList.made.batch.sealedAt.toISOString(),
      state: 'settled',
      kept: true,
      hrefs: [],
      after: fullList.after.number === 0 ? 'start' : cursorAfter(fullList.after),
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ newest: newest ?? null, underWay: null }));
  }
}

function withoutRange(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const { range: _range, ...others } = headers;
  return others;
}

function withoutEnd(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf('\n', bytes.length - 2) + 1);
}

/** Another digit in the first change; everything else, the length and the last line stay. */
function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = copy.indexOf('"ref":"', copy.indexOf('\n')) + '"ref":"'.length;
  copy[at] = copy[at] === 0x61 ? 0x62 : 0x61;
  return copy;
}

function problem(response: ServerResponse, status: number, type: string, detail: string): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ type: `urn:saphan:problem:${type}`, title: detail, status, detail }));
}
