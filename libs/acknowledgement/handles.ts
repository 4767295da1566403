// What the provider calls an entry: kept from the answer to an add, given back by dispatch, forgotten with the removal.
import type { LineOutcome, Outcomes, Tx } from '#contracts';
import type { OutcomeBook } from './outcome-book.js';
import type { Position } from './positions.js';

/** A name that was told, of a line about which nothing (`fresh`) or something was heard before. */
export interface ToldHandle {
  n: number;
  handle: string;
  fresh: boolean;
}

// An answer that is repeated late must not bring back the name of a service that is gone: only the first word on a line
// counts, or any while the entry has no newer change. The newest change that told a name wins.
const KEEP = `
INSERT INTO entry_handle (provider_id, entry_ref, seq, handle)
SELECT $1, told.entry_ref, told.seq, told.handle
FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::boolean[]) AS told(entry_ref, seq, handle, fresh)
WHERE told.fresh OR EXISTS (
  SELECT 1 FROM entry e WHERE e.provider_id = $1 AND e.entry_ref = told.entry_ref AND e.last_seq = told.seq)
ORDER BY told.entry_ref
ON CONFLICT (provider_id, entry_ref) DO UPDATE SET seq = excluded.seq, handle = excluded.handle
WHERE entry_handle.seq <= excluded.seq`;

const FORGET = `
DELETE FROM entry_handle h USING unnest($2::uuid[], $3::bigint[]) AS gone(entry_ref, seq)
WHERE h.provider_id = $1 AND h.entry_ref = gone.entry_ref AND h.seq < gone.seq`;

const isThere = (word: string): boolean => word === 'applied' || word === 'already';

/** Names in an answer. Called before it is merged, since afterwards every line was heard of. */
export function toldHandles(book: OutcomeBook, outcomes: Outcomes): ToldHandle[] {
  return outcomes.except.flatMap(({ n, outcome, handle }) => {
    if (typeof handle !== 'string' || !isThere(outcome)) return [];
    return [{ n, handle, fresh: !book.givenUp.has(n) && Object.keys(book.heard(n)).length === 0 }];
  });
}

/**
 * Keeps what was told and forgets what is gone, set-wise, in the transaction that records the outcomes.
 * @param heard the positions that the answer speaks of
 */
export async function writeHandles(
  tx: Tx,
  providerId: number,
  book: OutcomeBook,
  heard: readonly Position[],
  except: readonly LineOutcome[],
  told: readonly ToldHandle[],
): Promise<void> {
  const voided = new Set(except.flatMap(({ n, handle }) => (handle === null ? [n] : [])));
  const gone = heard.filter(({ n, present }) => voided.has(n) || (!present && isThere(book.resolution(n).word)));
  if (gone.length > 0) {
    await tx.query(FORGET, [providerId, gone.map((one) => one.entryRef), gone.map((one) => one.seq)]);
  }
  const positions = new Map(heard.map((one) => [one.n, one]));
  const kept = told.flatMap((one) => {
    const position = positions.get(one.n);
    return position?.present ? [{ ...one, position }] : [];
  });
  if (kept.length > 0) {
    await tx.query(KEEP, [
      providerId,
      kept.map(({ position }) => position.entryRef),
      kept.map(({ position }) => position.seq),
      kept.map(({ handle }) => handle),
      kept.map(({ fresh }) => fresh),
    ]);
  }
}
