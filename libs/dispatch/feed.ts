// The pull feed as the database has it: pages are the sealed parts of batches in number order, and a cursor is a receipt.
import { zstdDecompressSync } from 'node:zlib';
import type { DataSource } from 'typeorm';
import { faultPoint, HUB_ACTOR_ID, inTransaction, query } from '#platform';
import { settleEmpty } from './receipt.js';
import { QUARANTINED_FROM } from './rules/slow-start.js';

/** The page that was read last: part `part` of batch `number`; 0 and 0 before the first. */
export interface Cursor {
  number: number;
  part: number;
}

export const FEED_START: Cursor = { number: 0, part: 0 };

/** A page that stands in the feed. */
export interface FeedPage extends Cursor {
  parts: number;
  /** Whether it was given out before. */
  served: boolean;
}

/** Who paused sending: a person stops the feed too, the hub itself only what it sends. $1: provider. */
const PAUSED = `s.paused_at IS NOT NULL AND s.paused_by IS DISTINCT FROM ${HUB_ACTOR_ID}`;

/**
 * What follows a cursor. `end`: nothing yet. `held`: something does, but sending is paused, and it was never given out.
 * `unknown`: the feed never had such a page.
 */
export type AfterCursor = { found: 'page'; page: FeedPage } | { found: 'end' | 'held' | 'unknown' };

const SAME_BATCH = `
SELECT parts, b.format = 'thin' AS thin, ${PAUSED} AS paused,
  EXISTS (SELECT 1 FROM feed_page f WHERE f.provider_id = b.provider_id AND f.number = b.number AND f.part = $3 + 1) AS served
FROM batch b JOIN provider_stream s USING (provider_id) WHERE b.provider_id = $1 AND b.number = $2`;

// What ended without ever being given out (refused, closed or covered under another way of delivery) was never in the
// feed; what was given out once stays in it, so that the same cursor leads to the same page for ever. Numbers are given
// out under the stream's lock, so a lower one never appears later.
const NEXT_BATCH = `
SELECT b.number, b.parts, ${PAUSED} AS paused,
  EXISTS (SELECT 1 FROM feed_page f WHERE f.provider_id = b.provider_id AND f.number = b.number AND f.part = 1) AS served
FROM batch b JOIN provider_stream s USING (provider_id)
WHERE b.provider_id = $1 AND b.number > $2 AND b.format = 'thin' AND (b.state NOT IN ('refused', 'closed', 'covered')
  OR EXISTS (SELECT 1 FROM feed_page f WHERE f.provider_id = b.provider_id AND f.number = b.number))
ORDER BY b.number LIMIT 1`;

/** The page after a cursor. Reads only. */
export async function pageAfter(source: DataSource, providerId: number, cursor: Cursor): Promise<AfterCursor> {
  if (cursor.number > 0) {
    const [batch] = await query<{ parts: number; thin: boolean; paused: boolean; served: boolean }>(
      source,
      SAME_BATCH,
      [providerId, cursor.number, cursor.part],
    );
    if (!batch || cursor.part < 1 || cursor.part > batch.parts) return { found: 'unknown' };
    // A batch that it got in another way, before it began to pull, is a place in the order all the same.
    if (batch.thin && cursor.part < batch.parts) {
      if (batch.paused && !batch.served) return { found: 'held' };
      const { parts, served } = batch;
      return { found: 'page', page: { number: cursor.number, part: cursor.part + 1, parts, served } };
    }
  }
  const [next] = await query<{ number: number; parts: number; paused: boolean; served: boolean }>(source, NEXT_BATCH, [
    providerId,
    cursor.number,
  ]);
  if (!next) return { found: 'end' };
  if (next.paused && !next.served) return { found: 'held' };
  return { found: 'page', page: { number: next.number, part: 1, parts: next.parts, served: next.served } };
}

/** The bytes of one part as they were sealed, null when retention has erased them. One part in memory. */
export async function readPart(
  source: DataSource,
  providerId: number,
  page: Cursor,
): Promise<{ bytes: Buffer; sha256: string } | null> {
  const [row] = await query<{ zstd: Buffer; sha256: Buffer }>(
    source,
    'SELECT zstd, sha256 FROM batch_bytes WHERE provider_id = $1 AND number = $2 AND part = $3 ORDER BY piece LIMIT 1',
    [providerId, page.number, page.part],
  );
  return row ? { bytes: zstdDecompressSync(row.zstd), sha256: row.sha256.toString('hex') } : null;
}

/** Notes that a page is given out, before its first byte leaves: from then on it stays in the feed. */
export async function notePage(source: DataSource, providerId: number, page: Cursor): Promise<void> {
  await query(
    source,
    `INSERT INTO feed_page AS f (provider_id, number, part) VALUES ($1, $2, $3)
     ON CONFLICT (provider_id, number, part) DO UPDATE SET last_at = now(), times = f.times + 1`,
    [providerId, page.number, page.part],
  );
  await faultPoint('dispatch.pageNoted');
}

