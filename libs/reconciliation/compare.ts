// One comparison: the provider's digests against what it was acknowledged to hold, down to the entries that differ.
import type { DataSource } from 'typeorm';
import type { ListObserver, Observed, ObservedItem, SnapshotRefusal } from '#contracts';
import { query } from '#platform';
import { differingLeaves, differingNodes } from './digest/tree.js';
import { foldHeld, heldTree } from './held.js';
import type { Candidate, EntryStanding } from './judge-drift.js';

/** Leaves asked for in one request: about 50 entries each at 3 million, so an answer stays near 1 MB. */
const LEAVES_A_QUESTION = 256;

/** What was seen, as far as it went. */
export interface Seen {
  asOfSeq: number | null;
  heldHere: number | null;
  heldThere: number | null;
  roundTrips: number;
  bytes: number;
  /** Whole lists that were set aside on the way. */
  refusals: SnapshotRefusal[];
}

/** Which side ended the comparison before its end, and what was seen until then. */
export type Compared = Seen &
  (
    | { result: 'compared'; restored: boolean; candidates: Candidate[] }
    /** It moved on between two questions, or has not said what it applied of what it acknowledged: ask again later. */
    | { result: 'notNow'; detail: string }
    /** What it handed over as its list cannot be believed; nothing follows from it. */
    | { result: 'refused'; detail: string }
    | { result: 'cannotTell'; detail: string }
  );

class Stop extends Error {
  constructor(
    readonly result: 'notNow' | 'cannotTell',
    message: string,
  ) {
    super(message);
    this.name = 'Stop';
  }
}

const ACKNOWLEDGED = `
SELECT coalesce(max(to_seq), 0) AS "toSeq" FROM batch WHERE provider_id = $1 AND state = 'settled' AND line_count > 0`;

/** The highest position of the log that the provider acknowledged as a whole; 0: none. */
export async function acknowledgedSeq(source: DataSource, providerId: number): Promise<number> {
  const [acknowledged] = await query<{ toSeq: number }>(source, ACKNOWLEDGED, [providerId]);
  return acknowledged?.toSeq ?? 0;
}

/** Compares once. `secret`: the provider's digest secret. Reads only, besides the folding of what it acknowledged. */
export async function compare(
  source: DataSource,
  providerId: number,
  observer: ListObserver,
  secret: Buffer,
  signal: AbortSignal,
): Promise<Compared> {
  const seen: Seen = { asOfSeq: null, heldHere: null, heldThere: null, roundTrips: 0, bytes: 0, refusals: [] };
  const said = <T extends { appliedSeq: number }>(answer: Observed<T>): T => {
    seen.roundTrips += 1;
    if (answer.said === 'no') throw new Stop('cannotTell', answer.detail);
    seen.bytes += answer.bytes;
    if (seen.asOfSeq !== null && answer.value.appliedSeq !== seen.asOfSeq)
      throw new Stop('notNow', 'it applied something between two questions');
    seen.asOfSeq = answer.value.appliedSeq;
    return answer.value;
  };
  try {
    const top = said(await observer.nodes(signal));
    seen.heldThere = top.count;
    const restored = top.appliedSeq < (await acknowledgedSeq(source, providerId));
    await foldHeld(source, providerId, secret, Number.MAX_SAFE_INTEGER);
    const ours = await heldTree(source, providerId);
    seen.heldHere = ours.count;
    const nodes = differingNodes(ours.nodes(), top.nodes);
    if (nodes.length === 0) return { ...seen, result: 'compared', restored, candidates: [] };
    const { leaves } = said(await observer.leaves(nodes, signal));
    const differing = nodes.flatMap((node) => {
      const theirs = leaves.get(node);
      if (!theirs) throw new Stop('cannotTell', `it left out node ${node}, which was asked for`);
      return differingLeaves(node, ours.leavesOf(node), theirs);
    });
    const candidates: Candidate[] = [];
    for (let i = 0; i < differing.length; i += LEAVES_A_QUESTION) {
      const asked = differing.slice(i, i + LEAVES_A_QUESTION);
      const { items } = said(await observer.items(asked, signal));
      candidates.push(...(await meet(source, providerId, asked, items)));
    }
    return { ...seen, result: 'compared', restored, candidates };
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return { ...seen, result: error.result, detail: error.message };
  }
}

