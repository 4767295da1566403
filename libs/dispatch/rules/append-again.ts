// Which entries' current state is appended again when a batch did not arrive, or may have arrived after newer ones.

/** One line of a batch beside what the log says of its entry now. */
export interface LineNow {
  entryRef: string;
  /** The change that travelled. */
  seq: number;
  /** The entry's latest change now. */
  latestSeq: number;
  /** Whether the latest change was sealed, ahead or in its turn. */
  latestSealed: boolean;
  /** What the latest change waits for, when it was omitted and still waits; else null. */
  latestWaitsFor: number | null;
}

/** An entry to append again, unless something newer than `onlyIfSeq` stands in the log by then. */
export interface AppendItem {
  entryRef: string;
  onlyIfSeq: number;
}

/** Whether an item still speaks for its entry; with a newer change in the log nothing is appended for it. */
export function isLatest(item: AppendItem, latestSeq: number): boolean {
  return item.onlyIfSeq === latestSeq;
}

/**
 * A batch that the provider never got: its lines that are still their entry's latest change. (What waited for such a
 * line is released as after an outcome: a closed batch keeps nobody waiting.)
 */
export function stillDue(lines: readonly LineNow[]): AppendItem[] {
  return lines
    .filter((line) => line.latestSeq === line.seq)
    .map(({ entryRef, latestSeq }) => ({ entryRef, onlyIfSeq: latestSeq }));
}

/**
 * A batch that may have been applied late, after newer ones: entries whose newer change was sealed already. One that
 * is not sealed yet, or waits, travels later anyway. A provider that applies in order was not overtaken; repeating there
 * would feed itself, when it is slower than its deadline.
 */
export function overtaken(lines: readonly LineNow[], appliesInOrder: boolean): AppendItem[] {
  if (appliesInOrder) return [];
  return lines
    .filter((line) => line.latestSeq > line.seq && line.latestSealed && line.latestWaitsFor === null)
    .map(({ entryRef, latestSeq }) => ({ entryRef, onlyIfSeq: latestSeq }));
}
