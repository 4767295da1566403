// Keeps what an order looked like, one small compressed file each, so that any order can be shown again after a restart.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { KeptOrder } from './order-view.js';

export interface Subscription {
  id: string;
  callback: string;
  query?: string;
}

export class OrderStore {
  readonly #orders: string;
  readonly #subscription: string;

  constructor(folder: string) {
    this.#orders = join(folder, 'orders');
    this.#subscription = join(folder, 'subscription.json');
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

  get subscription(): Subscription | undefined {
    if (!existsSync(this.#subscription)) return undefined;
    const kept: Subscription | null = JSON.parse(readFileSync(this.#subscription, 'utf8'));
    return kept ?? undefined;
  }

  set subscription(subscription: Subscription | undefined) {
    writeFileSync(this.#subscription, JSON.stringify(subscription ?? null), { mode: 0o600 });
  }
}
