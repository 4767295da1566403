// Simulated time: what is due next happens next; nothing sleeps.

interface Due {
  at: number;
  order: number;
  what: () => void;
}

/** Every run begins at 23:57 in Bangkok, so that it has a night, a midnight and a morning. */
const BEGINS_MS = Date.UTC(2020, 2, 18, 16, 57);

/** Events by their moment (seconds); of the same moment, in the order in which they were planned. */
export class Timeline {
  now = 0;
  private readonly heap: Due[] = [];
  private planned = 0;

  /** A moment of the run (seconds) on the clock, in milliseconds. */
  static clockMs(at: number): number {
    return BEGINS_MS + at * 1000;
  }

  /** Plans an event `afterS` seconds from now. */
  after(afterS: number, what: () => void): void {
    const due = { at: this.now + Math.max(0, afterS), order: this.planned++, what };
    let i = this.heap.push(due) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(due, this.at(parent))) break;
      this.heap[i] = this.at(parent);
      i = parent;
    }
    this.heap[i] = due;
  }

  /** Lets the next event happen. */
  step(): boolean {
    const first = this.heap[0];
    const last = this.heap.pop();
    if (!first || !last) return false;
    if (this.heap.length > 0) this.sink(last);
    this.now = first.at;
    first.what();
    return true;
  }

  private sink(due: Due): void {
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= this.heap.length) break;
      if (child + 1 < this.heap.length && isBefore(this.at(child + 1), this.at(child))) child++;
      if (!isBefore(this.at(child), due)) break;
      this.heap[i] = this.at(child);
      i = child;
    }
    this.heap[i] = due;
  }

  private at(i: number): Due {
    const due = this.heap[i];
    if (!due) throw new Error('outside the heap');
    return due;
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
