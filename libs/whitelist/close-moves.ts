// Moves end: when the new provider has acknowledged the line, or its limit passed, the old one need not keep it.
import type { DataSource } from 'typeorm';
import type { Day, Derivation, Tx } from '#contracts';
import { faultPoint, HUB_ACTOR_ID, INDEX_PLANS, inTransaction, query } from '#platform';

/** Lines per transaction, as for imports. */
const CHUNK = 2000;

/** What ended a move. `ended`: nothing is due at the new provider (any more), so nothing need be kept at the old one. */
export type MoveEnd = 'acknowledged' | 'limit' | 'ended';

const OVER = `
  (m.limit_at <= now() OR e.present IS NOT TRUE OR is_acknowledged(m.to_provider, e.last_seq))`;

const READY = `
SELECT m.line_id FROM move m LEFT JOIN entry e ON e.provider_id = m.to_provider AND e.line_id = m.line_id
WHERE m.to_provider = $1 AND m.state = 'open' AND m.line_id > $2 AND ${OVER}
ORDER BY m.line_id LIMIT ${CHUNK}`;

const LOCK = 'SELECT 1 FROM line WHERE line_id = ANY($1::bigint[]) ORDER BY line_id FOR NO KEY UPDATE';

// How the line stands at the new provider when the limit comes: what refuses it, or how far it got.
const DETAIL = `coalesce(
  (SELECT concat_ws(' ', x.kind, x.code) FROM exception x
   WHERE x.provider_id = m.to_provider AND x.seq = e.last_seq AND x.ended_at IS NULL ORDER BY x.number DESC LIMIT 1),
  CASE WHEN e.last_seq > s.sealed_seq THEN 'notSent' ELSE 'notAnswered' END)`;

const CLOSE = `
WITH over AS MATERIALIZED (
  SELECT m.line_id, m.from_provider, CASE
      WHEN e.present IS NOT TRUE THEN 'ended'
      WHEN is_acknowledged(m.to_provider, e.last_seq) THEN 'acknowledged'
      ELSE 'limit' END AS reason, ${DETAIL} AS detail
  FROM move m JOIN provider_stream s ON s.provider_id = m.to_provider
  LEFT JOIN entry e ON e.provider_id = m.to_provider AND e.line_id = m.line_id
  WHERE m.line_id = ANY($2::bigint[]) AND m.to_provider = $1 AND m.state = 'open' AND ${OVER}
), closed AS (
  UPDATE move m SET state = 'closed', ended_at = now(), end_reason = o.reason,
    end_detail = CASE WHEN o.reason = 'limit' THEN o.detail END
  FROM over o WHERE m.line_id = o.line_id AND m.from_provider = o.from_provider
)
SELECT line_id, reason FROM over`;

/**
 * Closes the moves to a provider that are over, and derives their lines again: which appends the removals at the old
 * providers. May be stopped and run again at any time. Returns how many ended, by reason, and whose logs grew.
 */
export async function closeMoves(
  source: DataSource,
  derivation: Derivation,
  toProvider: number,
  today: Day,
  signal: AbortSignal,
): Promise<{ ended: Record<MoveEnd, number>; providerIds: Set<number> }> {
  const ended: Record<MoveEnd, number> = { acknowledged: 0, limit: 0, ended: 0 };
  const providerIds = new Set<number>();
  for (let after = 0; !signal.aborted;) {
    const lines = (await query<{ line_id: number }>(source, READY, [toProvider, after])).map((row) => row.line_id);
    if (lines.length === 0) break;
    after = lines.at(-1) ?? after;
    const done = await inTransaction(source, async (tx) => {
      await tx.query(LOCK, [lines]);
      return closeChunk(tx, derivation, toProvider, lines, today);
    });
    await faultPoint('moves.closed');
    for (const { reason } of done.closed) ended[reason] += 1;
    for (const id of done.providerIds) providerIds.add(id);
    if (lines.length < CHUNK) break;
  }
  return { ended, providerIds };
}

async function closeChunk(tx: Tx, derivation: Derivation, toProvider: number, lines: number[], today: Day) {
  await tx.query(INDEX_PLANS);
  const closed = await tx.query<{ line_id: number; reason: MoveEnd }>(CLOSE, [toProvider, lines]);
  const known = [...new Set(closed.map((row) => row.line_id))];
  const { appended } = await derivation.derive(
    tx,
    { fresh: [], known },
    { cause: 'released', actorId: HUB_ACTOR_ID, runId: null, today },
  );
  return { closed, providerIds: [...appended.keys()] };
}
