// A batch sync as ONDE triggers it: an object with a preview, progress in counts, and an end.
import type { DataSource } from 'typeorm';
import { Problem, type BatchKind } from '#contracts';
import { HUB_ACTOR_ID, inTransaction, query } from '#platform';

const FULL_SYNC_KEY = 7_203_025;

export interface SyncPreview {
  providerId: number;
  /** What the sync would hand over: pending changes (before collapsing), or every entry present. */
  lines: number;
  toSeq: number;
}

export interface SyncProgress extends SyncPreview {
  state: 'waiting' | 'sending' | 'completed' | 'failed' | 'cancelled';
  /** Changes of the sync's range that stand in a batch. */
  sealed: number;
  /** Changes of the range whose batch has ended. */
  settled: number;
  /** The full list's batch number, or null. */
  number: number | null;
  endedAt: Date | null;
}

const PREVIEW = `
SELECT s.provider_id AS "providerId", c.last_seq AS "toSeq",
  CASE WHEN $2 = 'full' THEN (SELECT count(*) FROM entry e WHERE e.provider_id = s.provider_id AND e.present)
       ELSE c.last_seq - s.sealed_seq END AS lines
FROM provider_stream s JOIN provider_counter c USING (provider_id) WHERE s.provider_id = ANY($1::smallint[]) ORDER BY 1`;

export function previewSync(source: DataSource, providerIds: number[], kind: BatchKind): Promise<SyncPreview[]> {
  return query<SyncPreview>(source, PREVIEW, [providerIds, kind]);
}

/** Records the sync; the caller wakes the providers. A full list that is still waiting for a provider refuses another. */
export async function startSync(
  source: DataSource,
  providerIds: number[],
  kind: BatchKind,
  reason: string,
  actorId: number,
): Promise<number> {
  return inTransaction(source, async (tx) => {
    if (kind === 'full') {
      // Of two asked for at once the second sees the first.
      await tx.query('SELECT pg_advisory_xact_lock($1)', [FULL_SYNC_KEY]);
      const [open] = await tx.query<{ sync_id: number }>(
        `SELECT sync_id FROM sync_provider sp JOIN sync USING (sync_id)
         WHERE sp.provider_id = ANY($1::smallint[]) AND sp.ended_at IS NULL AND sync.kind = 'full' LIMIT 1`,
        [providerIds],
      );
      if (open) {
        throw new Problem(
          409,
          'sync-running',
          'A full list is under way',
          `Sync ${open.sync_id} has not ended for one of these providers; wait for it or cancel it.`,
        );
      }
    }
    const [made] = await tx.query<{ sync_id: number }>(
      'INSERT INTO sync (kind, reason, actor_id) VALUES ($1, $2, $3) RETURNING sync_id',
      [kind, reason, actorId],
    );
    const syncId = made?.sync_id ?? 0;
    await tx.query(
      `INSERT INTO sync_provider (sync_id, provider_id, to_seq, lines, state) SELECT $3, preview."providerId", preview."toSeq", preview.lines, 'waiting' FROM (${PREVIEW}) preview`,
      [providerIds, kind, syncId],
    );
    await tx.query(`INSERT INTO audit (actor_id, act, subject, reason, detail) VALUES ($1, 'sync.start', $2, $3, $4)`, [
      actorId,
      `sync:${syncId}`,
      reason,
      JSON.stringify({ kind, providerIds }),
    ]);
    return syncId;
  });
}

// Ends what has arrived: a delta sync when every batch up to its position has ended, a full one when its own
// batch has, or, where it travels as changes, like a delta once all of them are in the log.
const END = `
UPDATE sync_provider sp SET state = 'completed', ended_at = now()
FROM sync WHERE sync.sync_id = sp.sync_id AND sp.ended_at IS NULL AND sp.provider_id = $1 AND (
  (sync.kind = 'full' AND EXISTS (
    SELECT 1 FROM batch b WHERE b.provider_id = sp.provider_id AND b.number = sp.number AND b.state = 'settled'))
  OR ((sync.kind = 'delta' OR sp.restated_seq IS NOT NULL) AND (SELECT sealed_seq FROM provider_stream s WHERE s.provider_id = sp.provider_id) >= sp.to_seq
    AND NOT EXISTS (SELECT 1 FROM refused_range r WHERE r.provider_id = sp.provider_id AND r.from_seq <= sp.to_seq)
    AND NOT EXISTS (SELECT 1 FROM batch b WHERE b.provider_id = sp.provider_id AND b.from_seq <= sp.to_seq
      AND b.state IN ('sealed', 'handed', 'accepted'))))`;

