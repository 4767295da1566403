// The model's entries and change log: every append writes the entry's current desired state.
import type { AppendItem } from '../rules/append-again.js';
import { known } from './fail.js';
import type { Rules } from './rules.js';

/** What should be on the list for an entry: a content, or null for "not on the list". */
export type Content = string | null;

export interface ModelChange {
  seq: number;
  prevSeq: number;
  entryRef: string;
  content: Content;
  cause: 'desired' | 'retried' | 'predecessor' | 'replayed';
}

export interface ModelEntry {
  ref: string;
  content: Content;
  latestSeq: number;
}

export class Log {
  readonly entries = new Map<string, ModelEntry>();
  readonly changes = new Map<number, ModelChange>();
  lastSeq = 0;
  /** Changes appended for one that was not its entry's latest any more: there must be none. */
  superfluous = 0;

  constructor(private readonly rules: Rules) {}

  /** A new desired state. Nothing is appended when it is the old one. */
  desire(ref: string, content: Content): void {
    const entry = this.entries.get(ref) ?? { ref, content: null, latestSeq: 0 };
    if (entry.content === content) return;
    entry.content = content;
    this.entries.set(ref, entry);
    this.append(entry, content, 'desired');
  }

  /** Appends current states again; what is superseded drops out. Returns the refs appended. */
  appendAgain(items: readonly AppendItem[], cause: ModelChange['cause']): Set<string> {
    const appended = new Set<string>();
    for (const item of items) {
      const entry = known(this.entries, item.entryRef, 'entry');
      if (!this.rules.isLatest(item, entry.latestSeq)) continue;
      if (item.onlyIfSeq !== entry.latestSeq) this.superfluous++;
      const causing = known(this.changes, item.onlyIfSeq, 'change');
      this.append(entry, this.rules.contentToAppend(entry.content, causing.content), cause);
      appended.add(item.entryRef);
    }
    return appended;
  }

  change(seq: number): ModelChange {
    return known(this.changes, seq, 'change');
  }

  entryOf(seq: number): ModelEntry {
    return known(this.entries, this.change(seq).entryRef, 'entry');
  }

  private append(entry: ModelEntry, content: Content, cause: ModelChange['cause']): void {
    const seq = ++this.lastSeq;
    this.changes.set(seq, { seq, prevSeq: entry.latestSeq, entryRef: entry.ref, content, cause });
    entry.latestSeq = seq;
  }
}
