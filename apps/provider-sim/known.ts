// What the provider itself remembers of batches: its answers to "do you know number 42?" come from here.
import type { IncomingPart, Kind, Outcomes } from './words.js';

export interface KnownPart {
  part: number;
  sha256: string;
  count: number;
  /** Absent while parked behind a gap. */
  outcomes?: Outcomes;
  /** True when nobody is to hear the outcomes. */
  silent: boolean;
  /** True when the outcomes were delivered (callback styles). */
  told: boolean;
}

export interface KnownBatch {
  batch: number;
  kind: Kind;
  parts: number;
  fromSeq: number;
  toSeq: number;
  known: KnownPart[];
  state: 'received' | 'applied';
  /** SHA-256 over the bodies of all parts one after another, once all are here. */
  sha256?: string;
}

/** The batch of `part`, newly remembered when its number was not known. */
export function rememberBatch(known: Map<number, KnownBatch>, part: IncomingPart): KnownBatch {
  let batch = known.get(part.batch);
  if (batch === undefined) {
    const { batch: number, kind, parts, fromSeq, toSeq } = part;
    batch = { batch: number, kind, parts, fromSeq, toSeq, known: [], state: 'received' };
    known.set(number, batch);
  }
  return batch;
}

/** Remembers `part`, in the place of what was remembered of it before. */
export function rememberPart(batch: KnownBatch, part: IncomingPart, silent: boolean): KnownPart {
  const known: KnownPart = { part: part.part, sha256: part.sha256, count: part.lines.length, silent, told: false };
  const at = batch.known.findIndex((one) => one.part === part.part);
  if (at >= 0) batch.known[at] = known;
  else batch.known.push(known);
  return known;
}

/**
 * The outcomes of all parts put together; undefined while one has none. Where the parts' defaults differ, `already` is
 * told as `applied`: the positions of a default cannot be listed without their refs.
 */
export function wholeOutcomes(batch: KnownBatch): Outcomes | undefined {
  if (batch.known.length < batch.parts) return undefined;
  const all: Outcomes[] = [];
  for (const one of batch.known.toSorted((a, b) => a.part - b.part)) {
    if (one.outcomes === undefined) return undefined;
    all.push(one.outcomes);
  }
  const words = new Set(all.map((one) => one.default));
  const word = words.size === 1 ? all[0]?.default : 'applied';
  const except = all.flatMap((one) =>
    words.size === 1 ? one.except : one.except.filter((line) => line.outcome !== word),
  );
  return { default: word, except, first: all[0]?.first ?? 1, last: all.at(-1)?.last ?? 0 };
}
