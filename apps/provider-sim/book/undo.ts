// What the newest batches changed, so that a provider can be put back to an earlier point as if restored from a backup.
import type { Book } from './book.js';

const WIDTH = 6;

/** Former rows of one batch, newest last. */
export class UndoLog {
  readonly #cells: number[] = [];
  readonly #texts = new Map<number, string>();

  /** Rows remembered. */
  get length(): number {
    return this.#cells.length / WIDTH;
  }

  push(row: number, state: number, seq: number, termsId: number, form: number, value: number, text?: string): void {
    if (text !== undefined) this.#texts.set(this.#cells.length, text);
    this.#cells.push(row, state, seq, termsId, form, value);
  }

  rollBack(book: Book): void {
    const cells = this.#cells;
    for (let at = cells.length - WIDTH; at >= 0; at -= WIDTH) {
      const [row = 0, state = 0, seq = 0, termsId = 0, form = 0, value = 0] = cells.slice(at, at + WIDTH);
      book.restore(row, state, seq, termsId, form, value, this.#texts.get(at));
    }
  }
}

/** One applied batch, and how to take it back. */
export interface UndoStep {
  batch: number;
  /** When it was applied, milliseconds. */
  at: number;
  log: UndoLog;
  appliedSeqBefore: number;
  /** The book before a full list took its place. */
  replaced?: { book: Book; floorSeq: number };
}

/** Keeps the newest steps, at most about `limit` lines of them and always the last one. */
export class UndoHistory {
  readonly steps: UndoStep[] = [];
  #lines = 0;
  readonly #limit: number;

  constructor(limit = 200_000) {
    this.#limit = limit;
  }

  add(step: UndoStep): void {
    this.steps.push(step);
    this.#lines += sizeOf(step);
    while (this.#lines > this.#limit && this.steps.length > 1) {
      const oldest = this.steps.shift();
      if (oldest !== undefined) this.#lines -= sizeOf(oldest);
    }
  }

  /** Takes the newest step out, or undefined when nothing is remembered any more. */
  pop(): UndoStep | undefined {
    const step = this.steps.pop();
    if (step !== undefined) this.#lines -= sizeOf(step);
    return step;
  }

  clear(): void {
    this.steps.length = 0;
    this.#lines = 0;
  }
}

function sizeOf(step: UndoStep): number {
  return step.log.length + (step.replaced?.book.rows ?? 0);
}