// One row a provider, locked first: two requests with cursors at the same time come one after the other.
const READER = `
INSERT INTO feed_reader AS r (provider_id, number, part, pulled_at) VALUES ($1, $2, $3, now())
ON CONFLICT (provider_id) DO UPDATE SET number = excluded.number, part = excluded.part, pulled_at = now()`;

// Only what was given out whole can have been read: a cursor that leaps says nothing of the pages between.
const RECEIVED = `
UPDATE batch b SET receipt_at = now(), accepted_at = coalesce(accepted_at, now()), handed_at = coalesce(handed_at, now()),
  state = CASE WHEN state IN ('sealed', 'handed') THEN 'accepted' ELSE state END, asked = 0
WHERE b.provider_id = $1 AND b.format = 'thin' AND b.receipt_at IS NULL AND b.state IN ('sealed', 'handed', 'accepted')
  AND (b.number < $2 OR (b.number = $2 AND b.parts <= $3))
  AND b.parts = (SELECT count(*) FROM feed_page f WHERE f.provider_id = b.provider_id AND f.number = b.number)
RETURNING b.number, b.line_count AS lines, b.kind`;

// It reads, so it is there: whatever kept the event from it is no reason to wait with the next batch.
const ALIVE = `
UPDATE provider_stream SET not_before = NULL, failures = 0, waiting_for = NULL, ramp = CASE WHEN failures >= $2 THEN 1 ELSE ramp END
WHERE provider_id = $1 AND failures > 0`;

/**
 * The provider asks for what comes after `cursor`: that is its word that everything up to there arrived whole, and the
 * receipt of every batch that it read to its end. Returns how many batches that were.
 */
export async function takeCursor(source: DataSource, providerId: number, cursor: Cursor): Promise<number> {
  return inTransaction(source, async (tx) => {
    await tx.query(READER, [providerId, cursor.number, cursor.part]);
    const received = await tx.query<{ number: number; lines: number; kind: string }>(RECEIVED, [
      providerId,
      cursor.number,
      cursor.part,
    ]);
    for (const batch of received) if (batch.lines === 0) await settleEmpty(tx, providerId, batch.number);
    if (received.length > 0) await tx.query(ALIVE, [providerId, QUARANTINED_FROM]);
    return received.length;
  });
}

/** Whether a provider has pages at all, whatever its profile says now: what was told may still be fetched. */
export async function hasPages(source: DataSource, providerId: number): Promise<boolean> {
  const [row] = await query(source, `SELECT 1 FROM batch WHERE provider_id = $1 AND format = 'thin' LIMIT 1`, [
    providerId,
  ]);
  return row !== undefined;
}

/** How a provider stands with its feed, for itself and for ops. */
export interface FeedStanding {
  /** The page that it read last, by the cursor that it came with. */
  read: Cursor;
  /** When it last asked for a page. */
  pulledAt: Date | null;
  /** The newest page, null when the feed is empty. */
  newest: Cursor | null;
  /** Batches that it was told of and has not fetched, and since when the oldest waits. */
  waiting: number;
  waitingSince: Date | null;
  /** How often it was reminded of the oldest of them. */
  reminders: number;
}

const STANDING = `
SELECT coalesce(r.number, 0) AS "readNumber", coalesce(r.part, 0) AS "readPart", r.pulled_at AS "pulledAt",
  n.number AS "newestNumber", n.parts AS "newestPart", w.waiting, w.since AS "waitingSince",
  CASE WHEN r.reminded_of = w.oldest THEN r.reminders ELSE 0 END AS reminders
FROM provider p LEFT JOIN feed_reader r USING (provider_id)
LEFT JOIN LATERAL (SELECT b.number, b.parts FROM batch b WHERE b.provider_id = p.provider_id AND b.format = 'thin'
  AND b.state NOT IN ('refused', 'closed', 'covered') ORDER BY b.number DESC LIMIT 1) n ON true
CROSS JOIN LATERAL (SELECT count(*) AS waiting, min(b.number) AS oldest, min(coalesce(b.accepted_at, b.handed_at)) AS since
  FROM batch b WHERE b.provider_id = p.provider_id AND b.format = 'thin' AND b.receipt_at IS NULL
    AND b.state IN ('sealed', 'handed', 'accepted')) w
WHERE p.provider_id = $1`;

export async function feedStanding(source: DataSource, providerId: number): Promise<FeedStanding> {
  const [row] = await query<{
    readNumber: number;
    readPart: number;
    pulledAt: Date | null;
    newestNumber: number | null;
    newestPart: number | null;
    waiting: number;
    waitingSince: Date | null;
    reminders: number;
  }>(source, STANDING, [providerId]);
  if (!row) throw new Error(`no provider has the id ${providerId}`);
  const { newestNumber, newestPart, pulledAt, waiting, waitingSince, reminders } = row;
  return {
    read: { number: row.readNumber, part: row.readPart },
    pulledAt,
    newest: newestNumber === null ? null : { number: newestNumber, part: newestPart ?? 1 },
    waiting,
    waitingSince,
    reminders: reminders ?? 0,
  };
}
