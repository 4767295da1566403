// What full lists a provider has: the newest that was sealed, and one that was asked for and has not ended.
import type { DataSource } from 'typeorm';
import type { BatchState } from '#contracts';
import { query } from '#platform';
import type { Cursor } from './feed.js';

export interface SealedFullList {
  number: number;
  parts: number;
  toSeq: number;
  lines: number;
  sha256: string;
  sealedAt: Date;
  state: BatchState;
  /** Whether its bytes are still there. */
  kept: boolean;
  /** In a pull feed: the page before its first part, 0 and 0 when it is the first; null outside of a feed. */
  before: Cursor | null;
}

const NEWEST = `
SELECT b.number, b.parts, b.to_seq AS "toSeq", b.line_count AS lines, encode(b.sha256, 'hex') AS sha256, b.sealed_at AS "sealedAt", b.state,
  EXISTS (SELECT 1 FROM batch_bytes y WHERE y.provider_id = b.provider_id AND y.number = b.number) AS kept,
  CASE WHEN b.format = 'thin' THEN coalesce((SELECT json_build_object('number', p.number, 'part', p.parts) FROM batch p
    WHERE p.provider_id = b.provider_id AND p.number < b.number AND p.format = 'thin' ORDER BY p.number DESC LIMIT 1),
    json_build_object('number', 0, 'part', 0)) END AS before
FROM batch b WHERE b.provider_id = $1 AND b.kind = 'full' AND b.state NOT IN ('refused', 'closed', 'covered')
ORDER BY b.number DESC LIMIT 1`;

export async function newestFullList(source: DataSource, providerId: number): Promise<SealedFullList | null> {
  const [row] = await query<SealedFullList>(source, NEWEST, [providerId]);
  return row ?? null;
}

export interface FullListUnderWay {
  syncId: number;
  state: 'waiting' | 'sending' | 'completed' | 'failed' | 'cancelled';
  number: number | null;
}

export async function fullListUnderWay(source: DataSource, providerId: number): Promise<FullListUnderWay | null> {
  const [row] = await query<FullListUnderWay>(
    source,
    `SELECT sp.sync_id AS "syncId", sp.state, sp.number FROM sync_provider sp JOIN sync USING (sync_id)
     WHERE sp.provider_id = $1 AND sp.ended_at IS NULL AND sync.kind = 'full' ORDER BY sp.sync_id DESC LIMIT 1`,
    [providerId],
  );
  return row ?? null;
}

/** A full list that travelled as ordinary changes, since the protocol cannot say "this is all". */
export interface RestatedList {
  syncId: number;
  /** The position of the log up to which the list goes; what is there by now when it is not all appended yet. */
  toSeq: number;
  /** Entries that were said once more. */
  lines: number;
  state: FullListUnderWay['state'];
  startedAt: Date;
  endedAt: Date | null;
}

const RESTATED = `
SELECT sp.sync_id AS "syncId", sp.to_seq AS "toSeq", sp.lines, sp.state, sync.created_at AS "startedAt", sp.ended_at AS "endedAt"
FROM sync_provider sp JOIN sync USING (sync_id)
WHERE sp.provider_id = $1 AND sync.kind = 'full' AND (sp.restated_line IS NOT NULL OR sp.restated_seq IS NOT NULL)
ORDER BY sp.sync_id DESC LIMIT 1`;

/** The newest that was appended to the log, wholly or in part; also one that is under way or was cancelled then. */
export async function newestRestated(source: DataSource, providerId: number): Promise<RestatedList | null> {
  const [row] = await query<RestatedList>(source, RESTATED, [providerId]);
  return row ?? null;
}
