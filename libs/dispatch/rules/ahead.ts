// Push now: one change sealed ahead of what stands before it in the log, without ever overtaking its own entry.

/** The change that somebody wants to go now, beside what the log says. */
export interface Pushed {
  seq: number;
  /** The entry's change before, 0 when there is none. */
  prevSeq: number;
  /** The entry's latest change. */
  latestSeq: number;
}

export type PushFate =
  /** Sealed as a batch of its own, now. */
  | 'ahead'
  /** Its predecessor is not sealed, or has no outcome: later. */
  | 'notYet'
  /** Nothing to push: it was sealed, or a newer change of the entry stands in the log. */
  | 'over';

/**
 * Whether a change may be sealed ahead. Its predecessor must have been sealed, or the older one would follow the newer;
 * and it must be settled, unless the provider applies in order.
 *
 * The range that is sealed later around it leaves it out (listed with what is collapsed), so that every change still
 * travels in one batch.
 * @param ahead seqs above `sealedSeq` that were sealed ahead already
 * @param awaited the seq whose outcome is awaited before anything newer than this one may go, or null
 */
export function pushFate(
  pushed: Pushed,
  sealedSeq: number,
  ahead: readonly number[],
  awaited: (seq: number) => number | null,
  appliesInOrder: boolean,
): PushFate {
  if (pushed.seq !== pushed.latestSeq || pushed.seq <= sealedSeq || ahead.includes(pushed.seq)) return 'over';
  if (pushed.prevSeq === 0) return 'ahead';
  if (pushed.prevSeq > sealedSeq && !ahead.includes(pushed.prevSeq)) return 'notYet';
  return appliesInOrder || awaited(pushed.prevSeq) === null ? 'ahead' : 'notYet';
}
