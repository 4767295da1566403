// Rows of moves: from which provider a line went to which, and whether the old one keeps it until the new one has it.
import type { Tx } from '#contracts';

/** So long the old provider keeps a line that an agency's amendment moved, if the new one does not acknowledge it. */
export const AMENDED_LIMIT_S = 72 * 3600;

export interface NewMove {
  lineId: number;
  from: number;
  to: number;
}

export interface MoveTerms {
  /** The old provider keeps what it has until the new one has acknowledged it, or so many seconds; null: it has nothing. */
  keepsForS: number | null;
  /** The planned hand-over that this is part of. */
  handOverId?: number;
  /** The confirmation that named the new provider: what is not newer does not bring the line back. */
  confirmedAt?: string;
}

const ROWS = 'unnest($1::bigint[], $2::smallint[], $3::smallint[]) AS i(line_id, from_provider, to_provider)';

// A line that comes back, and one that goes on: what names an earlier provider of it means the one where it is now.
const COMES_BACK = `
DELETE FROM move m USING ${ROWS} WHERE m.line_id = i.line_id AND m.from_provider = i.to_provider`;
const GOES_ON = `
UPDATE move m SET to_provider = i.to_provider FROM ${ROWS} WHERE m.line_id = i.line_id AND m.to_provider = i.from_provider`;

const OPEN = `
INSERT INTO move (line_id, from_provider, to_provider, hand_over_id, confirmed_at, limit_at, state, end_reason, ended_at)
SELECT i.line_id, i.from_provider, i.to_provider, $4::int, $5::timestamptz, now() + coalesce($6::float8, 0) * interval '1 second',
  CASE WHEN k.keeps THEN 'open' ELSE 'closed' END, CASE WHEN NOT k.keeps THEN 'notHeld' END, CASE WHEN NOT k.keeps THEN now() END
FROM ${ROWS} LEFT JOIN entry e ON e.line_id = i.line_id AND e.provider_id = i.from_provider
CROSS JOIN LATERAL (SELECT $6::float8 IS NOT NULL AND e.present IS TRUE AS keeps) k
ON CONFLICT (line_id, from_provider) DO UPDATE SET to_provider = excluded.to_provider, hand_over_id = excluded.hand_over_id,
  confirmed_at = excluded.confirmed_at, limit_at = excluded.limit_at, state = excluded.state, end_reason = excluded.end_reason,
  end_detail = NULL, opened_at = now(), ended_at = excluded.ended_at`;

/** Writes the moves; the lines are locked, their registrations changed, and they are derived after this. */
export async function openMoves(tx: Tx, moves: NewMove[], terms: MoveTerms): Promise<void> {
  if (moves.length === 0) return;
  const rows = [moves.map((move) => move.lineId), moves.map((move) => move.from), moves.map((move) => move.to)];
  await tx.query(COMES_BACK, rows);
  await tx.query(GOES_ON, rows);
  await tx.query(OPEN, [...rows, terms.handOverId ?? null, terms.confirmedAt ?? null, terms.keepsForS]);
}
