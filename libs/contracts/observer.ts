// What a provider says it holds: digests step by step, so that a comparison costs what differs, or the whole list as a stream.
import type { Access, Day } from './words.js';

/** One answer of a provider about its list. `no`: it did not say, or not clearly; that is never read as absence. */
export type Observed<T> =
  { said: 'yes'; value: T; /** Bytes of the answer's body. */ bytes: number } | { said: 'no'; detail: string };

/** Every answer names the seq that the provider has applied: when it moves between two questions, both are asked anew. */
export interface ObservedNodes {
  appliedSeq: number;
  /** Entries that it holds. */
  count: number;
  /** 256 digests of 16 bytes. */
  nodes: Buffer;
}

export interface ObservedLeaves {
  appliedSeq: number;
  /** Node number to its 256 leaf digests of 20 bytes. */
  leaves: Map<number, Buffer>;
}

export interface ObservedItem {
  leaf: number;
  /** The entry's ref. */
  ref: string;
  /** 16 bytes. */
  item: Buffer;
}

export interface ObservedItems {
  appliedSeq: number;
  items: ObservedItem[];
}

/** How a provider that offers digests is asked. Never throws for what the provider did. */
export interface ListObserver {
  nodes(signal: AbortSignal): Promise<Observed<ObservedNodes>>;
  leaves(nodes: number[], signal: AbortSignal): Promise<Observed<ObservedLeaves>>;
  items(leaves: number[], signal: AbortSignal): Promise<Observed<ObservedItems>>;
}

/** What a snapshot says of itself before its lines. */
export interface SnapshotHead {
  /** The provider's code, as it says. */
  provider: string;
  /** The highest batch that it had applied; 0: none. */
  batch: number;
  /** The highest `toSeq` of what it had applied; null where its protocol has no such word. */
  appliedSeq: number | null;
  /** Lines that follow, as it says. */
  count: number;
  /** When it was taken, by the provider's clock; null where its protocol has no such word. */
  takenAt: Date | null;
  /** The question that it answers; null: it came by itself. */
  request: string | null;
}

/** One line that the provider holds. `to` null: no end. */
export interface SnapshotLine {
  ref: string;
  access: Access;
  /** E.164 with plus, or the circuit number. Never logged. */
  line: string;
  package: string;
  from: Day;
  to: Day | null;
}

/** Who reads a snapshot. Neither method throws for what the provider wrote. */
export interface SnapshotReader {
  /** Called once per snapshot, before any line of it: null, or why it cannot be used, in words. */
  begin(head: SnapshotHead): Promise<string | null>;
  /** A run of lines; resolves when the next may come, so that memory stays bounded. */
  take(lines: SnapshotLine[]): Promise<void>;
}

/** A snapshot that cannot be used, in words and without a line. `file`: where it came as one. */
export interface SnapshotRefusal {
  file: string | null;
  detail: string;
}

/**
 * How reading a snapshot ended.
 * - `whole`: every line was taken, and all that it says of itself agrees. `settle` puts a file away: used, or why not.
 * - `refused`: something came and cannot be used; nothing of it counts. It was set aside.
 * - `moved`: the provider applied something while it was read; ask again later.
 * - `notThere`: nothing came within the time agreed.
 * - `failed`: no answer, or the connection ended.
 * `refused` in any of them: what was set aside on the way.
 */
export type SnapshotRead = { bytes: number; roundTrips: number; refusals: SnapshotRefusal[] } & (
  | { read: 'whole'; sha256: string | null; settle: (refused: string | null) => Promise<void> }
  | { read: 'refused'; detail: string }
  | { read: 'moved'; detail: string }
  | { read: 'notThere'; detail: string }
  | { read: 'failed'; detail: string }
);

/** How a provider that offers its whole list is asked for it. Never throws for what the provider did. */
export interface SnapshotObserver {
  /** @param request names the question, so that an answer kept somewhere from before is not taken for this one */
  read(request: string, reader: SnapshotReader, signal: AbortSignal): Promise<SnapshotRead>;
}
