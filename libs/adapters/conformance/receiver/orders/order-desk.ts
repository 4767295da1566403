// The hub's requests to a server of service orders, as the conformance tool makes them: every answer is read by the hub's
// own readers and held against the swagger; what is wrong with an answer itself is told here.
import { randomUUID } from 'node:crypto';
import type { ProviderProfile, WebhookTransport } from '#contracts';
import { readObject, type Span } from '../../../formats/outcomes-json.js';
import { AnswerNotUsable, isObject } from '../../../formats/reading.js';
import { readOrder, type Order } from '../../../tmf641/read-order.js';
import { BASE_PATH, externalIdOf, readExternalId } from '../../../tmf641/words.js';
import { tmf641 } from '../../../tmf641/format.js';
import type { Exchange, WebhookRequest } from '../../../transports/webhook.js';
import { looksLike, quoted } from '../../../wording.js';
import { SpoiltClients, type ClientSpoil } from '../spoilt-clients.js';
import type { Fault } from '../faults.js';
import type { TellFault } from '../listener.js';
import { troubleWithError, troubleWithOrder, troubleWithSubscription } from './shape.js';

/** Orders asked for in a page of a list; a server may give fewer. */
const PAGE = 500;
/** Pages read of a list at most. */
const MOST_PAGES = 200;
/** Longest answer beside its items, and bytes of an item in it. */
const ANSWER_BYTES = 64 * 1024;
const ITEM_BYTES = 2_048;

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/** How a message is spoilt, beside its signature. */
export interface OrderSpoil extends ClientSpoil {
  body?: Buffer;
  contentType?: string;
  /** It must not be taken: when it is, that is the fault, and not how the order is shown. */
  unwanted?: true;
}

/** An order that was answered, with the state that it says. */
export interface ShownOrder extends Order {
  state: string;
}

/** What an answer to an order is, before its outcomes are looked at. */
export type OrderWord = 'taken' | 'conflict' | 'refused' | 'forbidden' | 'nonsense' | 'none';

export interface OrderAnswer {
  word: OrderWord;
  status: number | null;
  order: ShownOrder | null;
  seen: string;
}

export interface OrderDeskOptions {
  profile: ProviderProfile & { transport: WebhookTransport };
  secret: (name: string) => string | undefined;
  allowedNetworks: readonly string[];
  ca?: string;
  tell: TellFault;
}

const calm = new AbortController().signal;

export class OrderDesk {
  readonly figures = { batches: 0, lines: 0, largestBytes: 0, slowestMs: 0 };
  private readonly clients: SpoiltClients;

  constructor(private readonly options: OrderDeskOptions) {
    const { profile } = options;
    this.clients = new SpoiltClients({
      ...options,
      maxAnswerBytes: ANSWER_BYTES + profile.maxLines * ITEM_BYTES,
      maxSockets: profile.maxInFlight + 2,
    });
  }

  close(): void {
    this.clients.close();
  }

  externalId(number: number): string {
    return externalIdOf(this.options.profile.code, { number, part: 1, several: false });
  }

  /** @param lines items in the body */
  async post(number: number, bytes: Buffer, lines: number, spoil: OrderSpoil = {}): Promise<OrderAnswer> {
    const body = spoil.body ?? bytes;
    this.figures.batches++;
    this.figures.lines += lines;
    this.figures.largestBytes = Math.max(this.figures.largestBytes, body.length);
    const externalId = this.externalId(number);
    const contentType = spoil.contentType ?? tmf641.contentType;
    const request = { method: 'POST', path: '/serviceOrder', id: externalId, body, contentType } as const;
    const exchange = await this.send(request, spoil);
    return this.wordOf(
      exchange,
      number,
      { first: 1, last: lines },
      spoil.unwanted ? () => undefined : this.options.tell,
    );
  }

