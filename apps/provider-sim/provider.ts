// One simulated provider: takes parts of batches in any order, applies them as its dial says, and knows what it answered.
import { Applier } from './applier.js';
import { Observer, type SeenBatch } from './book/record.js';
import { checkPositions, observeSeqs } from './check-lines.js';
import { Shelf } from './destinations/shelf.js';
import { type Dial, defaultDial, turned } from './dial.js';
import { Effects } from './effects.js';
import { type Judge, isPoison } from './judge.js';
import { type KnownBatch, type KnownPart, rememberBatch, rememberPart } from './known.js';
import { PartHash } from './part-hash.js';
import { hashText, type Random, seeded } from './random.js';
import { type IncomingPart, type Outcomes, type ProviderCode, RefusedError } from './words.js';

export type Verdict =
  | { verdict: 'taken'; batch: KnownBatch; part: KnownPart }
  | { verdict: 'known'; batch: KnownBatch; part: KnownPart; sameBytes: boolean };

/** Called with every part whose outcomes have become known, at once or when a gap has closed. */
export type OutcomesListener = (batch: KnownBatch, part: KnownPart) => void;

/** Where taken parts are written down before they are answered; absent without a data folder. */
export interface PartLog {
  taken(part: IncomingPart, body: Buffer, outcomes: Outcomes, silent: boolean): void;
}

interface Parked {
  part: IncomingPart;
  body: Buffer;
  known: KnownPart;
  at: number;
}

export class Provider {
  dial: Dial;
  readonly observer: Observer;
  readonly applier: Applier;
  readonly judge: Judge;
  readonly random: Random;
  /** What its dial brought about. */
  readonly effects = new Effects();
  known = new Map<number, KnownBatch>();
  /** The number that comes next for a provider that applies in order. */
  nextInOrder = 1;
  log: PartLog | undefined;
  /** The secret that it shares with the hub for digests of its list; without one it offers none. */
  digestSecret: string | undefined;
  /** Spoils the whole list that it hands over, for tests of who reads it. */
  spoilList: ((pieces: Iterable<Buffer>) => Iterable<Buffer>) | undefined;
  /** What it enforces of destination lists. */
  readonly destinations = new Shelf(this);
  #parked: Parked[] = [];
  readonly #hashes = new Map<number, PartHash>();
  readonly #listeners: OutcomesListener[] = [];

  constructor(
    readonly code: ProviderCode,
    seed: number,
    readonly now: () => number,
    dial?: unknown,
  ) {
    this.dial = turned(defaultDial(), dial);
    this.random = seeded(hashText(code, seed));
    this.observer = new Observer(now);
    this.judge = {
      dial: this.dial,
      seed: hashText(code, seed),
      random: this.random,
      putOff: new Map(),
      effects: this.effects,
    };
    this.applier = new Applier(this.observer, this.judge, now);
  }

  /** Turns the dial; throws DialError and leaves it as it was when the change is wrong. */
  turn(change: unknown): Dial {
    this.dial = turned(this.dial, change);
    this.judge.dial = this.dial;
    this.#drain();
    return this.dial;
  }

  onOutcomes(listener: OutcomesListener): void {
    this.#listeners.push(listener);
  }

  get parked(): number {
    return this.#parked.length;
  }

  get highestBatch(): number {
    let highest = 0;
    for (const batch of this.known.keys()) if (batch > highest) highest = batch;
    return highest;
  }

  /**
   * Takes one part, or says that it is known. Throws RefusedError when the batch is refused as a whole; then nothing
   * was applied and the number is not known.
   */
  receive(part: IncomingPart, body: Buffer): Verdict {
    const seen = this.observer.arrived(part);
    const batch = this.known.get(part.batch);
    const before = batch?.known.find((one) => one.part === part.part);
    if (batch !== undefined && before !== undefined && this.dial.duplicateCheck === 'refuses') {
      return { verdict: 'known', batch, part: before, sameBytes: before.sha256 === part.sha256 };
    }
    if (before !== undefined) this.effects.count('duplicateCheck');
    this.#check(part, batch, seen);
    return this.#take(part, body, seen);
  }

