// Pure: what an HTTP answer of the feed contract means for a hand-over, a status query, or the highest number.
import {
  refusalOf,
  type AskResult,
  type HandOverResult,
  type HighestAnswer,
  type SealedBatch,
  type SealedPart,
  type Unusable,
} from '#contracts';
import { AnswerNotUsable, Complaints, isObject } from '../formats/reading.js';
import { checkBatch, readObject, readOutcomes, readSha256 } from '../formats/outcomes-json.js';
import { retryAfterSeconds } from '../transports/retry-after.js';
import type { Exchange } from '../transports/webhook.js';
import { looksLike, quoted } from '../wording.js';

/** Nothing was done: wrong credentials need a person, everything else time. */
export function neverSent(exchange: Extract<Exchange, { end: 'notReached' }>): HandOverResult {
  if (exchange.forbidden) return { result: 'forbidden', detail: exchange.detail, status: null };
  return { result: 'notSent', detail: exchange.detail };
}

/** Judges the answer to one part. The table is docs/providers/contract.md, "Webhook"; what it leaves open asks first. */
export function judgeHandOver(exchange: Exchange, batch: SealedBatch, part: SealedPart, now: Date): HandOverResult {
  if (exchange.end === 'notReached') return neverSent(exchange);
  if (exchange.end === 'unclear') {
    const { detail, unusable } = exchange;
    return { result: 'unclear', detail, status: null, ...(unusable ? { unusable } : {}) };
  }
  const { status, headers, body } = exchange;

  if (status === 200 || status === 202) {
    return read(status, () => {
      const answer = readJson(headers, body);
      const complaints = new Complaints();
      checkBatch(answer['batch'], batch.number, complaints);
      if (answer['receipt'] !== 'accepted') complaints.add('"receipt" is not "accepted"');
      const outcomes = readOutcomes(answer['outcomes'], part, complaints);
      complaints.settle();
      return { result: 'accepted', outcomes, status };
    });
  }
  if (status === 409) {
    return read(status, () => {
      const answer = readJson(headers, body);
      const complaints = new Complaints();
      checkBatch(answer['batch'], batch.number, complaints);
      const sha256 = readSha256(answer['sha256'], complaints);
      complaints.settle();
      // Outcomes of other content under this number say nothing of ours.
      const ours = sha256 === null || sha256 === batch.sha256 || sha256 === part.sha256;
      const doubts = new Complaints();
      const outcomes = ours ? readOutcomes(answer['outcomes'], { first: 1, last: batch.lineCount }, doubts) : null;
      return { result: 'known', sha256, outcomes: doubts.any ? null : outcomes, status, ...unusableOf(doubts) };
    });
  }
  const detail = problemText(status, body);
  if (status === 400 || status === 413 || status === 422) {
    const { code, hubDoes } = refusalOf(problemOf(body)?.['code']);
    // No other cut of the lines can help: the agreement, the numbering or a key is wrong, which only a person can put right.
    return hubDoes === 'person' ? { result: 'forbidden', detail, status } : { result: 'refused', code, detail, status };
  }
  if (status === 429 || status === 503) {
    return { result: 'later', retryAfterS: retryAfterSeconds(headers['retry-after'], now), detail, status };
  }
  if (status === 401 || status === 403) return { result: 'forbidden', detail, status };
  // A redirect or any other 4xx: HTTP promises that nothing was done, and the same again cannot help. The address, the
  // method or the agreement is wrong, which only a person can put right.
  if (status >= 300 && status < 500 && status !== 408) {
    const what =
      status < 400 ? 'redirects are not followed; set the target to the final address' : 'is the target right?';
    return { result: 'forbidden', detail: `${detail}; ${what}`, status };
  }
  return { result: 'unclear', detail, status };
}

function read(status: number, reader: () => HandOverResult): HandOverResult {
  try {
    return reader();
  } catch (error) {
    if (!(error instanceof AnswerNotUsable)) throw error;
    const detail = `status ${status}, but the answer cannot be used: ${quoted(error.message)}`;
    return { result: 'unclear', detail, status, unusable: { reason: error.reason, detail } };
  }
}