  private wordOf(exchange: Exchange, number: number, span: Span, tell: TellFault): OrderAnswer {
    const none = { status: null, order: null };
    const trouble = this.unanswered(exchange);
    if (exchange.end !== 'answered') return { ...none, word: trouble, seen: exchange.detail };
    const { status, body } = exchange;
    if (status === 200 || status === 201 || status === 202) {
      const order = this.orderIn(exchange, number, span, tell);
      return { word: order ? 'taken' : 'nonsense', status, order, seen: `status ${status}` };
    }
    const seen = `status ${status}${wordsOf(body)}`;
    if (status === 401 || status === 403) return { word: 'forbidden', status, order: null, seen };
    const word =
      status === 409
        ? 'conflict'
        : [400, 413, 415, 422].includes(status)
          ? ('refused' as const)
          : ('nonsense' as const);
    if (word !== 'nonsense') this.judgeError(exchange);
    return { word, status, order: null, seen };
  }

  /** Tells why there is no answer, and gives the word for it. */
  private unanswered(exchange: Exchange): 'none' | 'forbidden' {
    if (exchange.end === 'unclear') this.options.tell('noAnswer', exchange.detail);
    if (exchange.end !== 'notReached') return 'none';
    if (exchange.forbidden) return 'forbidden';
    this.options.tell('notReachable', exchange.detail);
    return 'none';
  }

  /** Tells a fault; there is nothing then. */
  private told(fault: Fault, seen: string): null {
    this.options.tell(fault, seen);
    return null;
  }

  private judgeError({ status, body }: Exchange & { end: 'answered' }): void {
    const trouble = troubleWithError(jsonOf(body));
    if (trouble.length > 0) this.options.tell('errorNotStandard', `status ${status}: ${trouble.join('; ')}`);
  }

  /** The order in an answer; told as a fault, and null, when it is none of this number. */
  private orderIn(
    exchange: Exchange & { end: 'answered' },
    number: number,
    span: Span,
    tell: TellFault,
  ): ShownOrder | null {
    const { status, body, headers } = exchange;
    const { profile } = this.options;
    try {
      const type = headers['content-type'];
      // As the hub does: what says of itself that it is something else is not read.
      if (type !== undefined && !JSON_TYPE.test(type))
        throw new AnswerNotUsable([`Content-Type is "${quoted(type)}", JSON was expected`]);
      const value = readObject(body);
      const order = readOrder(value, profile.code, span);
      if (order.key.number !== number || order.key.several)
        throw new AnswerNotUsable(['"externalId" is not the one that was sent']);
      const trouble = troubleWithOrder(value);
      if (trouble.length > 0) tell('orderNotStandard', `status ${status}: ${trouble.slice(0, 3).join('; ')}`);
      return { ...order, state: value['state'] as string };
    } catch (error) {
      if (!(error instanceof AnswerNotUsable)) throw error;
      tell('orderUnusable', `status ${status}: ${error.message}`);
      return null;
    }
  }

  /** The order as it stands now; told as a fault, and null, when it is not shown. */
  async show(id: string, number: number, lines: number): Promise<ShownOrder | null> {
    const exchange = await this.get(`/serviceOrder/${encodeURIComponent(id)}`);
    if (exchange.end !== 'answered') {
      this.unanswered(exchange);
      return null;
    }
    if (exchange.status !== 200) return this.told('orderNotShown', `status ${exchange.status}`);
    const order = this.orderIn(exchange, number, { first: 1, last: lines }, this.options.tell);
    if (order && order.id !== id) return this.told('orderNotShown', 'another order was shown');
    return order;
  }

  /** The ids of the orders with this key; told as a fault, and null, when the list cannot be read. */
  async lookUp(number: number): Promise<string[] | null> {
    const externalId = this.externalId(number);
    const found = await this.list({ externalId });
    if (typeof found === 'string') return this.told('listUnusable', found);
    return found.flatMap((one) => (one.externalId === externalId ? [one.id] : []));
  }

  /** The highest number that it knows, 0 when it knows none or cannot tell. */
  async highest(): Promise<number> {
    const all = await this.list({});
    if (typeof all === 'string') return 0;
    const { code } = this.options.profile;
    return all.reduce((most, { externalId }) => Math.max(most, readExternalId(externalId, code)?.number ?? 0), 0);
  }

