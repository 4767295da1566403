// Reads the feed page by page from where its own memory ends, applies each page, and goes on until there is nothing new.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Provider } from '../provider.js';
import { type Outcomes, RefusedError } from '../words.js';
import { Fetcher } from './fetch-page.js';
import { parsePage, type Page } from './parse-page.js';

export interface PullerOptions {
  provider: Provider;
  /** Base address of the hub and the provider's key there; undefined while not known. */
  hub: () => string | undefined;
  key: () => string | undefined;
  /** Answers a page that was refused as a whole: every line of it is rejected. */
  refused: (batch: number, part: number, outcomes: Outcomes) => void;
}

/** First pause after a failure, doubled up to the longest, in milliseconds. */
const PAUSE_MS = { first: 100, longest: 5_000 };
/** How far back a stale cursor lies, in batches. */
const STALE_BATCHES = 3;

/** How soon it looks whether the hub or the key is known by now, or the dial was turned, in milliseconds. */
const NOT_YET_MS = 100;

type Cursor = { batch: number; part: number };
const text = ({ batch, part }: Cursor): string => `${batch}-${part}`;
const isAfter = (a: Cursor, b: Cursor): boolean => a.batch > b.batch || (a.batch === b.batch && a.part > b.part);

/** The hub asks to come again after so many milliseconds. */
class Later extends Error {
  constructor(readonly afterMs: number) {
    super('the hub asks to come again later');
  }
}

export class Puller {
  readonly figures = { told: 0, rounds: 0, pages: 0, again: 0, failures: 0, refusedByHub: 0 };
  readonly fetcher = new Fetcher();
  /** Pages passed over without being taken (refused as a whole, or older than a full list); forgotten with the memory. */
  #passed: Cursor = { batch: 0, part: 0 };
  #highest = 0;
  #busy = false;
  #again = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: PullerOptions) {}

