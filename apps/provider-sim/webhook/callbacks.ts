// Posts outcomes to the hub, signed with the provider's own secret, again and again until it takes them or time is up.
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { Piece } from '../pieces.js';
import type { Provider } from '../provider.js';
import { newSecret, signatureHeaders } from './signature.js';

export interface CallbackOptions {
  provider: Provider;
  /** The provider's own secret, `whsec_…`. */
  secret: string;
  /** Base address of the hub, or undefined while it is not known: then callbacks wait. */
  hub: () => string | undefined;
}

/** Connections to the hub at most. */
const AT_ONCE = 4;
const TIMEOUT_MS = 15_000;
const LONGEST_PAUSE_MS = 10_000;

interface Waiting {
  piece: Piece;
  id: string;
  body: string;
  tries: number;
  firstAt: number;
  done: () => void;
}

export class Callbacks {
  sent = 0;
  refused = 0;
  failedTries = 0;
  givenUp = 0;
  readonly #queue: Waiting[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  #active = 0;
  #stopped = false;

  constructor(private readonly options: CallbackOptions) {}

  /** Callbacks not yet taken by the hub. */
  get waiting(): number {
    return this.#queue.length + this.#timers.size + this.#active;
  }

  /** Sends a piece when its delay is over; resolves when the hub took it, refused it, or it was given up. */
  send(piece: Piece): Promise<void> {
    const { provider } = this.options;
    const event = {
      specversion: '1.0', id: randomUUID(), source: `urn:provider:${provider.code}`, type: 'th.onde.saphan.whitelist.outcomes.v1',
      time: new Date(provider.now()).toISOString(), datacontenttype: 'application/json',
      data: { contract: '1.0', provider: provider.code, batch: piece.batch, outcomes: piece.outcomes },
    };
    return new Promise((done) => {
      const waiting: Waiting = { piece, id: event.id, body: JSON.stringify(event), tries: 0, firstAt: provider.now(), done };
      if (piece.delayMs > 0) this.#after(piece.delayMs, waiting);
      else this.#enqueue(waiting);
    });
  }

  /** Looks again, after the hub's address has become known. */
  wake(): void {
    while (!this.#stopped && this.#active < AT_ONCE && this.#queue.length > 0 && this.options.hub() !== undefined) {
      const next = this.#queue.shift()!;
      this.#active++;
      this.#attempt(next).finally(() => {
        this.#active--;
        this.wake();
      });
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#queue.length = 0;
    this.#agent.destroy();
  }

  #after(ms: number, waiting: Waiting): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#enqueue(waiting);
    }, ms);
    this.#timers.add(timer);
  }

  #enqueue(waiting: Waiting): void {
    this.#queue.push(waiting);
    this.wake();
  }

  async #attempt(waiting: Waiting): Promise<void> {
    const { provider } = this.options;
    waiting.tries++;
    const status = await this.#post(waiting).catch(() => 0);
    if (status >= 200 && status < 300) {
      this.sent++;
      return waiting.done();
    }
    if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
      this.refused++;
      // A spoilt callback is meant to be refused; an honest one is not.
      if (waiting.piece.twist === 'none' || waiting.piece.twist === 'repeat') {
        provider.observer.notice('callbackRefused', { batch: waiting.piece.batch, detail: `status ${status}` });
      }
      return waiting.done();
    }
    this.failedTries++;
    if (this.#stopped) return;
    if (provider.now() - waiting.firstAt > provider.dial.answer.retryForSeconds * 1000) {
      this.givenUp++;
      provider.observer.notice('callbackGivenUp', { batch: waiting.piece.batch });
      return waiting.done();
    }
    this.#after(Math.min(100 * 2 ** waiting.tries, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2), waiting);
  }

  #post(waiting: Waiting): Promise<number> {
    const { provider, secret, hub } = this.options;
    const address = new URL(`${hub()}/v1/providers/${provider.code}/acknowledgements`);
    const key = waiting.piece.twist === 'badSignature' ? newSecret() : secret;
    const headers = {
      ...signatureHeaders(key, waiting.id, waiting.body, Date.now()),
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'content-length': Buffer.byteLength(waiting.body),
    };
    return new Promise((resolve, reject) => {
      const post = request(address, { method: 'POST', agent: this.#agent, headers, timeout: TIMEOUT_MS }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
        response.on('error', reject);
      });
      post.on('timeout', () => post.destroy(new Error('the hub did not answer in time')));
      post.on('error', reject);
      post.end(waiting.body);
    });
  }
}
