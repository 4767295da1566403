// What one simulated provider enforces: the newest list it took, at once or as late as its dial says.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Provider } from '../provider.js';
import type { List } from './list.js';

export interface Enforced extends List {
  /** RFC 3339 */
  since: string;
}

/** Applications of 3GPP T8, by transaction and application id. */
export type Transactions = Record<string, Record<string, unknown>>;

interface Kept {
  enforced: Enforced | null;
  waiting: { list: List; until: number } | null;
  transactions: Transactions;
}

export class Shelf {
  /** Everything that came in, in versions. */
  readonly received: number[] = [];
  readonly figures = { taken: 0, repeated: 0, failed: 0, refused: 0 };
  #kept: Kept = { enforced: null, waiting: null, transactions: {} };
  #file: string | undefined;

  constructor(private readonly provider: Provider) {}

  /** From now on what is enforced survives the process. */
  keepIn(folder: string): void {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#file = join(folder, 'destinations.json');
    if (existsSync(this.#file)) this.#kept = JSON.parse(readFileSync(this.#file, 'utf8')) as Kept;
  }

  /** Takes a list: `enforced` at once (or already), `waiting` until its time, `failed` when the dial says so. */
  take(list: List): 'enforced' | 'waiting' | 'failed' {
    this.received.push(list.version);
    const { dial, random, now } = this.provider;
    if (random() < dial.destinations.fail) {
      this.figures.failed++;
      this.provider.effects.count('destinations.fail');
      return 'failed';
    }
    // Versions only grow, also by a rollback: an older one is a copy that was overtaken.
    if ((this.enforced()?.version ?? 0) >= list.version) {
      this.figures.repeated++;
      return 'enforced';
    }
    this.figures.taken++;
    if (dial.destinations.lateMs > 0) {
      this.provider.effects.count('destinations.lateMs');
      const waiting = this.#kept.waiting;
      if (waiting?.list.version !== list.version)
        this.#kept.waiting = { list, until: now() + dial.destinations.lateMs };
      this.save();
      return 'waiting';
    }
    this.#enforce(list);
    return 'enforced';
  }

  #enforce(list: List): void {
    this.#kept.enforced = { ...list, since: new Date(this.provider.now()).toISOString() };
    this.#kept.waiting = null;
    this.save();
  }

  enforced(): Enforced | null {
    const { waiting } = this.#kept;
    if (waiting && waiting.until <= this.provider.now()) this.#enforce(waiting.list);
    return this.#kept.enforced;
  }

  get transactions(): Transactions {
    return this.#kept.transactions;
  }

  save(): void {
    if (this.#file !== undefined) writeFileSync(this.#file, JSON.stringify(this.#kept), { mode: 0o600 });
  }

  forget(): void {
    this.#kept = { enforced: null, waiting: null, transactions: {} };
    this.save();
  }

  /** For GET /state. */
  view(): Record<string, unknown> {
    const enforced = this.enforced();
    return {
      version: enforced?.version ?? null,
      sha256: enforced?.sha256 ?? null,
      since: enforced?.since ?? null,
      values: enforced?.destinations.map((one) => `${one.app} ${one.value}`) ?? [],
      applications: Object.assign({}, ...Object.values(this.transactions)) as Record<string, unknown>,
      received: this.received.length,
      ...this.figures,
    };
  }
}
