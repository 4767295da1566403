// Reads `outcomes` and what surrounds it in JSON answers: the answer to a hand-over, to a status query, and callbacks.
import { isResultCode, RESULT_CODE_ORDER, type LineOutcome, type Outcomes } from '#contracts';
import { looksLike } from '../wording.js';
import { AnswerNotUsable, Complaints, isCount, isObject, kindOf, troubleWithInstant } from './reading.js';

/** Longest `ref` that is looked at; ours have 36 characters. */
const LONGEST_REF = 64;
/** Longest wait that one line may ask for, in seconds (7 days). */
const LONGEST_LINE_WAIT_S = 7 * 86_400;

/** The positions that an answer may speak of, both ends included. */
export interface Span {
  first: number;
  last: number;
}

/** The JSON object in a body. Throws `AnswerNotUsable` that says what came instead. */
export function readObject(body: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new AnswerNotUsable([`${looksLike(body)} came where a JSON object was expected`], 'notReadable');
  }
  if (!isObject(value)) throw new AnswerNotUsable([`the body is ${kindOf(value)}, a JSON object was expected`]);
  return value;
}

/** Complains unless `batch` is the number that is meant. */
export function checkBatch(value: unknown, expected: number, complaints: Complaints): void {
  if (!isCount(value)) complaints.add(`"batch" is ${kindOf(value)}, a number from 1 was expected`);
  else if (value !== expected) complaints.add(`"batch" is ${value}, but ${expected} was meant`);
}

/** A lower-case SHA-256 in hex, null when absent or null. */
export function readSha256(value: unknown, complaints: Complaints): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && /^[0-9a-fA-F]{64}$/.test(value)) return value.toLowerCase();
  complaints.add('"sha256" is not 64 hexadecimal digits');
  return null;
}

/**
 * Reads an `outcomes` object (docs/providers/contract.md, "Outcomes"), null when absent. Members that are not known are
 * ignored. Complains of everything that is wrong; the result counts only when nothing was.
 * @param span the positions that were sent; null when not known here (callbacks), then whoever records them checks.
 */
export function readOutcomes(value: unknown, span: Span | null, complaints: Complaints): Outcomes | null {
  if (value === undefined || value === null) return null;
  if (!isObject(value)) {
    complaints.add(`"outcomes" is ${kindOf(value)}, an object was expected`);
    return null;
  }
  const result: Outcomes = { except: [] };
  if (value['default'] !== undefined && value['default'] !== null) {
    if (value['default'] === 'applied' || value['default'] === 'already') result.default = value['default'];
    else
      complaints.add(
        '"outcomes.default" is neither "applied" nor "already"; leave it out when you answer line by line',
      );
  }
  for (const end of ['first', 'last'] as const) {
    const at = value[end];
    if (at === undefined || at === null) continue;
    if (!isCount(at)) complaints.add(`"outcomes.${end}" is no position from 1`);
    else if (span && (at < span.first || at > span.last)) complaints.add(`"outcomes.${end}" is ${at}, ${sent(span)}`);
    else result[end] = at;
  }
  if (result.first !== undefined && result.last !== undefined && result.first > result.last) {
    complaints.add(`"outcomes.first" ${result.first} is after "outcomes.last" ${result.last}`);
  }
  const except = value['except'] ?? [];
  if (!Array.isArray(except)) {
    complaints.add(`"outcomes.except" is ${kindOf(except)}, an array was expected`);
    return result;
  }
  if (span && except.length > span.last - span.first + 1) {
    complaints.add(`"outcomes.except" has ${except.length} items, ${span.last - span.first + 1} lines were sent`);
    return result;
  }
  const seen = new Set<number>();
  for (let i = 0; i < except.length; i++) {
    const line = readLine(except[i], `outcomes.except[${i}]`, span, complaints);
    if (!line) continue;
    if (seen.has(line.n)) complaints.add(`outcomes.except[${i}] speaks of position ${line.n} a second time`);
    seen.add(line.n);
    result.except.push(line);
  }
  return result;
}

function sent(span: Span): string {
  return `positions ${span.first} to ${span.last} were sent`;
}

