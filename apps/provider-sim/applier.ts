// Puts lines into the book and says what became of each; stages full lists until their last part has come.
import { Book } from './book/book.js';
import type { Observer } from './book/record.js';
import { UndoHistory, UndoLog } from './book/undo.js';
import { isReadable } from './check-lines.js';
import type { Dial } from './dial.js';
import { type Judge, refusalOf } from './judge.js';
import type { IncomingPart, LineOutcome, Outcomes, OutcomeWord, WireLine } from './words.js';

const NOT_THERE = new Set(['PORTED_OUT', 'NOT_SUBSCRIBER']);

interface Staging {
  batch: number;
  parts: number;
  arrived: Set<number>;
  book: Book;
  /** Refs that were refused: what is held of them stays as it is. */
  refused: string[];
  toSeq: number;
}

export class Applier {
  book = new Book();
  /** Up to this seq the last full list has said everything. */
  floorSeq = 0;
  appliedSeq = 0;
  counts: Record<OutcomeWord, number> = { applied: 0, already: 0, rejected: 0, retryLater: 0 };
  readonly undoHistory = new UndoHistory();
  #staging: Staging | undefined;

  constructor(
    private readonly observer: Observer,
    private readonly judge: Judge,
    private readonly now: () => number,
  ) {}

  /** Parts of a full list that wait for the others. */
  get staged(): { batch: number; parts: number; arrived: number } | undefined {
    const one = this.#staging;
    return one === undefined ? undefined : { batch: one.batch, parts: one.parts, arrived: one.arrived.size };
  }

  /**
   * Applies a part and returns the outcome of every position. `decided` are refusals of an earlier run (when a journal
   * is read back): they stand, and no line is judged again.
   */
  apply(part: IncomingPart, order: Dial['applyOrder'], decided?: readonly LineOutcome[]): Outcomes {
    const standing = decided === undefined ? undefined : new Map(decided.map((one) => [one.n, one]));
    return part.kind === 'full' ? this.#stage(part, standing) : this.#applyDelta(part, order, standing);
  }

