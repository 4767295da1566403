// What a status says when a list was sent over HTTP: the same words for the event and for T8.
import type { DestinationsResult } from '#contracts';
import { readObject } from '../formats/outcomes-json.js';
import { AnswerNotUsable } from '../formats/reading.js';
import { retryAfterSeconds } from '../transports/retry-after.js';
import type { Exchange } from '../transports/webhook.js';
import { looksLike, quoted } from '../wording.js';

export type Answered = Extract<Exchange, { end: 'answered' }>;
type Unanswered = Exclude<DestinationsResult, { result: 'acknowledged' | 'told' | 'offered' | 'partial' }>;

/** What no answer, or an answer that is no success, means. */
export function judgeTrouble(exchange: Exchange, now: Date): Unanswered {
  if (exchange.end === 'notReached') {
    const { detail } = exchange;
    return exchange.forbidden ? { result: 'forbidden', detail, status: null } : { result: 'notSent', detail };
  }
  if (exchange.end === 'unclear') return { result: 'unclear', detail: exchange.detail, status: null };
  const { status, headers } = exchange;
  const detail = wordsOf(exchange);
  if (status === 429 || status === 503)
    return { result: 'later', retryAfterS: retryAfterSeconds(headers['retry-after'], now), detail, status };
  if (status === 400 || status === 413 || status === 422) return { result: 'refused', detail, status };
  if (status >= 300 && status < 500 && status !== 408 && status !== 409) return { result: 'forbidden', detail, status };
  return { result: 'unclear', detail, status };
}

/** The provider's words, bounded and masked: of RFC 9457, or what kind of body it is. */
export function wordsOf({ status, body }: Answered): string {
  if (body.length === 0) return `status ${status}`;
  try {
    const value = readObject(body);
    const words = [value['code'], value['title'], value['detail'], value['cause']].filter(
      (one) => typeof one === 'string',
    );
    return words.length > 0 ? `status ${status}: ${quoted(words.join(' '))}` : `status ${status}`;
  } catch (error) {
    if (!(error instanceof AnswerNotUsable)) throw error;
    return `status ${status}: ${looksLike(body)}`;
  }
}

/** The object in an answer, or why it cannot be used. */
export function objectOf({ body, status }: Answered): Record<string, unknown> | string {
  try {
    return readObject(body);
  } catch (error) {
    if (!(error instanceof AnswerNotUsable)) throw error;
    return `status ${status}, but ${looksLike(body)} came where JSON was expected`;
  }
}