const END_WHOLE = `
UPDATE sync SET ended_at = now() WHERE ended_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM sync_provider sp WHERE sp.sync_id = sync.sync_id AND sp.ended_at IS NULL)`;

/** Ends the syncs that have reached their position at one provider. */
export async function endSyncs(source: DataSource, providerId: number): Promise<void> {
  const [open] = await query(
    source,
    'SELECT 1 FROM sync_provider WHERE provider_id = $1 AND ended_at IS NULL LIMIT 1',
    [providerId],
  );
  if (!open) return;
  await query(source, END, [providerId]);
  await query(source, END_WHOLE);
}

/** What has not been sealed yet is not sent for this sync; a full list on its way is finished. */
export async function cancelSync(source: DataSource, syncId: number, actorId: number, reason: string): Promise<void> {
  await inTransaction(source, async (tx) => {
    await tx.query(
      `UPDATE sync_provider SET state = 'cancelled', ended_at = now() WHERE sync_id = $1 AND ended_at IS NULL AND number IS NULL`,
      [syncId],
    );
    await tx.query(
      `UPDATE sync SET ended_at = now() WHERE sync_id = $1 AND ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM sync_provider WHERE sync_id = $1 AND ended_at IS NULL)`,
      [syncId],
    );
    await tx.query(`INSERT INTO audit (actor_id, act, subject, reason) VALUES ($1, 'sync.cancel', $2, $3)`, [
      actorId,
      `sync:${syncId}`,
      reason,
    ]);
  });
}

/** A full list that cannot be written ends with its reason; the providers beside it go on. */
export async function failSync(
  source: DataSource,
  providerId: number,
  syncId: number | null,
  reason: string,
): Promise<void> {
  if (syncId === null) return;
  await inTransaction(source, async (tx) => {
    await tx.query(
      `UPDATE sync_provider SET state = 'failed', ended_at = now() WHERE sync_id = $1 AND provider_id = $2 AND ended_at IS NULL`,
      [syncId, providerId],
    );
    await tx.query(END_WHOLE);
    await tx.query(
      `INSERT INTO audit (actor_id, act, subject, reason, detail)
       SELECT $1, 'sync.fail', $2, $3, jsonb_build_object('provider', code) FROM provider WHERE provider_id = $4`,
      [HUB_ACTOR_ID, `sync:${syncId}`, reason, providerId],
    );
  });
}

const PROGRESS = `
SELECT sp.provider_id AS "providerId", sp.to_seq AS "toSeq", sp.lines, sp.state, sp.number, sp.ended_at AS "endedAt",
  CASE WHEN sp.restated_line IS NOT NULL AND sp.restated_seq IS NULL THEN 0
       WHEN sync.kind = 'full' AND sp.restated_seq IS NULL THEN coalesce(b.line_count, 0)
       ELSE greatest(0, sp.lines - greatest(0, sp.to_seq - s.sealed_seq)) END AS sealed,
  CASE WHEN sp.ended_at IS NOT NULL AND sp.state = 'completed' THEN sp.lines
       WHEN sync.kind = 'full' AND sp.restated_seq IS NULL THEN coalesce(b.heard, 0)
       ELSE greatest(0, sp.lines - greatest(0, sp.to_seq - coalesce(
         (SELECT min(o.from_seq) - 1 FROM batch o WHERE o.provider_id = sp.provider_id AND o.state IN ('sealed', 'handed', 'accepted')), s.sealed_seq))) END AS settled
FROM sync_provider sp JOIN sync USING (sync_id) JOIN provider_stream s USING (provider_id)
LEFT JOIN batch b ON b.provider_id = sp.provider_id AND b.number = sp.number
WHERE sp.sync_id = $1 ORDER BY sp.provider_id`;

export interface SyncRow {
  syncId: number;
  kind: BatchKind;
  reason: string;
  createdAt: Date;
  endedAt: Date | null;
}

export async function readSync(
  source: DataSource,
  syncId: number,
): Promise<(SyncRow & { providers: SyncProgress[] }) | null> {
  const [sync] = await query<SyncRow>(
    source,
    'SELECT sync_id AS "syncId", kind, reason, created_at AS "createdAt", ended_at AS "endedAt" FROM sync WHERE sync_id = $1',
    [syncId],
  );
  return sync ? { ...sync, providers: await query<SyncProgress>(source, PROGRESS, [syncId]) } : null;
}

export function listSyncs(source: DataSource, limit: number): Promise<SyncRow[]> {
  return query<SyncRow>(
    source,
    'SELECT sync_id AS "syncId", kind, reason, created_at AS "createdAt", ended_at AS "endedAt" FROM sync ORDER BY sync_id DESC LIMIT $1',
    [limit],
  );
}
