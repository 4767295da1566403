// TM Forum TMF641: a batch is a service order. Looks up by `externalId` before anything could be ordered twice.
import { randomUUID } from 'node:crypto';
import {
  resultCodeOf,
  type AskResult,
  type HandOverResult,
  type HighestAnswer,
  type Outcomes,
  type ProviderProfile,
  type ResultCode,
  type SealedBatch,
  type SealedPart,
} from '#contracts';
import type { BatchExchange } from '../exchange/exchange.js';
import { joinParts, type PartOutcomes } from '../exchange/join-parts.js';
import { neverSent } from '../exchange/judge-answer.js';
import { AnswerNotUsable, isObject } from '../formats/reading.js';
import { readObject, type Span } from '../formats/outcomes-json.js';
import { retryAfterSeconds } from '../transports/retry-after.js';
import type { Exchange, WebhookClient } from '../transports/webhook.js';
import { looksLike, quoted } from '../wording.js';
import { readOrder, type Order } from './read-order.js';
import type { Subscription } from './subscription.js';
import { BASE_PATH, externalIdOf, readExternalId, type OrderKey } from './words.js';
import { tmf641 } from './format.js';

/** Orders asked for in a page of a list; a server may give fewer. */
const PAGE = 500;
/** Pages read of a list, before it counts as "cannot tell". */
const MOST_PAGES = 200;

type LookUp = { found: 'order'; order: Order } | { found: 'none' } | { found: 'unknown'; detail: string };

export class Tmf641Exchange implements BatchExchange {
  constructor(
    private readonly profile: ProviderProfile,
    private readonly client: WebhookClient,
    private readonly subscription: Subscription,
    private readonly clock: () => Date,
  ) {}

  /** When it is due; hand-overs and questions do it too, so that a first order does not wait for a sweep. */
  keepSubscribed(signal: AbortSignal): Promise<void> {
    return this.subscription.keep(signal);
  }

  async handOver(batch: SealedBatch, parts: AsyncIterable<SealedPart>, signal: AbortSignal): Promise<HandOverResult> {
    await this.subscription.keep(signal);
    const answers: PartOutcomes[] = [];
    let status: number | null = null;
    let anyNew = false;
    for await (const part of parts) {
      const key: OrderKey = { number: batch.number, part: part.part, several: part.parts > 1 };
      const externalId = externalIdOf(this.profile.code, key);
      const exchange = await this.client.send(
        {
          method: 'POST',
          path: `${BASE_PATH}/serviceOrder`,
          id: externalId,
          body: part.bytes,
          contentType: tmf641.contentType,
        },
        signal,
      );
      const result = this.judge(exchange, externalId, part);
      if (result.result === 'known') {
        // 409 does not say what it knows: only the order itself does.
        const look = await this.lookUp(externalId, part, signal);
        if (look.found !== 'order')
          return { result: 'unclear', detail: `status 409, but the look-up finds ${look.found}`, status: 409 };
        if (look.order.refusal) return { result: 'refused', ...look.order.refusal, status: 409 };
        answers.push({ span: part, outcomes: look.order.outcomes });
        status = 409;
      } else if (result.result === 'accepted') {
        anyNew = true;
        status = result.status;
        answers.push({ span: part, outcomes: result.outcomes });
      } else {
        return result;
      }
    }
    if (answers.length === 0) return { result: 'notSent', detail: 'the batch has no part' };
    const outcomes = joinParts(answers);
    return anyNew ? { result: 'accepted', outcomes, status } : { result: 'known', sha256: null, outcomes, status };
  }

