// The TMF641 server: orders, look-up by externalId, the hub of subscriptions, with the dial's faults.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { sha256 } from '../book/book.js';
import type { FaultKind } from '../dial.js';
import { loopbackUrl } from '../loopback.js';
import type { Provider } from '../provider.js';
import { type IncomingPart, RefusedError } from '../words.js';
import { FaultPlayer } from '../webhook/faults.js';
import { addressOf, answer, closed, listen, readBody } from '../webhook/http.js';
import type { OrderStore } from './order-store.js';
import { BASE, batchOfOrder, orderIdOf, orderView } from './order-view.js';
import { batchOf, parseOrder } from './parse-order.js';

export interface OrderServerOptions {
  provider: Provider;
  store: OrderStore;
  host: string;
  port: number;
  /** Called when somebody has subscribed. */
  subscribed: () => void;
}

/** `Error` of the standard: code and reason are required. */
function fail(response: ServerResponse, status: number, code: string, message: string): void {
  answer(response, status, { code, reason: message, message, status: String(status), '@type': 'Error' });
}

export class OrderServer {
  readonly faults: FaultPlayer;

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
    const body = (await readBody(request)).toString();
    if (request.method === 'POST' && path === '/serviceOrder') return this.#create(body, response);
    if (request.method === 'POST' && path === '/hub') return this.#subscribe(body, response);
    if (request.method === 'DELETE' && path.startsWith('/hub/')) return this.#unsubscribe(path.slice(5), response);
    if (request.method === 'GET' && path.startsWith('/serviceOrder')) return this.#show(path, url, response);
    fail(response, 404, '404', `known are POST and GET ${BASE}/serviceOrder, POST and DELETE ${BASE}/hub`);
  }

  async #create(body: string, response: ServerResponse): Promise<void> {
    const { provider } = this.options;
    let part: IncomingPart;
    try {
      part = parseOrder(body, sha256(body), provider.applier.book);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      provider.observer.violation('malformedBatch', { detail: error.refusal.code });
      return fail(response, 400, error.refusal.code, error.message);
    }
    const fault = await this.faults.draw();
    if (fault !== 'none' && this.faults.before(fault, response) === 'played') {
      provider.observer.arrived(part);
      return;
    }
    this.#take(part, body, fault, response);
  }

  #take(part: IncomingPart, body: string, fault: FaultKind | 'none', response: ServerResponse): void {
    const { provider, store } = this.options;
    const order: { externalId: string; serviceOrderItem: { id: string; action: string }[] } = JSON.parse(body);
    const kept = {
      externalId: order.externalId,
      orderDate: new Date(provider.now()).toISOString(),
      itemIds: order.serviceOrderItem.map((item) => item.id),
      actions: order.serviceOrderItem.map((item) => item.action),
      refs: part.lines.map((line) => line.ref),
    };
    try {
      // Kept first: the outcomes may be told before `receive` returns.
      if (!provider.known.has(part.batch)) store.keep(part.batch, kept);
      const verdict = provider.receive(part, Buffer.from(body));
      if (this.faults.after(fault, response) === 'played') return;
      if (verdict.verdict === 'known') {
        return fail(
          response,
          409,
          '40901',
          `an order with externalId ${kept.externalId} already exists: ${orderIdOf(part.batch)}`,
        );
      }
      const view = orderView(verdict.batch, kept, this.address, provider.now(), 'acknowledged');
      answer(response, 201, view, { location: `${BASE}/serviceOrder/${orderIdOf(part.batch)}` });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      fail(response, 400, error.refusal.code, error.message);
    }
  }

  async #show(path: string, url: URL, response: ServerResponse): Promise<void> {
    const { provider } = this.options;
    if (provider.dial.faultsOn === 'everything') {
      const fault = await this.faults.draw();
      if (fault !== 'none' && this.faults.before(fault, response) === 'played') return;
    }
    if (path === '/serviceOrder') {
      const externalId = url.searchParams.get('externalId');
      if (externalId === null) return fail(response, 400, 'NO_FILTER', 'ask with ?externalId=');
      const found = this.#view(batchOf(externalId));
      const list = found?.['externalId'] === externalId ? [found] : [];
      return answer(response, 200, list, {
        'x-result-count': String(list.length),
        'x-total-count': String(list.length),
      });
    }
    const found = this.#view(batchOfOrder(path.slice('/serviceOrder/'.length)));
    if (found === undefined) return fail(response, 404, '404', 'there is no such order');
    answer(response, 200, found);
  }

  #view(batch: number | undefined): Record<string, unknown> | undefined {
    const { provider, store } = this.options;
    const known = batch === undefined ? undefined : provider.known.get(batch);
    const kept = known === undefined ? undefined : store.order(known.batch);
    return known === undefined || kept === undefined ? undefined : orderView(known, kept, this.address, provider.now());
  }

  /** One listener at a time; a second one has to wait until the first is deleted. */
  #subscribe(body: string, response: ServerResponse): void {
    const { store, subscribed } = this.options;
    let wanted: { callback?: unknown; query?: unknown };
    try {
      wanted = JSON.parse(body);
      wanted.callback = loopbackUrl('callback', String(wanted.callback));
    } catch (error) {
      return fail(response, 400, 'BAD_CALLBACK', error instanceof Error ? error.message : String(error));
    }
    if (store.subscription !== undefined)
      return fail(response, 409, '40902', `there is a subscription: ${store.subscription.id}`);
    const subscription = {
      id: randomUUID().slice(0, 8),
      callback: String(wanted.callback),
      ...(typeof wanted.query === 'string' ? { query: wanted.query } : {}),
    };
    store.subscription = subscription;
    answer(response, 201, subscription, { location: `${BASE}/hub/${subscription.id}` });
    subscribed();
  }

  #unsubscribe(id: string, response: ServerResponse): void {
    const { store } = this.options;
    if (store.subscription?.id !== id) return fail(response, 404, '404', 'there is no such subscription');
    store.subscription = undefined;
    response.writeHead(204).end();
  }
}