function readLine(value: unknown, where: string, span: Span | null, complaints: Complaints): LineOutcome | null {
  if (!isObject(value)) {
    complaints.add(`${where} is ${kindOf(value)}, an object was expected`);
    return null;
  }
  const { n, ref, outcome, code, retryAfter } = value;
  let good = true;
  const wrong = (problem: string): void => {
    complaints.add(`${where}${problem}`);
    good = false;
  };
  if (!isCount(n)) wrong(`.n is no position from 1`);
  else if (span && (n < span.first || n > span.last)) wrong(`.n is ${n}, ${sent(span)}`);
  if (typeof ref !== 'string' || ref.length === 0 || ref.length > LONGEST_REF)
    wrong('.ref is not the ref that was sent');
  const word = wordOf(outcome);
  if (!word) wrong('.outcome is none of applied, already, rejected, retryLater');
  const needsCode = word === 'rejected' || word === 'retryLater';
  const given = code !== undefined && code !== null;
  if (given && !isResultCode(code)) wrong(`.code is none of ${RESULT_CODE_ORDER.join(', ')}`);
  if (needsCode && !given) wrong(`.code is absent; ${word} needs one of ${RESULT_CODE_ORDER.join(', ')}`);
  const waits = retryAfter !== undefined && retryAfter !== null;
  if (waits && !(typeof retryAfter === 'number' && retryAfter >= 0 && retryAfter <= LONGEST_LINE_WAIT_S)) {
    wrong(`.retryAfter is not a number of seconds up to ${LONGEST_LINE_WAIT_S}`);
  }
  if (!good || !word) return null;
  const line: LineOutcome = { n: n as number, ref: ref as string, outcome: word };
  if (needsCode && isResultCode(code)) line.code = code;
  if (waits && word === 'retryLater') line.retryAfter = Math.ceil(retryAfter as number);
  return line;
}

function wordOf(value: unknown): LineOutcome['outcome'] | null {
  return value === 'applied' || value === 'already' || value === 'rejected' || value === 'retryLater' ? value : null;
}

/** What a callback says once its signature is verified. */
export interface CallbackContent {
  batch: number;
  outcomes: Outcomes;
  /** Hash of the batch as the provider received it, when it tells. */
  sha256: string | null;
}

export const OUTCOMES_EVENT_TYPE = 'th.onde.saphan.whitelist.outcomes.v1';

/** An event's time may be this many seconds ahead of ours: clocks differ, but nothing is answered before it happened. */
const AHEAD_S = 300;

/** Reads a callback event of one provider. Throws `AnswerNotUsable` with everything that is wrong. */
export function readCallbackEvent(body: Buffer, provider: string, now: Date): CallbackContent {
  const event = readObject(body);
  const complaints = new Complaints();
  if (event['specversion'] !== '1.0') complaints.add('"specversion" is not "1.0"');
  if (event['type'] !== OUTCOMES_EVENT_TYPE) complaints.add(`"type" is not "${OUTCOMES_EVENT_TYPE}"`);
  if (typeof event['id'] !== 'string' || event['id'] === '') complaints.add('"id" is absent');
  if (event['time'] !== undefined) {
    const trouble = troubleWithInstant(event['time']);
    if (trouble) complaints.add(`"time" ${trouble}`);
    else if (Date.parse(String(event['time'])) > now.getTime() + AHEAD_S * 1000) {
      complaints.add('"time" is in the future; set your clock, and write the time at which the event happened');
      throw complaints.error('clockWrong');
    }
  }
  const data = event['data'];
  if (!isObject(data)) {
    complaints.add(`"data" is ${kindOf(data)}, an object was expected`);
    throw complaints.error();
  }
  if (typeof data['contract'] !== 'string' || !/^1\.\d{1,3}$/.test(data['contract'])) {
    complaints.add('"data.contract" is not a 1.x version of the feed contract');
  }
  if (data['provider'] !== provider) {
    complaints.add(`"data.provider" is not "${provider}", whose secret signed this`);
    if (typeof data['provider'] === 'string') throw complaints.error('wrongProvider');
  }
  if (!isCount(data['batch'])) complaints.add(`"data.batch" is ${kindOf(data['batch'])}, a number from 1 was expected`);
  if (data['outcomes'] === undefined || data['outcomes'] === null) complaints.add('"data.outcomes" is absent');
  const outcomes = readOutcomes(data['outcomes'], null, complaints);
  const sha256 = readSha256(data['sha256'], complaints);
  complaints.settle();
  return { batch: data['batch'] as number, outcomes: outcomes!, sha256 };
}
