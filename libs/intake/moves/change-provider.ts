// Registrations go to another provider: what they were is kept under the old code, and the old provider keeps the line
// until the new one has it.
import type { Derivation, Tx } from '#contracts';
import { bangkokDay } from '#platform';
import type { Confirmation } from '../registration-row.js';
import { openMoves } from './open-moves.js';

export interface ProviderChange {
  lineIds: number[];
  from: number[];
  to: number;
  actorId: number;
  now: Date;
  /** A planned hand-over: the old provider keeps a line for `limitS` seconds at most. */
  handOver?: { id: number; limitS: number };
  /** The new confirmation that names the provider; without it the one that is there stays. */
  confirmation?: Confirmation;
}

const CHANGE = `
WITH moving AS MATERIALIZED (
  SELECT * FROM registration
  WHERE line_id = ANY($1::bigint[]) AND provider_id = ANY($2::smallint[]) AND state IN ('draft', 'confirmed')
), kept AS (
  INSERT INTO registration_history (registration_id, revision, before, replaced_by_run, actor_id)
  SELECT registration_id, revision, to_jsonb(moving), NULL, $4::int FROM moving
), changed AS (
  UPDATE registration r SET provider_id = $3::smallint, revision = r.revision + 1, actor_id = $4::int, updated_at = now(),
    confirmed_at = CASE WHEN r.state = 'confirmed' THEN coalesce($5::timestamptz, r.confirmed_at) ELSE r.confirmed_at END,
    confirmed_by = CASE WHEN r.state = 'confirmed' THEN coalesce($6, r.confirmed_by) ELSE r.confirmed_by END,
    document_ref = CASE WHEN r.state = 'confirmed' THEN coalesce($7, r.document_ref) ELSE r.document_ref END
  FROM moving m WHERE r.registration_id = m.registration_id
)
SELECT DISTINCT line_id, provider_id FROM moving`;

/**
 * Changes the drafts and confirmed registrations of lines at `from` to the provider `to` and derives the lines. The caller
 * holds the lines' locks; at most a chunk's worth of lines. `beforeDeriving` runs before any log is locked. Returns how
 * many lines had such a registration, and whose logs grew.
 */
export async function changeProvider(
  tx: Tx,
  change: ProviderChange,
  derivation: Derivation,
  beforeDeriving?: (lines: number) => Promise<void>,
): Promise<{ lines: number; providerIds: number[] }> {
  const { lineIds, from, to, actorId, handOver, confirmation } = change;
  const moved = await tx.query<{ line_id: number; provider_id: number }>(CHANGE, [
    lineIds,
    from,
    to,
    actorId,
    confirmation?.at ?? null,
    confirmation?.by ?? null,
    confirmation?.document ?? null,
  ]);
  const known = [...new Set(moved.map((row) => row.line_id))];
  await openMoves(
    tx,
    moved.map((row) => ({ lineId: row.line_id, from: row.provider_id, to })),
    {
      keepsForS: handOver?.limitS ?? null,
      ...(handOver ? { handOverId: handOver.id } : {}),
      ...(confirmation ? { confirmedAt: confirmation.at } : {}),
    },
  );
  await beforeDeriving?.(known.length);
  const { appended } = await derivation.derive(
    tx,
    { fresh: [], known },
    { cause: 'moved', actorId, runId: null, today: bangkokDay(change.now) },
  );
  return { lines: known.length, providerIds: [...appended.keys()] };
}
