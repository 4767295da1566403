// The `/hub` subscription to order events: made at first use, renewed now and then, made again when events stay away.
// Losing it costs only time, since silent orders are looked up.
import { createHash, randomUUID } from 'node:crypto';
import { AnswerNotUsable } from '../formats/reading.js';
import { readObject } from '../formats/outcomes-json.js';
import type { WebhookClient } from '../transports/webhook.js';
import { looksLike } from '../wording.js';
import { BASE_PATH } from './words.js';

/** A server that lost its subscriptions is told again after this, in milliseconds. */
const RENEW_MS = 10 * 60_000;
/** After a failure the next try is not before this, so that hand-overs do not wait for it each time. */
const RETRY_MS = 30_000;
/** Orders whose events stayed away are no reason to subscribe anew more often than this, in milliseconds. */
const DOUBT_MS = 5_000;

const QUERY = 'eventType=ServiceOrderStateChangeEvent';

/** What is remembered of a subscription. */
export interface KeptSubscription {
  /** The provider's own id of it. */
  id: string;
  /** SHA-256 of the address that was subscribed, lower-case hex: the address itself holds a token. */
  callbackSha256: string;
  /** Milliseconds. */
  renewedAt: number;
}

export interface SubscriptionStore {
  /** True when other processes see it too: then it outlives this one. */
  readonly shared: boolean;
  load(): Promise<KeptSubscription | null>;
  save(kept: KeptSubscription | null): Promise<void>;
}

/** Remembers within this process only; what it remembers ends with it. */
export function inMemory(): SubscriptionStore {
  let kept: KeptSubscription | null = null;
  return {
    shared: false,
    load: () => Promise.resolve(kept),
    save: (next) => {
      kept = next;
      return Promise.resolve();
    },
  };
}

type Made = { made: 'yes'; id: string } | { made: 'taken' } | { made: 'no'; detail: string };

export class Subscription {
  private notBefore = 0;
  private madeAt = 0;
  private doubted = false;
  private making: Promise<void> | null = null;

  /** @param callback where events go; undefined when the hub has no address that providers reach: then there are none. */
  constructor(
    private readonly client: WebhookClient,
    private readonly callback: () => string | undefined,
    private readonly clock: () => Date,
    private readonly tell: (text: string) => void,
    private readonly store: SubscriptionStore = inMemory(),
  ) {}

  /** Sees to it that there is a subscription. Never throws: without events, silent orders are looked up. */
  keep(signal: AbortSignal): Promise<void> {
    if (this.clock().getTime() < this.notBefore) return Promise.resolve();
    this.making ??= this.make(signal)
      .catch((error: unknown) => this.failed(error instanceof Error ? error.name : 'unknown error'))
      .finally(() => (this.making = null));
    return this.making;
  }

  /** An order was found done that no event had told of: the server may have lost the subscription. */
  doubt(): void {
    if (this.clock().getTime() - this.madeAt < DOUBT_MS) return;
    this.doubted = true;
    this.notBefore = 0;
  }

  private async make(signal: AbortSignal): Promise<void> {
    const now = this.clock().getTime();
    const callback = this.callback();
    if (callback === undefined) return this.failed('the hub has no public address; set SAPHAN_PUBLIC_URL', RENEW_MS);
    const callbackSha256 = createHash('sha256').update(callback).digest('hex');
    let kept = await this.store.load();
    const ours = kept?.callbackSha256 === callbackSha256;
    // Made by another worker, or by us before a restart.
    if (kept && ours && !this.doubted && now - kept.renewedAt < RENEW_MS) {
      this.notBefore = kept.renewedAt + RENEW_MS;
      return;
    }
    if (kept && (this.doubted || !ours)) {
      // A server for one listener only takes no other before the old one is gone.
      await this.remove(kept.id, signal);
      await this.store.save(null);
      kept = null;
    }
    this.doubted = false;
    this.madeAt = now;
    const made = await this.subscribe(callback, signal);
    if (made.made === 'no') return this.failed(made.detail);
    if (made.made === 'taken' && !kept)
      return this.failed('another listener is subscribed, by an id that is not known');
    const id = made.made === 'yes' ? made.id : kept!.id;
    // Renewed under another id: without this each renewal would double every event.
    if (kept && kept.id !== id) await this.remove(kept.id, signal);
    await this.store.save({ id, callbackSha256, renewedAt: now });
    this.notBefore = now + RENEW_MS;
  }

  private async subscribe(callback: string, signal: AbortSignal): Promise<Made> {
    const exchange = await this.client.send(
      {
        method: 'POST',
        path: `${BASE_PATH}/hub`,
        id: `hub-${randomUUID()}`,
        body: Buffer.from(JSON.stringify({ callback, query: QUERY })),
        contentType: 'application/json;charset=utf-8',
      },
      signal,
    );
    if (exchange.end !== 'answered') return { made: 'no', detail: exchange.detail };
    if (exchange.status === 409) return { made: 'taken' };
    if (exchange.status < 200 || exchange.status > 299) return { made: 'no', detail: `status ${exchange.status}` };
    try {
      const { id } = readObject(exchange.body);
      if (typeof id === 'string' || typeof id === 'number') return { made: 'yes', id: String(id) };
      return { made: 'no', detail: 'the answer has no id' };
    } catch (error) {
      if (!(error instanceof AnswerNotUsable)) throw error;
      return { made: 'no', detail: looksLike(exchange.body) };
    }
  }

  private failed(detail: string, againMs = RETRY_MS): void {
    this.notBefore = this.clock().getTime() + againMs;
    this.tell(`no subscription to order events (${detail}); orders are looked up when silent`);
  }

  private async remove(id: string, signal: AbortSignal): Promise<void> {
    await this.client.send(
      { method: 'DELETE', path: `${BASE_PATH}/hub/${encodeURIComponent(id)}`, id: `hub-${randomUUID()}` },
      signal,
    );
  }

  /** Ends what nobody would find again, within the limit of one request; a shared one is the hub's, not the process's. */
  async end(): Promise<void> {
    if (this.store.shared) return;
    const kept = await this.store.load();
    await this.store.save(null);
    if (kept) await this.remove(kept.id, new AbortController().signal);
  }
}