const HELD = `
SELECT e.entry_ref AS ref, int8send(h.item_high) || int8send(h.item_low) AS item
FROM held h JOIN entry e USING (provider_id, line_id) WHERE h.provider_id = $1 AND h.present AND h.leaf = ANY($2::int[])`;

// Something of the entry has no final answer: its latest change is in no batch that ended, or an exception of it is open;
// or its newest acknowledged change lies after the position that is compared ($3).
const STANDINGS = `
SELECT e.entry_ref AS ref, e.last_seq AS seq, e.present, coalesce(h.present = false, false) AS "acknowledgedOff",
  (coalesce(h.seq, 0) > $3 OR NOT EXISTS (SELECT 1 FROM batch b WHERE b.provider_id = e.provider_id AND b.to_seq >= e.last_seq AND b.from_seq <= e.last_seq
     AND b.state = 'settled' AND NOT e.last_seq = ANY(b.omitted))
   OR EXISTS (SELECT 1 FROM batch b WHERE b.provider_id = e.provider_id AND b.state IN ('sealed', 'handed', 'accepted') AND b.kind = 'full')
   OR EXISTS (SELECT 1 FROM omission o WHERE o.provider_id = e.provider_id AND o.seq = e.last_seq AND o.ended_at IS NULL)
   OR EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = e.provider_id AND x.entry_ref = e.entry_ref
     AND x.ended_at IS NULL AND x.kind <> 'rejected')) AS "underWay"
FROM entry e LEFT JOIN held h USING (provider_id, line_id)
WHERE e.provider_id = $1 AND e.entry_ref = ANY($2::uuid[])`;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** How entries stand, by ref; what is no entry of ours is absent. `upTo`: the position that is compared. */
export async function standingsOf(
  source: DataSource,
  providerId: number,
  refs: readonly string[],
  upTo: number,
): Promise<Map<string, EntryStanding>> {
  const ours = refs.filter((ref) => UUID.test(ref));
  const rows = await query<EntryStanding & { ref: string }>(source, STANDINGS, [providerId, ours, upTo]);
  return new Map(rows.map(({ ref, ...standing }) => [ref, standing]));
}

/** Both sides of some leaves, entry by entry, with the entries' standing. What is equal is left out. */
async function meet(
  source: DataSource,
  providerId: number,
  leaves: number[],
  items: ObservedItem[],
): Promise<Candidate[]> {
  const rows = await query<{ ref: string; item: Buffer }>(source, HELD, [providerId, leaves]);
  const ours = new Map(rows.map((row) => [row.ref, row.item]));
  const theirs = new Map<string, Buffer>();
  const asked = new Set(leaves);
  for (const { leaf, ref, item } of items) {
    if (!asked.has(leaf)) throw new Stop('cannotTell', `it answered leaf ${leaf}, which was not asked for`);
    if (theirs.has(ref)) throw new Stop('cannotTell', 'it named an entry twice');
    theirs.set(ref, item);
  }
  const refs = [...new Set([...ours.keys(), ...theirs.keys()])].filter((ref) => {
    const [here, there] = [ours.get(ref), theirs.get(ref)];
    return !(here && there && here.equals(there));
  });
  const known = await standingsOf(source, providerId, refs, Number.MAX_SAFE_INTEGER);
  return refs.map((ref) => ({
    ref,
    ours: ours.get(ref) ?? null,
    theirs: theirs.get(ref) ?? null,
    entry: known.get(ref) ?? null,
  }));
}
