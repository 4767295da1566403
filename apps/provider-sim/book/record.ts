// The observer beside the provider: every number ever received with its bytes' hash, and every breach of the contract noticed.
// It forgets nothing when the provider is told to forget, so a test can hold the hub to its promises.
import type { IncomingPart, Kind } from '../words.js';

/** Breaches of the contract by the hub. */
export type Violation =
  | 'sameNumberOtherBytes'
  | 'olderSeqAfterNewer'
  | 'twoChangesOfOneEntry'
  | 'seqOutsideRange'
  | 'seqNotRising'
  | 'rangesOverlap'
  | 'positionHole'
  | 'fullListHole'
  | 'fullListPartMissing'
  | 'fullListAbandoned'
  | 'malformedLine'
  | 'malformedBatch'
  | 'badSignature'
  | 'webhookIdForm'
  | 'notRenamed'
  | 'manifestDisagrees'
  | 'pathTraversal';

/** Worth knowing, and allowed. */
export type Notice =
  | 'outOfOrder'
  | 'repeated'
  | 'removeOfUnknown'
  | 'stale'
  | 'parked'
  | 'gapGivenUp'
  | 'fullReplacedNewer'
  | 'callbackRefused'
  | 'callbackGivenUp'
  | 'gzipBomb'
  | 'feedRefused'
  | 'manifestWaits'
  | 'answerNotWritten';

export interface Entry {
  what: Violation | Notice;
  batch?: number;
  part?: number;
  n?: number;
  ref?: string;
  detail?: string;
  at: number;
}

export interface SeenPart {
  part: number;
  sha256: string;
  count: number;
  times: number;
}

export interface SeenBatch {
  batch: number;
  kind: Kind;
  parts: number;
  fromSeq: number;
  toSeq: number;
  seen: SeenPart[];
  firstAt: number;
  lastAt: number;
  /** What became of it at the provider. */
  fate: 'notTaken' | 'received' | 'applied' | 'refused' | 'forgotten';
}

/** Newest entries kept in full; the counts go on. */
const KEPT = 2_000;

export interface RecordState {
  batches: Map<number, SeenBatch>;
  violations: Record<string, number>;
  notices: Record<string, number>;
  entries: Entry[];
  highest: number;
}

function emptyRecord(): RecordState {
  return { batches: new Map(), violations: {}, notices: {}, entries: [], highest: 0 };
}

export class Observer {
  state = emptyRecord();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  reset(): void {
    this.state = emptyRecord();
  }

  violation(what: Violation, where: Omit<Entry, 'what' | 'at'> = {}): void {
    this.state.violations[what] = (this.state.violations[what] ?? 0) + 1;
    this.#keep({ what, ...where, at: this.#now() });
  }

  notice(what: Notice, where: Omit<Entry, 'what' | 'at'> = {}): void {
    this.state.notices[what] = (this.state.notices[what] ?? 0) + 1;
    this.#keep({ what, ...where, at: this.#now() });
  }

  #keep(entry: Entry): void {
    this.state.entries.push(entry);
    if (this.state.entries.length > KEPT * 2) this.state.entries.splice(0, KEPT);
  }

  /** Notes that these bytes arrived, whatever becomes of them. */
  arrived(part: IncomingPart): SeenBatch {
    const { batch, sha256 } = part;
    const at = this.#now();
    let seen = this.state.batches.get(batch);
    if (seen === undefined) {
      seen = {
        batch,
        kind: part.kind,
        parts: part.parts,
        fromSeq: part.fromSeq,
        toSeq: part.toSeq,
        seen: [],
        firstAt: at,
        lastAt: at,
        fate: 'notTaken',
      };
      this.state.batches.set(batch, seen);
      this.#compareRange(part);
      if (batch < this.state.highest) this.notice('outOfOrder', { batch, detail: `after ${this.state.highest}` });
      this.state.highest = Math.max(this.state.highest, batch);
    }
    seen.lastAt = at;
    const same = seen.seen.find((one) => one.part === part.part);
    if (same === undefined) {
      seen.seen.push({ part: part.part, sha256, count: part.lines.length, times: 1 });
      return seen;
    }
    same.times++;
    if (same.sha256 === sha256) this.notice('repeated', { batch, part: part.part });
    else
      this.violation('sameNumberOtherBytes', {
        batch,
        part: part.part,
        detail: `${same.sha256} before, ${sha256} now`,
      });
    return seen;
  }

  /** Ranges of deltas do not share a seq, but for the halves of a refused batch and a single change that was sent ahead. */
  #compareRange(part: IncomingPart): void {
    if (part.kind !== 'delta' || part.seqs === 'guessed') return;
    const before = this.state.batches.get(part.batch - 1);
    if (before === undefined || before.kind !== 'delta' || before.fate === 'refused') return;
    if (part.fromSeq === part.toSeq || before.fromSeq === before.toSeq) return;
    if (part.fromSeq <= before.toSeq && part.toSeq >= before.fromSeq) {
      this.violation('rangesOverlap', {
        batch: part.batch,
        detail: `from ${part.fromSeq}, but ${part.batch - 1} was ${before.fromSeq} to ${before.toSeq}`,
      });
    }
  }

  /** Numbers below the highest that never arrived. */
  missing(limit = 1_000): number[] {
    const missing: number[] = [];
    for (let batch = 1; batch < this.state.highest && missing.length < limit; batch++) {
      if (!this.state.batches.has(batch)) missing.push(batch);
    }
    return missing;
  }
}
