// The TMF641 server: orders, look-up by externalId, the hub of subscriptions, with the dial's faults.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { sha256 } from '../book/book.js';
import type { FaultKind } from '../dial.js';
import { loopbackUrl } from '../loopback.js';
import type { Provider } from '../provider.js';
import { type IncomingPart, RefusedError } from '../words.js';
import { answerT8 } from '../destinations/t8.js';
import { answerInventory } from '../snapshot/inventory.js';
import { FaultPlayer } from '../webhook/faults.js';
import { addressOf, answer, closed, listen, readBody } from '../webhook/http.js';
import type { Verifier } from '../webhook/signature.js';
import type { Listeners } from './listeners.js';
import type { OrderStore } from './order-store.js';
import { BASE, batchOfOrder, type KeptOrder, orderIdOf, orderView, rejectedView } from './order-view.js';
import { batchOf, type Loose, parseOrder, readOrder } from './parse-order.js';
import type { Witness } from './witness.js';

export interface OrderServerOptions {
  provider: Provider;
  store: OrderStore;
  listeners: Listeners;
  witness: Witness;
  verifier: Verifier;
  unsigned: 'taken' | 'refused';
  host: string;
  port: number;
  /** Called when a new order was taken, with whether it was rejected as a whole afterwards. */
  taken: (batch: number, rejected: boolean) => void;
}

export class OrderServer {
  readonly faults: FaultPlayer;
  /** How deletes named what goes: by the provider's own id, by line, and by line although a service stood there. */
  readonly deletes = { byServiceId: 0, byLine: 0, heldByLine: 0 };

  private constructor(
    private readonly options: OrderServerOptions,
    private server: Server,
  ) {
    this.faults = new FaultPlayer(options.provider);
  }