  #applyDelta(part: IncomingPart, order: Dial['applyOrder'], standing: Map<number, LineOutcome> | undefined): Outcomes {
    const log = new UndoLog();
    const except: LineOutcome[] = [];
    let already = 0;
    for (const line of part.lines) {
      const refusal = this.#refusal(part, line, standing);
      if (refusal !== undefined) {
        except.push(refusal);
        // A line that it does not have (any more) is not on its list either.
        if (line.op === 'REMOVE' && NOT_THERE.has(refusal.code ?? '')) this.book.remove(line.ref, line.seq, log);
        continue;
      }
      if (this.#applyLine(part, line, order, log) === 'already') {
        already++;
        except.push({ n: line.n, ref: line.ref, outcome: 'already' });
      }
    }
    this.undoHistory.add({ batch: part.batch, at: this.now(), log, appliedSeqBefore: this.appliedSeq });
    this.appliedSeq = Math.max(this.appliedSeq, part.toSeq);
    return this.#summed(part, except, already);
  }

  #applyLine(part: IncomingPart, line: WireLine, order: Dial['applyOrder'], log: UndoLog): 'applied' | 'already' {
    const { book, observer } = this;
    const row = book.find(line.ref);
    const seq = Math.max(book.seqOf(row), this.floorSeq);
    if (line.seq < seq) {
      if (order === 'newerSeqOnly') {
        this.judge.effects.count('applyOrder');
        observer.notice('stale', { batch: part.batch, n: line.n, ref: line.ref });
        return 'already';
      }
      observer.violation('olderSeqAfterNewer', {
        batch: part.batch,
        n: line.n,
        ref: line.ref,
        detail: `${line.seq} after ${seq}`,
      });
    } else if (part.seqs !== 'guessed' && seq >= part.fromSeq && seq < line.seq && book.seqOf(row) === seq) {
      observer.violation('twoChangesOfOneEntry', { batch: part.batch, n: line.n, ref: line.ref });
    }
    if (line.op === 'REMOVE') {
      if (row < 0) observer.notice('removeOfUnknown', { batch: part.batch, n: line.n, ref: line.ref });
      const held = book.isPresent(row);
      book.remove(line.ref, line.seq, log);
      return held ? 'applied' : 'already';
    }
    const termsId = book.terms.idOf(line.access, line.package, line.from, line.to);
    if (book.holds(row, line.line, termsId)) {
      book.touch(row, line.seq, log);
      return 'already';
    }
    book.put(line.ref, line.line, termsId, line.seq, log);
    return 'applied';
  }

  #stage(part: IncomingPart, standing: Map<number, LineOutcome> | undefined): Outcomes {
    let staging = this.#staging;
    if (staging === undefined || staging.batch !== part.batch) {
      if (staging !== undefined) this.observer.violation('fullListAbandoned', { batch: staging.batch });
      staging = {
        batch: part.batch,
        parts: part.parts,
        arrived: new Set(),
        book: new Book(this.book.terms),
        refused: [],
        toSeq: part.toSeq,
      };
      this.#staging = staging;
    }
    const except: LineOutcome[] = [];
    let already = 0;
    for (const line of part.lines) {
      const refusal = line.op === 'ADD' ? this.#refusal(part, line, standing) : this.#malformed(part, line);
      if (refusal !== undefined) {
        except.push(refusal);
        staging.refused.push(line.ref);
        continue;
      }
      if (staging.book.find(line.ref) >= 0)
        this.observer.violation('twoChangesOfOneEntry', { batch: part.batch, n: line.n, ref: line.ref });
      const termsId = this.book.terms.idOf(line.access, line.package, line.from, line.to);
      if (this.book.holds(this.book.find(line.ref), line.line, termsId)) {
        already++;
        except.push({ n: line.n, ref: line.ref, outcome: 'already' });
      }
      staging.book.put(line.ref, line.line, termsId, line.seq);
    }
    staging.arrived.add(part.part);
    if (part.part === part.parts && staging.arrived.size < part.parts) {
      this.observer.violation('fullListPartMissing', {
        batch: part.batch,
        detail: `${staging.arrived.size} of ${part.parts} parts were here`,
      });
    }
    if (staging.arrived.size === staging.parts) this.#replaceBook(staging);
    return this.#summed(part, except, already);
  }

  #replaceBook(staging: Staging): void {
    for (const ref of staging.refused) staging.book.copyFrom(this.book, ref);
    if (this.appliedSeq > staging.toSeq) {
      this.observer.notice('fullReplacedNewer', {
        batch: staging.batch,
        detail: `as of ${staging.toSeq}, ${this.appliedSeq} was applied`,
      });
    }
    this.undoHistory.add({
      batch: staging.batch,
      at: this.now(),
      log: new UndoLog(),
      appliedSeqBefore: this.appliedSeq,
      replaced: { book: this.book, floorSeq: this.floorSeq },
    });
    this.book = staging.book;
    this.floorSeq = staging.toSeq;
    this.appliedSeq = Math.max(this.appliedSeq, staging.toSeq);
    this.#staging = undefined;
  }

  #refusal(
    part: IncomingPart,
    line: WireLine,
    standing: Map<number, LineOutcome> | undefined,
  ): LineOutcome | undefined {
    if (standing !== undefined) {
      const stood = standing.get(line.n);
      return stood?.outcome === 'already' ? undefined : stood;
    }
    if (
      !isReadable(line) ||
      (line.op === 'ADD' && this.book.terms.idOf(line.access, line.package, line.from, line.to) < 0)
    ) {
      return this.#malformed(part, line);
    }
    if (line.mustHold && !this.book.isPresent(this.book.find(line.ref)))
      return { n: line.n, ref: line.ref, outcome: 'rejected', code: 'SERVICE_NOT_FOUND' };
    return refusalOf(this.judge, line);
  }

  #malformed(part: IncomingPart, line: WireLine): LineOutcome {
    this.observer.violation('malformedLine', { batch: part.batch, n: line.n });
    return {
      n: line.n,
      ref: typeof line.ref === 'string' ? line.ref.slice(0, 64) : '',
      outcome: 'rejected',
      code: 'INVALID_FORMAT',
    };
  }

  /** When most positions were held before, `already` is the default and the rest is listed. */
  #summed(part: IncomingPart, listed: LineOutcome[], already: number): Outcomes {
    const first = part.lines[0]?.n ?? 1;
    const last = first + part.lines.length - 1;
    for (const one of listed) this.counts[one.outcome]++;
    const applied = part.lines.length - listed.length;
    this.counts.applied += applied;
    if (already === 0 || already * 2 < part.lines.length) return { default: 'applied', except: listed, first, last };
    const listedAt = new Map(listed.map((one) => [one.n, one]));
    const except: LineOutcome[] = [];
    for (const line of part.lines) {
      const one = listedAt.get(line.n);
      if (one === undefined) except.push({ n: line.n, ref: line.ref, outcome: 'applied' });
      else if (one.outcome !== 'already') except.push(one);
    }
    return { default: 'already', except, first, last };
  }

  /** Takes steps back, newest first; throws when what is asked for lies further back than is remembered. */
  undo(what: { since: number } | { batches: number }): number[] {
    const { steps } = this.undoHistory;
    const count = 'since' in what ? steps.filter((step) => step.at >= what.since).length : what.batches;
    if (count > steps.length) {
      throw new Error(`only the newest ${steps.length} batches can be taken back; ask for fewer, or for everything`);
    }
    this.#staging = undefined;
    const undone = new Set<number>();
    for (let i = 0; i < count; i++) {
      const step = this.undoHistory.pop();
      if (step === undefined) break;
      if (step.replaced !== undefined) {
        this.book = step.replaced.book;
        this.floorSeq = step.replaced.floorSeq;
      }
      step.log.rollBack(this.book);
      this.appliedSeq = step.appliedSeqBefore;
      undone.add(step.batch);
    }
    return [...undone];
  }

  clear(): void {
    this.book = new Book();
    this.floorSeq = 0;
    this.appliedSeq = 0;
    this.#staging = undefined;
    this.undoHistory.clear();
  }
}
