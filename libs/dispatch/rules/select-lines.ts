// Which changes of a range travel in its batch: collapsing, and the predecessor rule.

export interface LoggedChange {
  seq: number;
  /** The same entry's change before, 0 when there is none. */
  prevSeq: number;
  entryRef: string;
}

export interface Omission {
  seq: number;
  entryRef: string;
  /** The seq whose outcome is awaited. */
  waitsFor: number;
}

export interface Selection<C extends LoggedChange> {
  /** What is sent, in the order of seq; position n is index + 1. */
  lines: C[];
  /** Seqs for which a later change of the same entry speaks: in the range, or (halves) anywhere after it. */
  collapsed: number[];
  omitted: Omission[];
}

/**
 * Selects the lines of a batch from a range of the log.
 *
 * Collapsing: of several changes of one entry only the last is sent. Predecessor rule: while an earlier change of the
 * entry was sent and has no outcome, or waits itself, the last one is omitted (and appended again when that outcome
 * arrives), because two hand-overs may be applied in either order; unless the provider is proven to apply in order.
 *
 * @param changes the range, ascending by seq
 * @param awaited the seq whose outcome must be heard before anything newer than `seq` of that entry may be sent, or
 *   null when the way is free
 * @param superseded for halves, which are sealed after batches that stand later in the log: whether a change has a newer
 *   one outside the range. What waits goes on waiting all the same, so that a newer change still finds what is awaited.
 */
export function selectLines<C extends LoggedChange>(
  changes: readonly C[],
  awaited: (seq: number) => number | null,
  appliesInOrder: boolean,
  superseded: (seq: number) => boolean = () => false,
): Selection<C> {
  const byEntry = new Map<string, { last: C; before: number }>();
  const collapsed: number[] = [];
  for (const change of changes) {
    const seen = byEntry.get(change.entryRef);
    if (seen) {
      collapsed.push(seen.last.seq);
      seen.last = change;
    } else {
      byEntry.set(change.entryRef, { last: change, before: change.prevSeq });
    }
  }
  const omitted: Omission[] = [];
  const lines: C[] = [];
  for (const { last, before } of byEntry.values()) {
    const waitsFor = appliesInOrder || before === 0 ? null : awaited(before);
    if (waitsFor === null && superseded(last.seq)) collapsed.push(last.seq);
    else if (waitsFor === null) lines.push(last);
    else omitted.push({ seq: last.seq, entryRef: last.entryRef, waitsFor });
  }
  // Without a repeated entry the map already is in the order of seq.
  if (collapsed.length > 0) lines.sort((a, b) => a.seq - b.seq);
  return { lines, collapsed, omitted };
}
