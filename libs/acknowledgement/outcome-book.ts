// One batch's outcomes in memory while an answer is merged in: one word for all, or bits, and sets for the rest.
import type { Outcomes } from '#contracts';
import { BLOCK_BYTES, BLOCK_LINES, count, getBit, placeOf, setBit } from './bits.js';
import { heardOf, merge, resolve, type Heard, type Resolution } from './merge.js';

export interface Counts {
  applied: number;
  already: number;
  rejected: number;
  retrying: number;
  uncertain: number;
}

export interface Block {
  applied: Buffer;
  already: Buffer;
}

type Said = 'applied' | 'already' | null;

/**
 * What was heard of each line of one batch. `said` is the short form of "this word was heard of every line and nothing
 * else"; anything more is spread into bits, and a line that is not simply there has a set of its own and no bits.
 */
export class OutcomeBook {
  /** Blocks that must be written back. */
  readonly touchedBlocks = new Set<number>();
  /** Positions whose exception must be written back. */
  readonly touchedLines = new Set<number>();

  constructor(
    readonly lineCount: number,
    public said: Said,
    readonly blocks: Map<number, Block>,
    readonly sets: Map<number, Heard>,
    /** Positions that were given up without a word. */
    readonly givenUp: Set<number>,
  ) {}

  /** Merges an answer. Positions outside the batch must have been set aside before. */
  take(outcomes: Outcomes): void {
    const first = outcomes.first ?? 1;
    const last = outcomes.last ?? this.lineCount;
    const word = outcomes.default;
    if (word && first === 1 && last === this.lineCount && outcomes.except.length === 0 && this.isPlain()) {
      this.said = this.said === 'applied' ? 'applied' : word;
      return;
    }
    this.spread();
    if (word) {
      const listed = new Set(outcomes.except.map((item) => item.n));
      for (let n = first; n <= last; n++) if (!listed.has(n)) this.hear(n, { [word]: true });
    }
    for (const item of outcomes.except) this.hear(item.n, heardOf(item.outcome, item.code));
  }

  /** Every line without a word becomes uncertain. */
  giveUp(): void {
    if (this.said) return;
    for (let n = 1; n <= this.lineCount; n++) {
      if (this.resolution(n).word === 'unknown') {
        this.givenUp.add(n);
        this.touchedLines.add(n);
      }
    }
  }

  heard(n: number): Heard {
    const set = this.sets.get(n);
    if (set) return set;
    if (this.said) return { [this.said]: true };
    const { block, bit } = placeOf(n);
    const bits = this.blocks.get(block);
    const heard: Heard = {};
    if (bits && getBit(bits.applied, bit)) heard.applied = true;
    if (bits && getBit(bits.already, bit)) heard.already = true;
    return heard;
  }

  resolution(n: number): Resolution {
    const resolution = resolve(this.heard(n));
    return resolution.word === 'unknown' && this.givenUp.has(n)
      ? { word: 'uncertain', code: 'PROVIDER_ERROR' }
      : resolution;
  }

  counts(): Counts {
    const counts: Counts = { applied: 0, already: 0, rejected: 0, retrying: 0, uncertain: 0 };
    for (const n of new Set([...this.sets.keys(), ...this.givenUp])) {
      const { word } = this.resolution(n);
      if (word === 'rejected') counts.rejected++;
      else if (word === 'retryLater') counts.retrying++;
      else if (word === 'uncertain') counts.uncertain++;
    }
    if (this.said) {
      counts[this.said] = this.lineCount;
      return counts;
    }
    for (const { applied, already } of this.blocks.values()) {
      const onlyAlready = Buffer.from(already.map((byte, i) => byte & ~(applied[i] ?? 0)));
      counts.applied += count(applied);
      counts.already += count(onlyAlready);
    }
    return counts;
  }

  /** Whether the provider said something of every line, rather than some being given up in silence. */
  isWhollyHeard(): boolean {
    if (this.said) return true;
    for (const n of this.givenUp) if (resolve(this.heard(n)).word === 'unknown') return false;
    const { applied, already } = this.counts();
    return applied + already + this.sets.size >= this.lineCount;
  }

  private isPlain(): boolean {
    return this.sets.size === 0 && this.givenUp.size === 0 && this.blocks.size === 0;
  }

  private hear(n: number, words: Heard): void {
    const after = merge(this.heard(n), words);
    const { word } = resolve(after);
    if (this.givenUp.has(n)) this.touchedLines.add(n);
    if (word === 'applied' || word === 'already') {
      if (this.sets.delete(n)) this.touchedLines.add(n);
      this.setBits(n, after);
    } else {
      this.sets.set(n, after);
      this.touchedLines.add(n);
      this.setBits(n, {});
    }
  }

  private setBits(n: number, heard: Heard): void {
    const { block, bit } = placeOf(n);
    let bits = this.blocks.get(block);
    if (!bits) {
      if (!heard.applied && !heard.already) return;
      bits = { applied: Buffer.alloc(BLOCK_BYTES), already: Buffer.alloc(BLOCK_BYTES) };
      this.blocks.set(block, bits);
    }
    setBit(bits.applied, bit, heard.applied === true);
    setBit(bits.already, bit, heard.already === true);
    this.touchedBlocks.add(block);
  }

  /** From the short form to bits. */
  private spread(): void {
    if (!this.said) return;
    const said = this.said;
    this.said = null;
    for (let block = 0; block * BLOCK_LINES < this.lineCount; block++) {
      const bits = { applied: Buffer.alloc(BLOCK_BYTES), already: Buffer.alloc(BLOCK_BYTES) };
      const here = Math.min(BLOCK_LINES, this.lineCount - block * BLOCK_LINES);
      for (let bit = 0; bit < here; bit++) setBit(bits[said], bit, true);
      this.blocks.set(block, bits);
      this.touchedBlocks.add(block);
    }
  }
}
