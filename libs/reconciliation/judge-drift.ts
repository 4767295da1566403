// Which differences are drift: a plain judgement of one entry from what it should be, was acknowledged, and is observed.

/** What may be wrong. `unknown`: it holds a ref that is no entry of ours. */
export type DriftKind = 'missing' | 'extra' | 'differs' | 'unknown';

/** The likely cause, in a word that people see. */
export type DriftCause =
  | 'lostThere' // it acknowledged the line and does not hold it
  | 'restoredThere' // like that, and its applied seq has fallen: it put a backup back
  | 'removalNotDone' // it acknowledged the removal and still holds the line
  | 'appliedUnsaid' // it holds what it never acknowledged, or acknowledged as rejected
  | 'otherContent' // package or dates are not those acknowledged
  | 'notOurs'; // nobody here ever sent it

/** One entry in a leaf that differs. */
export interface Candidate {
  ref: string;
  /** Our item for what it was acknowledged to hold; null: nothing. */
  ours: Buffer | null;
  /** The item that it has; null: it does not hold the entry. */
  theirs: Buffer | null;
  /** The entry as it stands here; null: no such entry. */
  entry: EntryStanding | null;
}

export interface EntryStanding {
  /** Its latest change. */
  seq: number;
  present: boolean;
  /** Something of the entry has no final answer: a change in no batch, in flight, waiting, to retry, held or uncertain. */
  underWay: boolean;
  /** The provider acknowledged that the line is off. */
  acknowledgedOff: boolean;
}

export type Judged =
  { verdict: 'same' } | { verdict: 'awaiting' } | { verdict: 'drift'; kind: DriftKind; cause: DriftCause };

/**
 * Judges one candidate. What is under way is no drift: its answer is awaited. A difference is what the provider was
 * acknowledged to hold against what it holds; so a rejected line is never drift by itself.
 * @param restored its applied seq is behind what it acknowledged
 */
export function judgeDrift({ ours, theirs, entry }: Candidate, restored: boolean): Judged {
  if (ours === null ? theirs === null : theirs !== null && ours.equals(theirs)) return { verdict: 'same' };
  if (entry === null) return { verdict: 'drift', kind: 'unknown', cause: 'notOurs' };
  if (entry.underWay) return { verdict: 'awaiting' };
  if (theirs === null) {
    return { verdict: 'drift', kind: 'missing', cause: restored ? 'restoredThere' : 'lostThere' };
  }
  if (ours === null) {
    const cause = restored ? 'restoredThere' : entry.acknowledgedOff ? 'removalNotDone' : 'appliedUnsaid';
    return { verdict: 'drift', kind: 'extra', cause };
  }
  return { verdict: 'drift', kind: 'differs', cause: restored ? 'restoredThere' : 'otherContent' };
}

/** How often a difference must have been seen, with nothing under way for its entry, before anything acts on it. */
export const SEEN_ENOUGH = 2;
