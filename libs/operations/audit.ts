// The append-only record of operators' acts: ids, codes and keyed hashes, never a number.
import type { Tx } from '#contracts';

export interface Act {
  actorId: number;
  /** What was done, as `object.verb`. */
  act: string;
  /** To what, as `kind:id`. */
  subject: string;
  reason?: string | null;
  detail?: Record<string, unknown>;
}

/** Writes one record within the caller's transaction, so that nothing is done without it. */
export async function recordAct(tx: Tx, { actorId, act, subject, reason, detail }: Act): Promise<void> {
  await tx.query('INSERT INTO audit (actor_id, act, subject, reason, detail) VALUES ($1, $2, $3, $4, $5)', [
    actorId,
    act,
    subject,
    reason ?? null,
    detail ? JSON.stringify(detail) : null,
  ]);
}