  private judge(exchange: Exchange, externalId: string, span: Span): HandOverResult {
    if (exchange.end === 'notReached') return neverSent(exchange);
    if (exchange.end === 'unclear') return { result: 'unclear', detail: exchange.detail, status: null };
    const { status, headers, body } = exchange;
    if (status === 201 || status === 200 || status === 202) {
      try {
        const order = readOrder(readObject(body), this.profile.code, span);
        if (externalIdOf(this.profile.code, order.key) !== externalId)
          throw new AnswerNotUsable(['"externalId" is not the one that was sent']);
        if (order.refusal) return { result: 'refused', ...order.refusal, status };
        return { result: 'accepted', outcomes: order.outcomes, status };
      } catch (error) {
        if (!(error instanceof AnswerNotUsable)) throw error;
        return {
          result: 'unclear',
          detail: `status ${status}, but the answer cannot be used: ${quoted(error.message)}`,
          status,
          unusable: { reason: error.reason, detail: quoted(error.message) },
        };
      }
    }
    const { code, detail } = errorOf(status, body);
    if (status === 409) return { result: 'known', sha256: null, outcomes: null, status };
    if (status === 400 || status === 413 || status === 422) return { result: 'refused', code, detail, status };
    if (status === 429 || status === 503) {
      return { result: 'later', retryAfterS: retryAfterSeconds(headers['retry-after'], this.clock()), detail, status };
    }
    if (status >= 300 && status < 500 && status !== 408) return { result: 'forbidden', detail, status };
    return { result: 'unclear', detail, status };
  }

  async ask(batch: SealedBatch, signal: AbortSignal): Promise<AskResult> {
    await this.subscription.keep(signal);
    const single = await this.lookUp(
      externalIdOf(this.profile.code, { number: batch.number, part: 1, several: false }),
      wholeOf(batch),
      signal,
    );
    if (single.found === 'order') {
      const { outcomes, refusal } = single.order;
      if ((outcomes || refusal) && this.wasSilent(batch)) this.subscription.doubt();
      return refusal ? { answer: 'refused', ...refusal } : { answer: 'has', sha256: null, outcomes };
    }
    if (single.found === 'unknown') return { answer: 'cannotTell', detail: single.detail };
    return batch.kind === 'full' ? this.askParts(batch, signal) : { answer: 'hasNot' };
  }

  /** Asked about after so long, it is done, and no event had told. */
  private wasSilent(batch: SealedBatch): boolean {
    const { askEveryS, outcomeDeadlineS } = this.profile;
    return this.clock().getTime() - batch.sealedAt.getTime() >= (askEveryS ?? outcomeDeadlineS) * 1000;
  }

  /** A full list in parts is there when its orders together reach the last position. */
  private async askParts(batch: SealedBatch, signal: AbortSignal): Promise<AskResult> {
    const except: Outcomes['except'] = [];
    for (let part = 1, reached = 0; reached < batch.lineCount; part++) {
      const externalId = externalIdOf(this.profile.code, { number: batch.number, part, several: true });
      const look = await this.lookUp(externalId, null, signal);
      if (look.found === 'unknown') return { answer: 'cannotTell', detail: look.detail };
      if (look.found === 'none') return { answer: 'hasNot' };
      if (!look.order.listed) return { answer: 'cannotTell', detail: 'an order of several does not list its items' };
      reached = look.order.listed.last;
      except.push(...(look.order.outcomes?.except ?? []));
    }
    return { answer: 'has', sha256: null, outcomes: except.length > 0 ? { except } : null };
  }

  /**
   * Servers filter by any attribute (TMF630); one that does not is read page by page, so that "none" is never guessed.
   * Lists are asked for keys only, since orders are large; the order itself is read by its id.
   */
  private async lookUp(externalId: string, span: Span | null, signal: AbortSignal): Promise<LookUp> {
    for await (const orders of this.pages({ externalId }, signal)) {
      if (typeof orders === 'string') return { found: 'unknown', detail: orders };
      const ids = orders.flatMap((one) =>
        isObject(one) && one['externalId'] === externalId && typeof one['id'] === 'string' ? [one['id']] : [],
      );
      if (ids.length > 0) return this.best(ids, span, signal);
    }
    return { found: 'none' };
  }

  /**
   * The list of orders, page by page, or why it cannot be read to its end. A server may give smaller pages than asked
   * for, so the list ends where `X-Total-Count` says, or with an empty page.
   */
  private async *pages(filter: Record<string, string>, signal: AbortSignal): AsyncGenerator<unknown[] | string> {
    for (let page = 0, offset = 0; page < MOST_PAGES; page++) {
      const query = new URLSearchParams({
        ...filter,
        fields: 'id,externalId,state',
        offset: String(offset),
        limit: String(PAGE),
      });
      const exchange = await this.get(`/serviceOrder?${query.toString()}`, signal);
      const orders = listOf(exchange);
      yield orders;
      if (typeof orders === 'string' || orders.length === 0) return;
      offset += orders.length;
      const total = exchange.end === 'answered' ? Number(exchange.headers['x-total-count'] ?? NaN) : NaN;
      if (offset >= total) return;
    }
    yield `its list of orders does not end within ${MOST_PAGES} pages`;
  }

