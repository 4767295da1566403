// Every act on destination lists leaves a record, in the transaction that does it.
import type { Tx } from '#contracts';

export interface DestinationAct {
  actorId: number;
  act: `destinations.${string}`;
  subject: string;
  reason: string;
  detail?: Record<string, unknown>;
}

export async function recordAct(tx: Tx, { actorId, act, subject, reason, detail }: DestinationAct): Promise<void> {
  await tx.query('INSERT INTO audit (actor_id, act, subject, reason, detail) VALUES ($1, $2, $3, $4, $5)', [
    actorId,
    act,
    subject,
    reason,
    detail ? JSON.stringify(detail) : null,
  ]);
}