  #check(part: IncomingPart, batch: KnownBatch | undefined, seen: SeenBatch): void {
    try {
      if (this.dial.maxLines > 0 && part.lines.length > this.dial.maxLines) {
        this.effects.count('maxLines');
        throw new RefusedError({
          status: 413,
          code: 'TOO_MANY_LINES',
          fileCode: 'E107',
          detail: `${part.lines.length} lines in one part, at most ${this.dial.maxLines} are taken`,
        });
      }
      const ordered = part.part === 1 || batch?.known.length === part.part - 1;
      const before = batch?.known.reduce((sum, one) => sum + (one.part < part.part ? one.count : 0), 0) ?? 0;
      checkPositions(part, ordered ? before + 1 : undefined);
      if (this.dial.poison > 0 && part.lines.some((line) => isPoison(this.judge, line))) {
        this.effects.count('poison');
        throw new RefusedError({
          status: 422,
          code: 'INVALID_FORMAT',
          fileCode: 'E101',
          detail: 'the batch holds a line that cannot be read',
        });
      }
    } catch (error) {
      if (error instanceof RefusedError) this.refused(seen, error);
      throw error;
    }
    observeSeqs(part, this.observer);
  }

  /** Notes a refusal; a refused number closes its gap for those behind it. */
  refused(seen: SeenBatch, error: RefusedError): void {
    if (seen.fate === 'notTaken') seen.fate = 'refused';
    if (error.refusal.code === 'POSITION_HOLE') {
      this.observer.violation('positionHole', { batch: seen.batch, detail: error.message });
    }
    if (this.dial.applyOrder === 'inNumberOrder') this.#drain();
  }

  #take(part: IncomingPart, body: Buffer, seen: SeenBatch): Verdict {
    const batch = rememberBatch(this.known, part);
    const known = rememberPart(batch, part, this.random() < this.dial.silence);
    if (known.silent) this.effects.count('silence');
    if (seen.fate !== 'applied') seen.fate = 'received';
    this.#hashed(batch, part, body);
    const behindGap =
      this.dial.applyOrder === 'inNumberOrder' && part.kind === 'delta' && part.batch > this.#nextOpen();
    if (behindGap) {
      this.effects.count('applyOrder');
      this.observer.notice('parked', { batch: part.batch });
      this.#parked.push({ part, body, known, at: this.now() });
    } else {
      // A full list says everything as of its position, so it closes every gap before it.
      if (part.kind === 'full') this.#releaseBelow(part.batch);
      this.#apply(part, body, batch, known);
    }
    this.#drain();
    return { verdict: 'taken', batch, part: known };
  }

  #apply(part: IncomingPart, body: Buffer, batch: KnownBatch, known: KnownPart): void {
    known.outcomes = this.applier.apply(part, this.dial.applyOrder);
    this.log?.taken(part, body, known.outcomes, known.silent);
    this.settled(batch);
    for (const listener of this.#listeners) listener(batch, known);
  }

  /** Takes a part again as it was taken in an earlier run; no line is judged anew. */
  replay(part: IncomingPart, body: Buffer, outcomes: Outcomes, silent: boolean, order: Dial['applyOrder']): void {
    const seen = this.observer.arrived(part);
    if (seen.fate === 'notTaken') seen.fate = 'received';
    const batch = rememberBatch(this.known, part);
    const known = rememberPart(batch, part, silent);
    this.#hashed(batch, part, body);
    this.applier.apply(part, order, outcomes.except);
    known.outcomes = outcomes;
    this.settled(batch);
  }

  /** Marks the batch applied once all its parts are. */
  settled(batch: KnownBatch): void {
    if (batch.known.length < batch.parts || batch.known.some((one) => one.outcomes === undefined)) return;
    batch.state = 'applied';
    const seen = this.observer.state.batches.get(batch.batch);
    if (seen !== undefined) seen.fate = 'applied';
    if (batch.batch >= this.nextInOrder) this.nextInOrder = batch.batch + 1;
  }

  /** The next number expected, numbers that were refused as a whole passed over. */
  #nextOpen(): number {
    while (this.observer.state.batches.get(this.nextInOrder)?.fate === 'refused') this.nextInOrder++;
    return this.nextInOrder;
  }

  /** Applies what no longer waits: the gap closed, its time is over, or order no longer matters. */
  #drain(): void {
    while (this.#parked.length > 0) {
      const first = this.#parked.reduce((low, one) => (one.part.batch < low.part.batch ? one : low));
      const overdue = this.now() - Math.min(...this.#parked.map((one) => one.at)) >= this.dial.parkLimitMs;
      const due = this.dial.applyOrder !== 'inNumberOrder' || first.part.batch <= this.#nextOpen();
      if (!due && !overdue) return;
      if (!due) {
        this.effects.count('parkLimitMs');
        this.observer.notice('gapGivenUp', { batch: first.part.batch, detail: `${this.#nextOpen()} never came` });
      }
      this.#release(first);
    }
  }

  #releaseBelow(batch: number): void {
    for (const one of this.#parked
      .filter((waiting) => waiting.part.batch < batch)
      .toSorted((a, b) => a.part.batch - b.part.batch)) {
      this.#release(one);
    }
  }

  #release(one: Parked): void {
    this.#parked = this.#parked.filter((other) => other !== one);
    const batch = this.known.get(one.part.batch);
    if (batch !== undefined) this.#apply(one.part, one.body, batch, one.known);
  }

  /** To be called now and then: gives up gaps whose time is over. */
  tick(): void {
    this.#drain();
  }

  #hashed(batch: KnownBatch, part: IncomingPart, body: Buffer): void {
    if (part.parts === 1) {
      batch.sha256 = part.sha256;
      return;
    }
    const hash = this.#hashes.get(batch.batch) ?? new PartHash(batch.parts);
    this.#hashes.set(batch.batch, hash);
    batch.sha256 ??= hash.add(part.part, body);
    if (batch.sha256 !== undefined) this.#hashes.delete(batch.batch);
  }

  /** Begins anew: memory and the observer's record; the dial stays. */
  reset(): void {
    this.forgetEverything();
    this.judge.putOff.clear();
    this.applier.counts = { applied: 0, already: 0, rejected: 0, retryLater: 0 };
    this.effects.reset();
    this.observer.reset();
  }

  /** Loses everything in the provider's memory; the observer keeps its record. */
  forgetEverything(): number {
    const lost = [...this.known.keys()];
    this.#parked = [];
    this.#hashes.clear();
    this.known.clear();
    this.applier.clear();
    this.nextInOrder = 1;
    this.#markForgotten(lost);
    return lost.length;
  }

  /**
   * Loses all batches applied at or after `since` (milliseconds), or the newest `batches`, as if restored from a backup.
   * Returns how many were lost; throws when that is further back than is remembered.
   */
  forget(what: { since: number } | { batches: number }): number {
    this.#parked = [];
    this.#hashes.clear();
    const lost = [...this.known.values()].filter((one) => one.state === 'received').map((one) => one.batch);
    const undone = this.applier.undo(what);
    for (const batch of [...lost, ...undone]) this.known.delete(batch);
    this.nextInOrder = this.highestBatch + 1;
    this.#markForgotten([...lost, ...undone]);
    return lost.length + undone.length;
  }

  #markForgotten(batches: number[]): void {
    for (const batch of batches) {
      const seen = this.observer.state.batches.get(batch);
      if (seen !== undefined) seen.fate = 'forgotten';
    }
  }
}
