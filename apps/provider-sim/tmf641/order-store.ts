// Keeps what an order looked like, one small compressed file each, so that any order can be shown again after a restart.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { KeptOrder, OrderRefusal } from './order-view.js';

export interface Subscription {
  id: string;
  callback: string;
  query?: string;
}

export class OrderStore {
  readonly #orders: string;
  readonly #subscriptions: string;
  readonly #refusals: string;

  constructor(folder: string) {
    this.#orders = join(folder, 'orders');
    this.#subscriptions = join(folder, 'subscriptions.json');
    this.#refusals = join(folder, 'refusals.json');
    mkdirSync(this.#orders, { recursive: true, mode: 0o700 });
  }

  keep(batch: number, order: KeptOrder): void {
    writeFileSync(join(this.#orders, String(batch)), gzipSync(JSON.stringify(order), { level: 1 }), { mode: 0o600 });
  }

  order(batch: number): KeptOrder | undefined {
    const file = join(this.#orders, String(batch));
    if (!existsSync(file)) return undefined;
    const kept: KeptOrder = JSON.parse(gunzipSync(readFileSync(file)).toString());
    return kept;
  }

  /** Orders that were taken and rejected as a whole later, by batch. */
  get refusals(): Map<number, OrderRefusal> {
    return new Map((this.#read(this.#refusals) ?? []) as [number, OrderRefusal][]);
  }

  refuse(batch: number, refusal: OrderRefusal): void {
    this.#write(this.#refusals, [...this.refusals.set(batch, refusal)]);
  }

  get subscriptions(): Subscription[] {
    return (this.#read(this.#subscriptions) ?? []) as Subscription[];
  }

  set subscriptions(subscriptions: Subscription[]) {
    this.#write(this.#subscriptions, subscriptions);
  }

  #read(file: string): unknown {
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  }

  #write(file: string, value: unknown): void {
    writeFileSync(file, JSON.stringify(value), { mode: 0o600 });
  }
}
