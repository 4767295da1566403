// The hub's listener for order events as the conformance tool plays it: any spelling of the name, in any order, repeated.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Problem, type ProviderProfile } from '#contracts';
import { readTmfCallback, TOKEN_HEADER, tokenOf } from '../../../tmf641/callback.js';
import { readNotification, type Order } from '../../../tmf641/read-order.js';
import { meaningOf } from '../../../tmf641/words.js';
import { isObject } from '../../../formats/reading.js';
import { bodyOf, type TellFault } from '../listener.js';
import { Waiters } from '../waiters.js';
import { troubleWithEvent } from './shape.js';

/** `/tmf641/<token>`, `…/listener` or `…/listener/<name>`, as the hub takes them. */
const PATH = /^\/tmf641\/([^/]+)(?:\/listener(?:\/[^/]+)?)?\/?$/i;

/** An order as an event told of it. */
export interface ToldOrder extends Order {
  state: string;
}

export interface EventListenerOptions {
  profile: ProviderProfile;
  /** The secrets that tokens are made from; the first makes the one that is subscribed. */
  secrets: () => string[];
  /** Whether a number was sent in this run, or in one before: servers may keep events until somebody listens. */
  sent: (number: number) => 'now' | 'before' | 'never';
  tell: TellFault;
}

export class EventListener {
  /** Orders told of, in the order in which their events came. */
  readonly heard: ToldOrder[] = [];
  /** Events that came after the end of the subscription. */
  readonly late: string[] = [];
  private readonly waiters = new Waiters();
  private readonly passedOver = new Set<number>();
  private nameless = false;
  private ended = false;
  private server!: Server;

  private constructor(private readonly options: EventListenerOptions) {}

  static async open(options: EventListenerOptions, at: { host: string; port: number }): Promise<EventListener> {
    const listener = new EventListener(options);
    listener.server = createServer((request, response) => {
      // A body that breaks off is no event; whoever sent it sends it again.
      listener.take(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      listener.server.once('error', reject);
      listener.server.listen(at.port, at.host, resolve);
    });
    return listener;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The path that is subscribed. */
  get path(): string {
    return `/tmf641/${tokenOf(this.options.secrets()[0] ?? '', this.options.profile.code)}`;
  }

  /** What was taken although it should not have been is told already; its events say nothing more. */
  passOver(number: number): void {
    this.passedOver.add(number);
    this.nameless = true;
  }

  /** Events from now on come to a subscription that is no more. */
  end(): void {
    this.ended = true;
  }

  of(number: number): ToldOrder[] {
    return this.heard.filter((one) => one.key.number === number);
  }

  /** Whether a final state of this number was told. */
  toldEnd(number: number): boolean {
    return this.of(number).some((one) => meaningOf(one.state) !== 'open');
  }

  /** Resolves when the condition holds, or with false when the time (milliseconds) is over. */
  until(condition: () => boolean, limitMs: number): Promise<boolean> {
    return this.waiters.until(condition, limitMs);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      this.waiters.wake();
    };
    const body = await bodyOf(request);
    const path = new URL(request.url ?? '/', 'http://listener').pathname;
    const token = PATH.exec(path)?.[1];
    const { profile, secrets, sent, tell } = this.options;
    if (request.method !== 'POST' || token === undefined) {
      tell('eventElsewhere', `${request.method} came to another path than the one subscribed`);
      return answer(404, { code: '404', reason: 'post to the callback that was subscribed' });
    }
    try {
      const told = readTmfCallback(profile, secrets(), { [TOKEN_HEADER]: token }, body);
      const order = readNotification(body, profile.code);
      // Kinds of events that say nothing of an order are answered and not judged.
      if (order) this.keep(order, JSON.parse(body.toString()) as unknown, sent(told.number));
      return answer(201, { id: 'order-events', callback: 'http://listener' });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const seen = [error.detail, ...(error.extra.errors ?? []).map((one) => one.detail)].join(' ');
      if (error.status === 401) tell('eventElsewhere', seen);
      else if (!this.isNameless(body)) tell('eventUnusable', seen);
      return answer(error.status, error.toJSON());
    }
  }

  private keep(order: Order, event: unknown, sent: 'now' | 'before' | 'never'): void {
    const { tell } = this.options;
    if (this.passedOver.has(order.key.number) || sent === 'before') return;
    if (sent === 'never') return tell('eventForUnknownOrder', 'event.serviceOrder.externalId is none of this run');
    const trouble = troubleWithEvent(event);
    if (trouble.length > 0) tell('eventNotStandard', trouble.slice(0, 3).join('; '));
    const { serviceOrder } = (event as { event: { serviceOrder: { state: string } } }).event;
    if (this.ended) this.late.push(serviceOrder.state);
    this.heard.push({ ...order, state: serviceOrder.state });
  }

  /** Whether this is about the order without a key that was sent on purpose, and taken. */
  private isNameless(body: Buffer): boolean {
    if (!this.nameless) return false;
    try {
      const event = JSON.parse(body.toString()) as unknown;
      const order = isObject(event) && isObject(event['event']) ? event['event']['serviceOrder'] : undefined;
      return isObject(order) && order['externalId'] === undefined;
    } catch {
      return false;
    }
  }
}
