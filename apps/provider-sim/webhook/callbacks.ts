// Posts outcomes to the hub, signed with the provider's own secret, again and again until it takes them or time is up.
import { Agent, request } from 'node:http';
import type { Piece } from '../pieces.js';
import type { Provider } from '../provider.js';
import { newSecret, signatureHeaders } from './signature.js';

export interface CallbackOptions {
  provider: Provider;
  /** Where to post (this piece), or undefined while it is not known: then callbacks wait. */
  address: (piece?: Piece) => string | undefined;
  /** The body of a piece, made anew for each but constant over the tries of one. */
  compose: (piece: Piece) => unknown;
  /** Headers for one try. */
  headers: (piece: Piece, body: string) => Record<string, string>;
}

/** Outcomes as the contract has them, signed with the provider's own secret (`whsec_…`). */
export function outcomeCallbacks(provider: Provider, secret: string, hub: () => string | undefined): Callbacks {
  return new Callbacks({
    provider,
    address: () => (hub() === undefined ? undefined : `${hub()}/v1/providers/${provider.code}/acknowledgements`),
    compose: (piece) => ({
      specversion: '1.0',
      id: piece.id,
      source: `urn:provider:${provider.code}`,
      type: 'th.onde.saphan.whitelist.outcomes.v1',
      time: new Date(provider.now()).toISOString(),
      datacontenttype: 'application/json',
      data: { contract: '1.0', provider: provider.code, batch: piece.batch, outcomes: piece.outcomes },
    }),
    headers: (piece, body) => ({
      ...signatureHeaders(piece.twist === 'badSignature' ? newSecret() : secret, piece.id, body, Date.now()),
      'content-type': 'application/cloudevents+json; charset=utf-8',
    }),
  });
}

/** Connections to the hub at most. */
const AT_ONCE = 4;
const TIMEOUT_MS = 15_000;
const LONGEST_PAUSE_MS = 10_000;

interface Waiting {
  piece: Piece;
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

  /** For GET /state. */
  figures(): Record<string, number> {
    const { waiting, sent, refused, failedTries, givenUp } = this;
    return { waiting, sent, refused, failedTries, givenUp };
  }

  /** Callbacks not yet taken by the hub. */
  get waiting(): number {
    return this.#queue.length + this.#timers.size + this.#active;
  }

  /** Sends a piece when its delay is over; resolves when the hub took it, refused it, or it was given up. */
  send(piece: Piece): Promise<void> {
    const { provider, compose } = this.options;
    const body = JSON.stringify(compose(piece));
    return new Promise((done) => {
      const waiting: Waiting = { piece, body, tries: 0, firstAt: provider.now(), done };
      if (piece.delayMs > 0) this.#after(piece.delayMs, waiting);
      else this.#enqueue(waiting);
    });
  }

  /** Looks again, after the hub's address has become known. */
  wake(): void {
    while (!this.#stopped && this.#active < AT_ONCE && this.#queue.length > 0 && this.options.address() !== undefined) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#active++;
      void this.#attempt(next).finally(() => {
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
      provider.effects.count('answer.retryForSeconds');
      provider.observer.notice('callbackGivenUp', { batch: waiting.piece.batch });
      return waiting.done();
    }
    this.#after(Math.min(100 * 2 ** waiting.tries, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2), waiting);
  }

  async #post(waiting: Waiting): Promise<number> {
    const { address, headers } = this.options;
    const url = new URL(address(waiting.piece) ?? '');
    const sent = { ...headers(waiting.piece, waiting.body), 'content-length': String(Buffer.byteLength(waiting.body)) };
    return new Promise((resolve, reject) => {
      const post = request(
        url,
        { method: 'POST', agent: this.#agent, headers: sent, timeout: TIMEOUT_MS },
        (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode ?? 0));
          response.on('error', reject);
        },
      );
      post.on('timeout', () => post.destroy(new Error('the hub did not answer in time')));
      post.on('error', reject);
      post.end(waiting.body);
    });
  }
}
