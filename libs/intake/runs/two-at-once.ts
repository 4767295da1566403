// Two chunks of a run at once, and never out of order: while one is derived and committed, the next one writes its lines.
//
// Why no deadlock can come of it: a chunk begins to lock lines only when the one before it has all of its own, and what
// that one still waits for (entries, counters) is never held by anybody who waits for lines. So it always ends, and the
// wait for it below, which the database cannot see, ends too. Only a chunk that failed and begins anew could want lines
// again; then those behind it give theirs back first.

/** How a chunk's turn ended: whether the next one may follow. */
export type Turn = 'goOn' | 'stop';

/** The chunk before this one was begun anew or stopped the run: this one gives its locks back. */
class GivesWay extends Error {}

/** What a chunk tells the one behind it, and asks of the one before it. */
export interface Place {
  /** All lines are locked; the next chunk may begin with its own. Harmless to repeat. */
  linesLocked(): void;
  /** Waits until all before it is committed. Called once the lines are locked, before anything is counted or derived. */
  waitForTurn(): Promise<void>;
  /** Its transaction failed and may be begun anew. */
  failed(): void;
}

interface Flight {
  linesLocked: Promise<void>;
  failed: AbortSignal;
  ended: Promise<Turn>;
}

/** Keeps the chunks of one run in order. */
export class TwoAtOnce {
  private before: Flight | null = null;
  private last: Flight | null = null;

  /** Begins a chunk as soon as it may: at most one other is then unfinished. Rejects with the failure of one before it. */
  async begin(work: (place: Place) => Promise<Turn>): Promise<Turn> {
    if (this.before && (await this.before.ended) === 'stop') return 'stop';
    await this.last?.linesLocked;
    const previous = this.last;
    const locked = Promise.withResolvers<void>();
    const failure = new AbortController();
    const ended = this.inTurn(previous, work, locked.resolve, () => failure.abort());
    // Its failure is seen by whoever waits for it; a chunk that ended in any way holds nothing any more.
    ended
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(locked.resolve)
      .catch(() => undefined);
    this.before = previous;
    this.last = { linesLocked: locked.promise, failed: failure.signal, ended };
    return 'goOn';
  }

  private async inTurn(
    previous: Flight | null,
    work: (place: Place) => Promise<Turn>,
    linesLocked: () => void,
    failed: () => void,
  ): Promise<Turn> {
    try {
      return await work({ linesLocked, failed, waitForTurn: () => turnAfter(previous) });
    } catch (error) {
      if (!(error instanceof GivesWay)) throw error;
    }
    // Alone now, after the one before it has ended, in whatever way.
    if ((await previous?.ended) === 'stop') return 'stop';
    return work({ linesLocked, failed, waitForTurn: () => Promise.resolve() });
  }

  /** Waits for all of them. Rejects with the first failure, after the others have ended, too. */
  async end(): Promise<Turn> {
    const flights = [this.before, this.last].filter((flight) => flight !== null);
    await Promise.allSettled(flights.map((flight) => flight.ended));
    for (const flight of flights) if ((await flight.ended) === 'stop') return 'stop';
    return 'goOn';
  }
}

async function turnAfter(previous: Flight | null): Promise<void> {
  if (!previous) return;
  const failed = new Promise<never>((_, reject) => {
    const giveWay = () => reject(new GivesWay());
    if (previous.failed.aborted) giveWay();
    else previous.failed.addEventListener('abort', giveWay, { once: true });
  });
  failed.catch(() => undefined);
  if ((await Promise.race([previous.ended, failed])) === 'stop') throw new GivesWay();
}