  /** Page by page, as the hub reads it; or why it cannot be read. */
  private async list(filter: Record<string, string>): Promise<{ id: string; externalId: string }[] | string> {
    const found: { id: string; externalId: string }[] = [];
    for (let page = 0, offset = 0; page < MOST_PAGES; page++) {
      const fields = 'id,externalId,state';
      const query = new URLSearchParams({ ...filter, fields, offset: String(offset), limit: String(PAGE) });
      const exchange = await this.get(`/serviceOrder?${query.toString()}`);
      if (exchange.end !== 'answered') return exchange.detail;
      const { status, body, headers } = exchange;
      const orders = jsonOf(body);
      if ((status !== 200 && status !== 206) || !Array.isArray(orders))
        return `status ${status}${Array.isArray(orders) ? '' : ` with ${isObject(orders) ? 'an object' : looksLike(body)}`}`;
      for (const one of orders as unknown[]) {
        if (!isObject(one) || typeof one['id'] !== 'string') return `status ${status}: an order without id`;
        if (typeof one['externalId'] === 'string') found.push({ id: one['id'], externalId: one['externalId'] });
      }
      offset += orders.length;
      if (orders.length === 0 || offset >= Number(headers['x-total-count'] ?? NaN)) break;
    }
    return found;
  }

  /** Subscribes; the id of the subscription, or why there is none, told as a fault. */
  async subscribe(callback: string): Promise<string | null> {
    const body = Buffer.from(JSON.stringify({ callback, query: 'eventType=ServiceOrderStateChangeEvent' }));
    const id = `hub-${randomUUID()}`;
    const contentType = tmf641.contentType;
    const exchange = await this.send({ method: 'POST', path: '/hub', id, body, contentType }, {});
    const { tell } = this.options;
    if (exchange.end !== 'answered') {
      this.unanswered(exchange);
      return null;
    }
    const { status, body: answer } = exchange;
    if (status === 409) return this.told('hubTaken', `status 409${wordsOf(answer)}`);
    if (status < 200 || status > 299) return this.told('hubRefused', `status ${status}${wordsOf(answer)}`);
    const value = jsonOf(answer);
    const trouble = troubleWithSubscription(value);
    if (trouble.length > 0) tell('hubAnswerUnusable', `status ${status}: ${trouble.join('; ')}`);
    else if (status !== 201) tell('hubRefused', `status ${status} where 201 was expected`);
    const given = isObject(value) ? value['id'] : undefined;
    return typeof given === 'string' || typeof given === 'number' ? String(given) : null;
  }

  /** The status of the answer to the end of a subscription, null when there was none. */
  async unsubscribe(id: string): Promise<number | null> {
    const path = `/hub/${encodeURIComponent(id)}`;
    const exchange = await this.send({ method: 'DELETE', path, id: `hub-${randomUUID()}` }, {});
    return exchange.end === 'answered' ? exchange.status : null;
  }

  private get(path: string): Promise<Exchange> {
    return this.send({ method: 'GET', path, id: `ask-${randomUUID()}` }, {});
  }

  private async send(request: WebhookRequest, spoil: OrderSpoil): Promise<Exchange> {
    const began = performance.now();
    const unsigned = spoil.signature === 'absent' ? { unsigned: true as const } : {};
    const message = { ...request, path: `${BASE_PATH}${request.path}`, ...unsigned };
    const exchange = await this.clients.of(spoil).send(message, calm);
    this.figures.slowestMs = Math.max(this.figures.slowestMs, Math.round(performance.now() - began));
    return exchange;
  }
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** What a refusal says, or what its body looks like. */
function wordsOf(body: Buffer): string {
  const value = jsonOf(body);
  if (!isObject(value)) return body.length > 0 ? `: ${looksLike(body)}` : '';
  const words = ['code', 'reason', 'message'].flatMap((name) => (typeof value[name] === 'string' ? [value[name]] : []));
  return words.length > 0 ? `: ${words.join(' ')}` : '';
}