/** Judges the answer to a status query. Anything but a clear word is `cannotTell`. */
export function judgeAsk(exchange: Exchange, batch: SealedBatch): AskResult {
  if (exchange.end !== 'answered') {
    const unusable = exchange.end === 'unclear' ? exchange.unusable : undefined;
    return { answer: 'cannotTell', detail: exchange.detail, ...(unusable ? { unusable } : {}) };
  }
  const { status, headers, body } = exchange;
  if (status === 404) {
    // A page of HTML is what a wrong address gives; taking it for "never heard of it" would send everything again.
    if (body.length === 0 || !looksLike(body).includes('HTML')) return { answer: 'hasNot' };
    return { answer: 'cannotTell', detail: 'status 404 with an HTML page; is the target right?' };
  }
  if (status !== 200) return { answer: 'cannotTell', detail: problemText(status, body) };
  try {
    const answer = readJson(headers, body);
    const complaints = new Complaints();
    checkBatch(answer['batch'], batch.number, complaints);
    if (answer['state'] !== 'received' && answer['state'] !== 'applied') {
      complaints.add('"state" is neither "received" nor "applied"');
    }
    const sha256 = readSha256(answer['sha256'], complaints);
    complaints.settle();
    // It has the batch whatever its outcomes look like; outcomes that cannot be read count as none, not as a no.
    const doubts = new Complaints();
    const outcomes = readOutcomes(answer['outcomes'], { first: 1, last: batch.lineCount }, doubts);
    return { answer: 'has', sha256, outcomes: doubts.any ? null : outcomes, ...unusableOf(doubts) };
  } catch (error) {
    if (!(error instanceof AnswerNotUsable)) throw error;
    const detail = `status 200, but the answer cannot be used: ${quoted(error.message)}`;
    return { answer: 'cannotTell', detail, unusable: { reason: error.reason, detail } };
  }
}

/** It is not there just now; any other fault of this address alone must not keep batches back. */
const AWAY: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** What an answer to the question for the highest number says. What cannot be read is no word at all. */
export function judgeHighest(exchange: Exchange, provider: string): HighestAnswer {
  if (exchange.end !== 'answered') {
    const forbidden = exchange.end === 'notReached' && exchange.forbidden;
    return { said: forbidden ? 'forbidden' : 'notReached', detail: exchange.detail };
  }
  const { status, body } = exchange;
  if (status === 401 || status === 403) return { said: 'forbidden', detail: problemText(status, body) };
  if (AWAY.has(status)) return { said: 'notReached', detail: problemText(status, body) };
  if (status !== 200) return { said: 'cannotTell' };
  try {
    const { provider: named, highestBatch, sha256, appliedSeq } = readObject(body);
    if (named !== provider || !isCount(highestBatch)) return { said: 'cannotTell' };
    return {
      said: 'number',
      number: highestBatch,
      sha256: typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : null,
      appliedSeq: isCount(appliedSeq) ? appliedSeq : null,
    };
  } catch (error) {
    if (!(error instanceof AnswerNotUsable)) throw error;
    return { said: 'cannotTell' };
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function problemOf(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** A body that says of itself that it is something else is not read: a proxy's page may hold anything. */
function readJson(headers: Record<string, string>, body: Buffer): Record<string, unknown> {
  const type = headers['content-type'];
  if (type !== undefined && !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new AnswerNotUsable([`Content-Type is "${quoted(type)}", JSON was expected`], 'notReadable');
  }
  return readObject(body);
}

/** Outcomes that cannot be read count as none; that they came is told. */
function unusableOf(doubts: Complaints): { unusable?: Unusable } {
  return doubts.any ? { unusable: { reason: 'notUsable', detail: quoted(doubts.error().message) } } : {};
}

function problemText(status: number, body: Buffer): string {
  const problem = problemOf(body);
  const words = [problem?.['title'], problem?.['detail']].filter((one) => typeof one === 'string');
  const said = words.length > 0 ? quoted(words.join(': ')) : body.length > 0 && !problem ? looksLike(body) : '';
  return said ? `status ${status}: ${said}` : `status ${status}`;
}
