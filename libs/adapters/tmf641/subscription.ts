// The `/hub` subscription to order events: made at first use, made again now and then, ended at the end. Losing it costs
// only time, since overdue orders are looked up.
import { randomUUID } from 'node:crypto';
import { AnswerNotUsable } from '../formats/reading.js';
import { readObject } from '../formats/outcomes-json.js';
import type { WebhookClient } from '../transports/webhook.js';
import { looksLike } from '../wording.js';
import { BASE_PATH } from './words.js';

/** A server that lost its subscriptions is told again after this, in milliseconds. */
const RENEW_MS = 10 * 60_000;
/** After a failure the next try is not before this, so that hand-overs do not wait for it each time. */
const RETRY_MS = 30_000;

const QUERY = 'eventType=ServiceOrderStateChangeEvent';

export class Subscription {
  private id: string | null = null;
  private notBefore = 0;
  private making: Promise<void> | null = null;

  /** @param callback where events go; undefined when the hub has no address that providers reach: then there are none. */
  constructor(
    private readonly client: WebhookClient,
    private readonly callback: () => string | undefined,
    private readonly clock: () => Date,
    private readonly tell: (text: string) => void,
  ) {}

  /** Sees to it that there is a subscription. Never throws: without events, orders are looked up when overdue. */
  keep(signal: AbortSignal): Promise<void> {
    if (this.clock().getTime() < this.notBefore) return Promise.resolve();
    this.making ??= this.make(signal).finally(() => (this.making = null));
    return this.making;
  }

  private async make(signal: AbortSignal): Promise<void> {
    const callback = this.callback();
    if (callback === undefined) return;
    const now = this.clock().getTime();
    let done = await this.subscribe(callback, signal);
    if (done === 'taken' && this.id !== null) {
      // A server for one listener only: the old one goes first.
      await this.remove(this.id, signal);
      this.id = null;
      done = await this.subscribe(callback, signal);
    }
    // "Taken" while we hold none: another process of the hub, or ourselves before a restart, listens at this address.
    this.notBefore = now + (done === 'failed' ? RETRY_MS : RENEW_MS);
  }

  private async subscribe(callback: string, signal: AbortSignal): Promise<'made' | 'taken' | 'failed'> {
    const body = Buffer.from(JSON.stringify({ callback, query: QUERY }));
    const exchange = await this.client.send(
      {
        method: 'POST',
        path: `${BASE_PATH}/hub`,
        id: `hub-${randomUUID()}`,
        body,
        contentType: 'application/json;charset=utf-8',
      },
      signal,
    );
    if (exchange.end !== 'answered') return this.failed(exchange.detail);
    if (exchange.status === 409) return 'taken';
    if (exchange.status < 200 || exchange.status > 299) return this.failed(`status ${exchange.status}`);
    try {
      const { id } = readObject(exchange.body);
      const before = this.id;
      this.id = typeof id === 'string' || typeof id === 'number' ? String(id) : null;
      // Renewed under another id: without this each renewal would double every event.
      if (before !== null && before !== this.id) await this.remove(before, signal);
      return 'made';
    } catch (error) {
      if (!(error instanceof AnswerNotUsable)) throw error;
      return this.failed(looksLike(exchange.body));
    }
  }

  private failed(detail: string): 'failed' {
    this.tell(`no subscription to order events (${detail}); orders are looked up when overdue`);
    return 'failed';
  }

  private async remove(id: string, signal: AbortSignal): Promise<void> {
    await this.client.send(
      { method: 'DELETE', path: `${BASE_PATH}/hub/${encodeURIComponent(id)}`, id: `hub-${randomUUID()}` },
      signal,
    );
  }

  /** Ends the subscription, within the limit of one request. */
  async end(): Promise<void> {
    const { id } = this;
    this.id = null;
    if (id !== null) await this.remove(id, new AbortController().signal);
  }
}
