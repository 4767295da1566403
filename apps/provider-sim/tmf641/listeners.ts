// Who listens to the events of orders, and the sending of them: each event in any letter case, at either address.
import { randomUUID } from 'node:crypto';
import type { Piece } from '../pieces.js';
import type { Provider } from '../provider.js';
import { Callbacks } from '../webhook/callbacks.js';
import type { OrderStore, Subscription } from './order-store.js';

/** Documents of the standard spell the names in both ways, and so do providers. */
export function anyCase(name: string, random: () => number): string {
  const lower = name.charAt(0).toLowerCase() + name.slice(1);
  const spellings = [name, lower, name.toLowerCase(), name.toUpperCase()];
  return spellings[Math.floor(random() * spellings.length)] ?? name;
}

export interface ListenersOptions {
  provider: Provider;
  store: OrderStore;
  /** The name of the event that tells a piece. */
  nameOf: (piece: Piece) => string;
  bodyOf: (piece: Piece) => unknown;
}

export class Listeners {
  /** Events that nobody listened to: they are lost, as the standard keeps none. */
  unheard = 0;
  /** Times that all subscriptions were lost. */
  lost = 0;
  readonly #senders = new Map<string, Callbacks>();

  constructor(private readonly options: ListenersOptions) {
    for (const one of options.store.subscriptions) this.#open(one);
  }

  get subscriptions(): Subscription[] {
    return this.options.store.subscriptions;
  }

  add(callback: string, query: string | undefined): Subscription {
    const one = { id: randomUUID().slice(0, 8), callback, ...(query === undefined ? {} : { query }) };
    this.options.store.subscriptions = [...this.subscriptions, one];
    this.#open(one);
    return one;
  }

  #open({ id, callback }: Subscription): void {
    const { provider, nameOf, bodyOf } = this.options;
    this.#senders.set(
      id,
      new Callbacks({
        provider,
        address: (piece) => {
          const name = piece === undefined ? '' : nameOf(piece);
          // Some post every event to one address.
          return provider.random() < 0.2
            ? `${callback}/listener`
            : `${callback}/listener/${anyCase(name, provider.random)}`;
        },
        compose: bodyOf,
        headers: () => ({ 'content-type': 'application/json;charset=utf-8' }),
      }),
    );
  }

  /** False when there is no such subscription. */
  remove(id: string): boolean {
    const there = this.subscriptions.some((one) => one.id === id);
    this.options.store.subscriptions = this.subscriptions.filter((one) => one.id !== id);
    this.#senders.get(id)?.stop();
    this.#senders.delete(id);
    return there;
  }

  /** Loses all subscriptions, with what was on its way to them. */
  loseAll(): void {
    this.lost++;
    for (const { id } of this.subscriptions) this.remove(id);
  }

  /** Tells every listener; `nobody` when there is none. */
  async send(pieces: readonly Piece[]): Promise<'told' | 'nobody'> {
    if (this.#senders.size === 0) {
      this.unheard += pieces.length;
      return 'nobody';
    }
    const senders = [...this.#senders.values()];
    await Promise.all(pieces.flatMap((piece) => senders.map((sender) => sender.send(piece))));
    return 'told';
  }

  /** For GET /state: sums over the listeners that there are now. */
  figures(): Record<string, number> {
    const sums: Record<string, number> = { waiting: 0, sent: 0, refused: 0, failedTries: 0, givenUp: 0 };
    for (const sender of this.#senders.values()) {
      for (const [name, value] of Object.entries(sender.figures())) sums[name] = (sums[name] ?? 0) + value;
    }
    return { ...sums, unheard: this.unheard, lost: this.lost };
  }

  stop(): void {
    for (const sender of this.#senders.values()) sender.stop();
  }
}
