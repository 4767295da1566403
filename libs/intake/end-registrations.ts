// Takes registrations off: cancelled by the agency, or withdrawn by the person; what follows is derived at once.
import { bangkokDay, type CopyTx } from '#platform';
import type { Cause } from '#contracts';
import type { RegistrationState } from './registration-row.js';
import type { WriteContext, WriteParts } from './write-chunk.js';

export interface EndedRegistrations {
  /** Registrations whose state changed; those that had ended before are not among them. */
  ended: { registrationId: string; lineId: number; was: RegistrationState }[];
  providerIds: number[];
}

/** Locks the lines of some registrations in id order; every reader and writer of their registrations does. */
export async function lockLinesOf(tx: CopyTx, registrationIds: string[]): Promise<void> {
  await tx.query(
    `SELECT 1 FROM line WHERE line_id IN (SELECT line_id FROM registration WHERE registration_id = ANY($1::uuid[]))
     ORDER BY line_id FOR NO KEY UPDATE`,
    [registrationIds],
  );
}

/**
 * Ends drafts and confirmed registrations (all that are given; others stay as they are), keeps what they were, and
 * derives. The caller need not hold the lines' locks. At most a chunk's worth of ids. `beforeDeriving` as in writeChunk.
 */
export async function endRegistrations(
  tx: CopyTx,
  registrationIds: string[],
  to: 'cancelled' | 'withdrawn',
  cause: Cause,
  context: WriteContext,
  parts: Pick<WriteParts, 'derivation'>,
  beforeDeriving?: (ended: number) => Promise<void>,
): Promise<EndedRegistrations> {
  await lockLinesOf(tx, registrationIds);
  const ended = await tx.query<{ registration_id: string; line_id: number; was: RegistrationState }>(
    `WITH ending AS MATERIALIZED (
       SELECT * FROM registration WHERE registration_id = ANY($1::uuid[]) AND state IN ('draft', 'confirmed')
     ), kept AS (
       INSERT INTO registration_history (registration_id, revision, before, replaced_by_run, actor_id)
       SELECT registration_id, revision, to_jsonb(ending), $3::int, $4::int FROM ending
     ), ended AS (
       UPDATE registration r SET state = $2, revision = r.revision + 1, run_id = $3::int, actor_id = $4::int, updated_at = now()
       FROM ending e WHERE r.registration_id = e.registration_id
     )
     SELECT registration_id, line_id, state AS was FROM ending`,
    [registrationIds, to, context.runId, context.actorId],
  );
  await beforeDeriving?.(ended.length);
  const known = [...new Set(ended.filter((row) => row.was === 'confirmed').map((row) => row.line_id))];
  const result = ended.map((row) => ({ registrationId: row.registration_id, lineId: row.line_id, was: row.was }));
  if (known.length === 0) return { ended: result, providerIds: [] };
  const { appended } = await parts.derivation.derive(
    tx,
    { fresh: [], known },
    { cause, actorId: context.actorId, runId: context.runId, today: bangkokDay(context.now) },
  );
  return { ended: result, providerIds: [...appended.keys()] };
}
