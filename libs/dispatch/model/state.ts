// What the model's hub keeps for its provider: the tables of the real one, as maps.
import type { BatchState, ResultCode } from '#contracts';
import type { Heard, Resolution } from '../../acknowledgement/merge.js';
import type { LineNow } from '../rules/append-again.js';
import type { Fate } from '../rules/awaited.js';
import type { Range } from '../rules/halves.js';
import { known } from './fail.js';
import { Log } from './log.js';
import type { SentBatch } from './messages.js';
import type { Rules } from './rules.js';
import type { ModelProfile } from './temperament.js';

export interface Counts {
  applied: number;
  already: number;
  rejected: number;
  retryLater: number;
  uncertain: number;
  /** Lines of which nothing was heard and that were not given up. */
  unknown: number;
}

export interface ModelBatch {
  number: number;
  kind: 'delta' | 'full';
  fromSeq: number;
  toSeq: number;
  sent: SentBatch;
  collapsed: number[];
  /** Seqs of the range that were sealed ahead: the table lists them with what is collapsed. */
  skipped: number[];
  omitted: number[];
  state: BatchState;
  /** On the clock, in milliseconds. */
  sealedAt: number;
  /** Moment of the receipt, for the deadline of outcomes. */
  since: number;
  asked: number;
  everHanded: boolean;
  /** Outcomes arrived, if only for no lines at all. */
  answered: boolean;
  /** Full lists: all of it was heard of, so that what it does not say is gone. A list that was given up covers nothing. */
  covers: boolean;
  /** Closed, given up, or with an attempt that lost its lease. */
  suspect: boolean;
  /** What was heard of each line, by position - 1. */
  heard: Heard[];
  givenUp: boolean[];
  counts: Counts;
  /** The first refused batch of its family, for counting offenders. */
  root: number;
}

export interface ModelAttempt {
  number: number;
  fence: number;
  purpose: 'handOver' | 'ask';
  startedAt: number;
  ended: boolean;
}

export interface ModelException {
  seq: number;
  ref: string;
  number: number;
  kind: 'rejected' | 'retrying' | 'uncertain';
  code: ResultCode;
  tries: number;
  nextAt: number | null;
  ended: 'answered' | 'retried' | 'superseded' | 'covered' | 'replayed' | null;
}

export interface ModelOmission {
  seq: number;
  ref: string;
  waitsFor: number;
  ended: boolean;
}

type Role =
  | { role: 'line'; number: number; n: number }
  | { role: 'absent'; number: number }
  | { role: 'omitted' }
  | { role: 'collapsed' };

export class HubState {
  readonly log: Log;
  readonly batches: ModelBatch[] = [];
  readonly attempts: ModelAttempt[] = [];
  readonly exceptions = new Map<number, ModelException>();
  readonly omissions = new Map<number, ModelOmission>();
  readonly roles = new Map<number, Role>();
  /** Ranges of refused batches that no half has taken up, with the family's root. */
  refusedRanges: (Range & { root: number })[] = [];
  sealedSeq = 0;
  /** Seqs above the sealed position that were sealed ahead, ascending. */
  ahead: number[] = [];
  /** Changes that somebody wants to go now. */
  readonly pushed = new Set<number>();
  fence = 0;
  leaseUntil = 0;
  notBefore: number | null = null;
  failures = 0;
  paused = false;
  fullListWanted = false;

  constructor(
    readonly rules: Rules,
    readonly profile: ModelProfile,
    /** Milliseconds. */
    readonly clock: () => number,
  ) {
    this.log = new Log(rules);
  }

  batch(number: number): ModelBatch {
    const batch = this.batches[number - 1];
    if (!batch) throw new Error(`no batch has number ${number}`);
    return batch;
  }

  /** What a change is waiting for, or null when anything newer of its entry may be sent. */
  awaited(seq: number): number | null {
    return this.rules.awaited(seq, this.fateOf(seq));
  }

  private fateOf(seq: number): Fate {
    const role = known(this.roles, seq, 'the fate of change');
    switch (role.role) {
      case 'line': {
        const { state } = this.batch(role.number);
        return { role: 'line', state, answered: this.resolution(this.batch(role.number), role.n).word !== 'unknown' };
      }
      case 'absent':
        return { role: 'absent', state: this.batch(role.number).state };
      case 'omitted': {
        const omission = known(this.omissions, seq, 'omission');
        return { role: 'omitted', waitsFor: omission.ended ? null : this.awaited(omission.waitsFor) };
      }
      case 'collapsed':
        return role;
    }
  }

  /** What is known of a line: what was heard, or that it was given up. */
  resolution(batch: ModelBatch, n: number): Resolution {
    const said = this.rules.resolve(batch.heard[n - 1] ?? {});
    if (said.word !== 'unknown' || !batch.givenUp[n - 1]) return said;
    return this.rules.silenceIsUncertain ? { word: 'uncertain', code: 'PROVIDER_ERROR' } : { word: 'applied' };
  }

  /** The lines of a batch beside their entries; of a full list every entry, by its latest change at that position. */
  linesNow(batch: ModelBatch): LineNow[] {
    if (batch.kind === 'delta' || !this.rules.fullListOvertakesAll)
      return batch.sent.lines.map((line) => this.lineNow(line.ref, line.seq));
    return [...this.log.entries.values()].map((entry) => {
      let seq = entry.latestSeq;
      while (seq > batch.toSeq) seq = this.log.change(seq).prevSeq;
      return this.lineNow(entry.ref, seq);
    });
  }

  private lineNow(entryRef: string, seq: number): LineNow {
    const { latestSeq } = known(this.log.entries, entryRef, 'entry');
    const omission = this.omissions.get(latestSeq);
    const latestSealed = latestSeq <= this.sealedSeq || this.ahead.includes(latestSeq);
    return {
      entryRef,
      seq,
      latestSeq,
      latestSealed,
      latestWaitsFor: omission && !omission.ended ? omission.waitsFor : null,
    };
  }
}