  /** Should there be several of one key, one that was not refused tells what was done. */
  private async best(ids: string[], span: Span | null, signal: AbortSignal): Promise<LookUp> {
    let refused: Order | null = null;
    for (const id of ids) {
      const exchange = await this.get(`/serviceOrder/${encodeURIComponent(id)}`, signal);
      if (exchange.end !== 'answered') return { found: 'unknown', detail: exchange.detail };
      if (exchange.status !== 200) return { found: 'unknown', detail: errorOf(exchange.status, exchange.body).detail };
      try {
        const order = readOrder(readObject(exchange.body), this.profile.code, span);
        if (!order.refusal) return { found: 'order', order };
        refused ??= order;
      } catch (error) {
        if (!(error instanceof AnswerNotUsable)) throw error;
        return { found: 'unknown', detail: `the order cannot be used: ${quoted(error.message)}` };
      }
    }
    return refused ? { found: 'order', order: refused } : { found: 'none' };
  }

  /** Its list of orders may be long, so the next number is looked up first; only when that is there the list is read. */
  async highestNumber(above: number, signal: AbortSignal): Promise<HighestAnswer> {
    let highest = above;
    for (const several of [false, true]) {
      const externalId = externalIdOf(this.profile.code, { number: above + 1, part: 1, several });
      const next = await this.highestOf({ externalId }, signal);
      if (typeof next === 'string') return notTold(next);
      highest = Math.max(highest, next);
    }
    if (highest > above) {
      const all = await this.highestOf({}, signal);
      if (typeof all === 'string') return notTold(all);
      highest = Math.max(highest, all);
    }
    return { said: 'number', number: highest, sha256: null, appliedSeq: null };
  }

  /** The highest number among the orders that a filter finds; 0 for none, a text when the list cannot be read. */
  private async highestOf(filter: Record<string, string>, signal: AbortSignal): Promise<number | string> {
    let highest = 0;
    for await (const orders of this.pages(filter, signal)) {
      if (typeof orders === 'string') return orders;
      for (const one of orders) {
        const externalId = isObject(one) ? one['externalId'] : undefined;
        const key = readExternalId(externalId, this.profile.code);
        // A server may ignore the filter.
        if (key && (filter['externalId'] ?? externalId) === externalId) highest = Math.max(highest, key.number);
      }
    }
    return highest;
  }

  private get(path: string, signal: AbortSignal): Promise<Exchange> {
    return this.client.send({ method: 'GET', path: `${BASE_PATH}${path}`, id: `ask-${randomUUID()}` }, signal);
  }

  async close(): Promise<void> {
    await this.subscription.end();
    this.client.close();
  }
}

/** Why its list cannot be read, in the words of `listOf`: they begin with the status. */
function notTold(detail: string): HighestAnswer {
  return { said: /^status 40[13]\b/.test(detail) ? 'forbidden' : 'notReached', detail };
}

function wholeOf(batch: SealedBatch): Span {
  return { first: 1, last: batch.lineCount };
}

/** The array in an answer, or why there is none. */
function listOf(exchange: Exchange): unknown[] | string {
  if (exchange.end !== 'answered') return exchange.detail;
  const { status, body } = exchange;
  if (status !== 200 && status !== 206) return errorOf(status, body).detail;
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return Array.isArray(value) ? value : 'the list of orders is no array';
  } catch {
    return `status ${status}, but ${looksLike(body)} came where a list of orders was expected`;
  }
}

/** TMF's `Error{code, reason, message}` in words. */
function errorOf(status: number, body: Buffer): { code: ResultCode; detail: string } {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    value = undefined;
  }
  if (!isObject(value))
    return {
      code: 'INVALID_FORMAT',
      detail: body.length > 0 ? `status ${status}: ${looksLike(body)}` : `status ${status}`,
    };
  const words = [value['code'], value['reason'], value['message']].filter((one) => typeof one === 'string').join(' ');
  const code = typeof value['code'] === 'string' ? resultCodeOf(value['code']) : undefined;
  return { code: code ?? 'INVALID_FORMAT', detail: words ? `status ${status}: ${quoted(words)}` : `status ${status}` };
}