  /** There may be something: reads until there is not. */
  wake(): void {
    if (this.#stopped) return;
    this.#again = true;
    if (this.#busy) return;
    this.#busy = true;
    void this.#run().finally(() => (this.#busy = false));
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.fetcher.stop();
  }

  /** The cursor after the last page that it remembers. A provider that forgot goes back by itself. */
  cursor(): Cursor {
    const { provider } = this.options;
    const highest = provider.highestBatch;
    if (highest < this.#highest) this.#passed = { batch: 0, part: 0 };
    this.#highest = highest;
    const known = { batch: highest, part: provider.known.get(highest)?.known.length ?? 0 };
    return isAfter(this.#passed, known) ? this.#passed : known;
  }

  async #run(): Promise<void> {
    let pauseMs = PAUSE_MS.first;
    while (this.#again && !this.#stopped) {
      this.#again = false;
      const { provider, hub, key } = this.options;
      if (hub() === undefined || key() === undefined || provider.dial.pull.fetching === 'off') {
        if (provider.dial.pull.fetching === 'off') provider.effects.count('pull.fetching');
        this.#again = true;
        return this.#look(NOT_YET_MS);
      }
      try {
        this.figures.rounds++;
        await this.#round();
        pauseMs = PAUSE_MS.first;
      } catch (error) {
        if (this.#stopped) return;
        this.figures.failures++;
        await sleep(Math.max(pauseMs, error instanceof Later ? error.afterMs : 0));
        pauseMs = Math.min(pauseMs * 2, PAUSE_MS.longest);
        this.#again = true;
      }
    }
    this.#look(this.options.provider.dial.pull.everyMs);
  }

  /** Looks again by itself; 0 is never. */
  #look(everyMs: number): void {
    clearTimeout(this.#timer);
    if (everyMs <= 0 || this.#stopped) return;
    this.#timer = setTimeout(() => {
      if (everyMs === this.options.provider.dial.pull.everyMs) this.options.provider.effects.count('pull.everyMs');
      this.wake();
    }, everyMs);
  }

  /** From the cursor to the end of the feed; throws for what may pass by itself. */
  async #round(): Promise<void> {
    const { provider } = this.options;
    let cursor = this.cursor();
    if (provider.random() < provider.dial.pull.stale) {
      const behind = this.#stale(cursor);
      if (isAfter(cursor, behind)) provider.effects.count('pull.stale');
      cursor = behind;
    }
    while (!this.#stopped && provider.dial.pull.fetching === 'on') {
      if (provider.dial.pull.pauseMs > 0) {
        await sleep(provider.dial.pull.pauseMs);
        provider.effects.count('pull.pauseMs');
      }
      const next = await this.#page(cursor);
      if (next === 'end') return;
      cursor = next;
    }
  }

  /** A cursor some batches back, at the end of a batch that it knows. */
  #stale(cursor: Cursor): Cursor {
    const before = [...this.options.provider.known.values()]
      .filter((one) => one.batch < cursor.batch && one.state === 'applied')
      .toSorted((a, b) => b.batch - a.batch);
    const back = before[STALE_BATCHES - 1] ?? before.at(-1);
    return back ? { batch: back.batch, part: back.parts } : { batch: 0, part: 0 };
  }

  async #page(cursor: Cursor): Promise<Cursor | 'end'> {
    const { provider, hub, key } = this.options;
    const { pull } = provider.dial;
    const query = cursor.batch === 0 ? '' : `?after=${text(cursor)}`;
    const url = `${hub()}/v1/feed/${provider.code}/pages${query}`;
    const cutBefore = this.fetcher.figures.cut;
    const fetched = await this.fetcher.page(url, key() ?? '', pull.gzip === 'on', provider.random() < pull.cut);
    if (this.fetcher.figures.cut > cutBefore) provider.effects.count('pull.cut');
    else if (pull.gzip === 'off' && fetched.status === 200) provider.effects.count('pull.gzip');
    if (fetched.status === 204) return 'end';
    if (fetched.status === 410) return this.#fullList();
    if (fetched.status !== 200) {
      this.figures.refusedByHub++;
      if (fetched.status >= 500 || fetched.status === 429)
        throw new Later(1_000 * Number(fetched.headers['retry-after'] ?? 0));
      provider.observer.notice('feedRefused', { detail: `status ${fetched.status}` });
      return 'end';
    }
    let page: Page;
    try {
      page = parsePage(fetched.body, provider.code);
    } catch (error) {
      if (error instanceof RefusedError) {
        provider.observer.violation('malformedBatch', { detail: error.refusal.code });
        return 'end';
      }
      throw error;
    }
    this.figures.pages++;
    const [batch = 0, part = 0] = page.next.split('-').map(Number);
    if (!String(fetched.headers.link).includes(`after=${page.next}>; rel="next"`)) {
      provider.observer.violation('malformedBatch', { batch, detail: 'Link and the end line name different cursors' });
    }
    this.#take(page, fetched.body);
    return { batch, part };
  }

  #take({ part }: Page, body: Buffer): void {
    const { provider, refused } = this.options;
    try {
      if (provider.receive(part, body).verdict === 'known') this.figures.again++;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#passed = { batch: part.batch, part: part.part };
      const lines = part.lines.map(({ n, ref }) => ({ n, ref, outcome: 'rejected' as const, code: 'INVALID_FORMAT' }));
      refused(part.batch, part.part, { except: lines, first: lines[0]?.n ?? 1, last: lines.at(-1)?.n ?? 1 });
    }
  }

  /** What lies between was erased: goes on before the newest full list, or asks for one and waits to be told. */
  async #fullList(): Promise<Cursor | 'end'> {
    const { provider, hub, key } = this.options;
    const url = `${hub()}/v1/providers/${provider.code}/full-list`;
    const { body } = await this.fetcher.send(url, key() ?? '');
    const { newest } = JSON.parse(body.toString()) as { newest: { kept: boolean; after: string | null } | null };
    if (!newest?.kept || newest.after === null) {
      await this.fetcher.send(url, key() ?? '', 'POST');
      return 'end';
    }
    const [batch = 0, part = 0] = newest.after === 'start' ? [] : newest.after.split('-').map(Number);
    this.#passed = { batch, part };
    return this.#passed;
  }
}
