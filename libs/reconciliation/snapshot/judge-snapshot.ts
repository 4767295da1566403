// Whether a whole list may be believed: a plain judgement of what it says of itself against what is known here.
import type { SnapshotHead } from '#contracts';

/** What is known here before a list is read. */
export interface KnownHere {
  provider: string;
  /** The name of our question. */
  request: string;
  /** An API answers when it is asked; a file may lie there from before. */
  by: 'file' | 'api';
  /** The newest list that was used; null: none. */
  lastUsed: { asOfSeq: number; takenAt: Date | null } | null;
  /** The highest position that it had acknowledged when it was asked. */
  acknowledgedSeq: number;
  /** Entries that it was acknowledged to hold. */
  acknowledgedLines: number;
  /** The highest number and position that were ever sealed for it. */
  sealedBatch: number;
  sealedSeq: number;
  /** Least percent of `acknowledgedLines` that a list must have. */
  leastPercent: number;
  now: Date;
}

export type HeadVerdict =
  | { verdict: 'usable'; asOfSeq: number; /** It says that it applied less than it acknowledged. */ restored: boolean }
  | { verdict: 'refused'; why: string };

/** Clocks may differ by so much. */
const CLOCK_TOLERANCE_MS = 24 * 3_600_000;
/** So few may be missing from any list: percents mean little below. */
const FEW = 20;

/**
 * Judges a list by its header. What is refused changes nothing: nothing is repaired, nothing removed.
 * @param toSeq the position that the batch it names ends with; null: there is no such batch
 */
export function judgeHead(head: SnapshotHead, toSeq: number | null, known: KnownHere): HeadVerdict {
  const refused = (why: string): HeadVerdict => ({ verdict: 'refused', why });
  if (head.provider !== known.provider) return refused(`it is the list of another provider than ${known.provider}`);
  const answers = head.request === known.request;
  if (known.by === 'api' && !answers)
    return refused('it does not answer this question ("request"): a copy that was kept somewhere is no list of now');
  if (head.batch > known.sealedBatch || toSeq === null || (head.appliedSeq ?? 0) > known.sealedSeq)
    return refused('it says that it applied what was never sent to it: its batch or seq lies in the future');
  const asOfSeq = head.appliedSeq ?? toSeq;
  const { lastUsed } = known;
  if (head.takenAt !== null) {
    if (head.takenAt.getTime() > known.now.getTime() + CLOCK_TOLERANCE_MS)
      return refused('it was taken more than a day in the future; set the clock of the system that writes it');
    if (!answers && lastUsed?.takenAt && head.takenAt.getTime() <= lastUsed.takenAt.getTime())
      return refused('it was taken before the last list that was used: it is an old one, whatever its name says');
  }
  // A list that nobody asked for may be any old one; only an answer to this question shows that data was lost.
  if (!answers && lastUsed && asOfSeq < lastUsed.asOfSeq)
    return refused(
      `it is as of change ${asOfSeq}, and one as of change ${lastUsed.asOfSeq} was used before: it is old`,
    );
  if (answers && asOfSeq < known.acknowledgedSeq) return { verdict: 'usable', asOfSeq, restored: true };
  const missing = known.acknowledgedLines - head.count;
  const small = head.count === 0 || missing > FEW;
  if (missing > 0 && small && head.count * 100 < known.leastPercent * known.acknowledgedLines)
    return refused(
      `it holds ${head.count} lines of ${known.acknowledgedLines} acknowledged, less than the ${known.leastPercent} percent agreed: if that is so, it says so by what it has applied`,
    );
  return { verdict: 'usable', asOfSeq, restored: false };
}