  static async open(options: OrderServerOptions): Promise<OrderServer> {
    const server = await listen(options.host, options.port, (request, response) => self.#handle(request, response));
    const self = new OrderServer(options, server);
    return self;
  }

  get address(): string {
    return addressOf(this.server);
  }

  close(): Promise<void> {
    return closed(this.server);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://simulator');
    const path = url.pathname.startsWith(BASE) ? url.pathname.slice(BASE.length) : '';
    const raw = await readBody(request);
    const body = raw.toString();
    // The standard knows no signature: who sends none is asked for it only when that was agreed; a wrong one is never right.
    const { verifier, unsigned, provider } = this.options;
    const signature = verifier.verify(request.headers, raw, body);
    if (signature === 'wrong' || (signature === 'missing' && unsigned === 'refused')) {
      provider.observer.violation('badSignature');
      return this.#fail(response, 401, 'CREDENTIALS', `the signature is ${signature}`);
    }
    if (answerT8(this.options.provider, request, url.pathname, body, response) === 'answered') return;
    const nameOf = (batch: number): string | undefined => this.options.store.order(batch)?.externalId;
    if (answerInventory(provider, request, response, nameOf)) return;
    if (request.method === 'POST' && path === '/serviceOrder') {
      if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? ''))
        return this.#fail(response, 415, 'MEDIA_TYPE', 'Content-Type is not application/json');
      return this.#create(body, response);
    }
    if (request.method === 'POST' && path === '/hub') return this.#subscribe(body, response);
    if (request.method === 'DELETE' && path.startsWith('/hub/')) return this.#unsubscribe(path.slice(5), response);
    if (request.method === 'GET' && path.startsWith('/serviceOrder')) return this.#show(path, url, response);
    this.#fail(response, 404, '404', `known are POST and GET ${BASE}/serviceOrder, POST and DELETE ${BASE}/hub`);
  }

  /** `Error` of the standard: code and reason are required. */
  #fail(response: ServerResponse, status: number, code: string, message: string): void {
    const error = { code, reason: message, message, status: String(status), '@type': 'Error' };
    this.options.witness('error', error);
    answer(response, status, error);
  }

  async #create(body: string, response: ServerResponse): Promise<void> {
    const { provider, witness } = this.options;
    let order: Loose;
    let part: IncomingPart;
    try {
      order = readOrder(body);
      part = parseOrder(order, sha256(body), provider.applier.book);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      provider.observer.violation('malformedBatch', { detail: error.refusal.code });
      return this.#fail(response, 400, error.refusal.code, error.message);
    }
    witness('order', order);
    const fault = await this.faults.draw();
    if (fault !== 'none' && this.faults.before(fault, response) === 'played') {
      provider.observer.arrived(part);
      return;
    }
    this.#take(part, order as unknown as NewOrder, body, fault, response);
  }

  #take(part: IncomingPart, order: NewOrder, body: string, fault: FaultKind | 'none', response: ServerResponse): void {
    const { provider, store, listeners, taken, witness } = this.options;
    const kept: KeptOrder = {
      externalId: order.externalId,
      orderDate: new Date(provider.now()).toISOString(),
      itemIds: order.serviceOrderItem.map((item) => item.id),
      actions: order.serviceOrderItem.map((item) => item.action),
      refs: part.lines.map((line) => line.ref),
    };
    const known = (): void =>
      this.#fail(
        response,
        409,
        '40901',
        `an order with externalId ${kept.externalId} is there: ${orderIdOf(part.batch)}`,
      );
    const location = { location: `${BASE}/serviceOrder/${orderIdOf(part.batch)}` };
    if (this.#refusal(part.batch)) return known();
    try {
      // Kept first: the outcomes may be told before `receive` returns.
      const isNew = !provider.known.has(part.batch);
      if (isNew) {
        store.keep(part.batch, kept);
        this.#countDeletes(part, order);
      }
      const verdict = provider.receive(part, Buffer.from(body));
      if (isNew) {
        if (provider.random() < provider.dial.orders.loseSubscriptions && listeners.subscriptions.length > 0) {
          provider.effects.count('orders.loseSubscriptions');
          listeners.loseAll();
        }
        taken(part.batch, false);
      }
      if (this.faults.after(fault, response) === 'played') return;
      if (verdict.verdict === 'known') return known();
      if (provider.random() < provider.dial.orders.conflict) {
        provider.effects.count('orders.conflict');
        return known();
      }
      const view = orderView(verdict.batch, kept, this.address, provider.now(), { early: 'acknowledged' });
      witness('answer', view);
      answer(response, 201, view, location);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      const { status, code } = error.refusal;
      if (status !== 422 || provider.dial.orders.refuse === 'atOnce') {
        return this.#fail(response, 400, code, error.message);
      }
      provider.effects.count('orders.refuse');
      store.refuse(part.batch, { code, reason: error.message });
      taken(part.batch, true);
      if (this.faults.after(fault, response) === 'played') return;
      const states = kept.actions.map((action, i) => ({
        id: kept.itemIds[i],
        action,
        state: 'acknowledged',
        service: {},
      }));
      const view = {
        id: orderIdOf(part.batch),
        externalId: kept.externalId,
        state: 'acknowledged',
        orderDate: kept.orderDate,
        serviceOrderItem: states,
      };
      witness('answer', view);
      answer(response, 201, view, location);
    }
  }

  #countDeletes(part: IncomingPart, order: NewOrder): void {
    for (const [i, item] of order.serviceOrderItem.entries()) {
      if (item.action !== 'delete') continue;
      const { book } = this.options.provider.applier;
      if (item.service.id !== undefined) this.deletes.byServiceId++;
      else if (book.isPresent(book.find(part.lines[i]?.ref ?? ''))) this.deletes.heldByLine++;
      else this.deletes.byLine++;
    }
  }

  /** Why this order was rejected as a whole after it was taken. */
  #refusal(batch: number): { code: string; reason: string } | undefined {
    const { provider, store } = this.options;
    if (provider.observer.state.batches.get(batch)?.fate !== 'refused') return undefined;
    return store.refusals.get(batch);
  }

  async #show(path: string, url: URL, response: ServerResponse): Promise<void> {
    const { provider, witness } = this.options;
    if (provider.dial.faultsOn === 'everything') {
      const fault = await this.faults.draw();
      if (fault !== 'none' && this.faults.before(fault, response) === 'played') {
        provider.effects.count('faultsOn');
        return;
      }
    }
    if (path === '/serviceOrder') return this.#list(url.searchParams, response);
    const found = this.view(batchOfOrder(path.slice('/serviceOrder/'.length)));
    if (found === undefined) return this.#fail(response, 404, '404', 'there is no such order');
    witness('answer', found);
    answer(response, 200, found);
  }

  #list(asked: URLSearchParams, response: ServerResponse): void {
    const { provider, store, witness } = this.options;
    const { filter, page } = provider.dial.orders;
    const externalId = asked.get('externalId');
    const numbers =
      externalId !== null && filter === 'on'
        ? [batchOf(externalId)].filter((batch) => batch !== undefined && store.order(batch)?.externalId === externalId)
        : [...new Set([...provider.known.keys(), ...store.refusals.keys()])].toSorted((a, b) => a - b);
    const fields = asked.get('fields')?.split(',');
    const whole = fields === undefined || fields.includes('serviceOrderItem');
    const there = numbers.filter(
      (batch) => batch !== undefined && (provider.known.has(batch) || this.#refusal(batch) !== undefined),
    );
    if (externalId !== null && filter === 'off') provider.effects.count('orders.filter');
    const offset = Number(asked.get('offset') ?? 0);
    const most = Math.min(Number(asked.get('limit') ?? page), page);
    const list = there.slice(offset, offset + most).map((batch) => {
      const order = this.view(batch, whole) ?? {};
      return fields === undefined
        ? order
        : Object.fromEntries(Object.entries(order).filter(([name]) => fields.includes(name) || name === 'href'));
    });
    // Cut shorter than was asked for: the rest is in further pages.
    if (page === most && offset + most < there.length) provider.effects.count('orders.page');
    witness('list', list);
    const counts = { 'x-result-count': String(list.length), 'x-total-count': String(there.length) };
    answer(response, list.length < there.length ? 206 : 200, list, counts);
  }

  /** The order as it stands now; `whole` false leaves its items out. */
  view(batch: number | undefined, whole = true): Record<string, unknown> | undefined {
    const { provider, store } = this.options;
    const kept = batch === undefined ? undefined : store.order(batch);
    if (batch === undefined || kept === undefined) return undefined;
    const refusal = this.#refusal(batch);
    if (refusal !== undefined)
      return rejectedView(batch, whole ? kept : { ...kept, actions: [] }, refusal, this.address);
    const known = provider.known.get(batch);
    const shown = whole ? 'whole' : 'keys';
    return known === undefined ? undefined : orderView(known, kept, this.address, provider.now(), { shown });
  }

  #subscribe(body: string, response: ServerResponse): void {
    const { provider, listeners, witness } = this.options;
    let callback: string;
    let wanted: { callback?: unknown; query?: unknown };
    try {
      wanted = JSON.parse(body);
      witness('hub', wanted);
      callback = loopbackUrl('callback', String(wanted.callback));
    } catch (error) {
      return this.#fail(response, 400, 'BAD_CALLBACK', error instanceof Error ? error.message : String(error));
    }
    const [there] = listeners.subscriptions;
    if (there !== undefined && provider.dial.orders.listeners === 'one') {
      // As the standard has it: a second one waits until the first is deleted, and whose it is nobody tells.
      return this.#fail(response, 409, '40902', 'there is a listener already');
    }
    if (there !== undefined) provider.effects.count('orders.listeners');
    const subscription = listeners.add(callback, typeof wanted.query === 'string' ? wanted.query : undefined);
    witness('hubAnswer', subscription);
    answer(response, 201, subscription, { location: `${BASE}/hub/${subscription.id}` });
  }

  #unsubscribe(id: string, response: ServerResponse): void {
    if (!this.options.listeners.remove(id)) return this.#fail(response, 404, '404', 'there is no such subscription');
    response.writeHead(204).end();
  }
}

interface NewOrder {
  externalId: string;
  serviceOrderItem: { id: string; action: string; service: { id?: string } }[];
}
