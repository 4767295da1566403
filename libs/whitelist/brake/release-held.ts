// Held removals that may go: approved ones, and those whose registered days are over. Appended in chunks by the sweep.
import type { DataSource } from 'typeorm';
import type { Tx } from '#contracts';
import { faultPoint, HUB_ACTOR_ID, INDEX_PLANS, inTransaction, query } from '#platform';
import { APPEND_LINES } from '../append-lines.js';
import { countRemovals, lockBudgets } from './pass-brake.js';

/** Entries in one transaction: single registrations beside it stay quick. */
const CHUNK = 2000;

interface Item {
  seq: number;
  entry_ref: string;
}

interface Release {
  kind: 'approved' | 'expired';
  actorId: number;
  /** The hold, when it was approved. */
  hold: number | null;
}

const LOCK = `
SELECT e.line_id, e.last_seq AS seq FROM entry e JOIN unnest($2::uuid[], $3::bigint[]) AS i(entry_ref, seq)
  ON e.entry_ref = i.entry_ref AND e.last_seq = i.seq
WHERE e.provider_id = $1 AND NOT e.present ORDER BY e.line_id FOR UPDATE OF e`;

// Asked after the lock: what ended meanwhile is not appended.
const STILL = `
SELECT seq FROM exception WHERE provider_id = $1 AND seq = ANY($2::bigint[]) AND number = 0 AND kind = 'held' AND ended_at IS NULL`;

const END = `
UPDATE exception SET ended_at = now(), end_reason = CASE WHEN seq = ANY($3::bigint[]) THEN $4 ELSE 'superseded' END
WHERE provider_id = $1 AND seq = ANY($2::bigint[]) AND number = 0 AND kind = 'held' AND ended_at IS NULL`;

const APPROVED = `
SELECT h.hold_id AS "holdId", h.decided_by AS "actorId" FROM removal_hold h WHERE h.provider_id = $1 AND h.state = 'releasing' ORDER BY 1`;

const ITEMS = `
SELECT seq, entry_ref FROM exception WHERE provider_id = $1 AND hold_id = $2 AND ended_at IS NULL ORDER BY seq LIMIT ${CHUNK}`;

const OVER = `
SELECT seq, entry_ref FROM exception
WHERE provider_id = $1 AND kind = 'held' AND ended_at IS NULL AND next_at <= now() ORDER BY next_at LIMIT ${CHUNK}`;

/**
 * Appends the removals of approved plans of a provider, and of lines whose registered days are over; ends plans of which
 * nothing is held any more. A crash only delays it; two at once append nothing twice. Returns how many were appended.
 */
export async function releaseHeld(source: DataSource, providerId: number, signal: AbortSignal): Promise<number> {
  const [undone] = await query<{ any: boolean }>(
    source,
    'SELECT EXISTS (SELECT 1 FROM removal_hold WHERE provider_id = $1 AND ended_at IS NULL) AS any',
    [providerId],
  );
  if (!undone?.any) return 0;
  let appended = 0;
  for (const { holdId, actorId } of await query<{ holdId: number; actorId: number }>(source, APPROVED, [providerId])) {
    const release: Release = { kind: 'approved', actorId, hold: holdId };
    appended += await inChunks(source, providerId, ITEMS, [providerId, holdId], release, signal);
  }
  const expired: Release = { kind: 'expired', actorId: HUB_ACTOR_ID, hold: null };
  appended += await inChunks(source, providerId, OVER, [providerId], expired, signal);
  await endHolds(source, providerId);
  return appended;
}

async function inChunks(
  source: DataSource,
  providerId: number,
  sql: string,
  params: unknown[],
  release: Release,
  signal: AbortSignal,
): Promise<number> {
  let appended = 0;
  while (!signal.aborted) {
    const items = await query<Item>(source, sql, params);
    if (items.length === 0) return appended;
    appended += await inTransaction(source, (tx) => releaseChunk(tx, providerId, items, release));
    await faultPoint('brake.released');
  }
  return appended;
}

async function releaseChunk(tx: Tx, providerId: number, items: readonly Item[], release: Release): Promise<number> {
  await tx.query(INDEX_PLANS);
  const locked = await tx.query<{ line_id: number; seq: number }>(LOCK, [
    providerId,
    items.map((item) => item.entry_ref),
    items.map((item) => item.seq),
  ]);
  const still = new Set(
    (await tx.query<{ seq: number }>(STILL, [providerId, locked.map((row) => row.seq)])).map((row) => row.seq),
  );
  const going = locked.filter((row) => still.has(row.seq));
  await tx.query(END, [providerId, items.map((item) => item.seq), going.map((row) => row.seq), release.kind]);
  if (going.length === 0) return 0;
  const cause = release.kind === 'approved' ? 'released' : 'expired';
  await tx.query(APPEND_LINES, [providerId, going.map((row) => row.line_id), cause, release.actorId]);
  await countRemovals(tx, release.kind, new Map([[providerId, going.length]]), release.hold);
  if (release.hold !== null) {
    await tx.query('UPDATE removal_hold SET released = released + $2 WHERE hold_id = $1', [release.hold, going.length]);
  }
  return going.length;
}

// Under the lock of whoever adds to a hold: none is ended while something comes.
const END_HOLDS = `
UPDATE removal_hold h SET state = CASE WHEN state = 'releasing' THEN 'released' ELSE 'ended' END, ended_at = now()
WHERE h.provider_id = $1 AND h.ended_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = $1 AND x.hold_id = h.hold_id AND x.ended_at IS NULL)`;

const EMPTY = `
SELECT EXISTS (SELECT 1 FROM removal_hold h WHERE h.provider_id = $1 AND h.ended_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = $1 AND x.hold_id = h.hold_id AND x.ended_at IS NULL)) AS any`;

async function endHolds(source: DataSource, providerId: number): Promise<void> {
  const [empty] = await query<{ any: boolean }>(source, EMPTY, [providerId]);
  if (!empty?.any) return;
  await inTransaction(source, async (tx) => {
    await lockBudgets(tx, [providerId]);
    await tx.query(END_HOLDS, [providerId]);
  });
}
