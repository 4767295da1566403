// Pausing and resuming a provider: who, why, since when; recorded.
import type { DataSource } from 'typeorm';
import { inTransaction } from '#platform';
import { refuseWhileStopped } from './emergency-stop.js';

const AUDIT = `INSERT INTO audit (actor_id, act, subject, reason) SELECT $2, $3, 'provider:' || code, $4 FROM provider WHERE provider_id = $1`;

/** Nothing is sent until it is resumed. Pausing a paused provider keeps the first reason. */
export async function pauseProvider(
  source: DataSource,
  providerId: number,
  actorId: number,
  reason: string,
): Promise<'paused' | 'was paused'> {
  return inTransaction(source, async (tx) => {
    const rows = await tx.query(
      `UPDATE provider_stream SET paused_at = now(), paused_by = $2, pause_reason = $3 WHERE provider_id = $1 AND paused_at IS NULL RETURNING 1`,
      [providerId, actorId, reason],
    );
    if (rows.length === 0) return 'was paused';
    await tx.query(AUDIT, [providerId, actorId, 'provider.pause', reason]);
    return 'paused';
  });
}

/** Sending goes on at once: a pause before the next attempt ends with it. Throws Problem 409 during an emergency stop. */
export async function resumeProvider(
  source: DataSource,
  providerId: number,
  actorId: number,
  reason: string,
): Promise<'resumed' | 'was not paused'> {
  return inTransaction(source, async (tx) => {
    await refuseWhileStopped(tx);
    const rows = await tx.query(
      `UPDATE provider_stream SET paused_at = NULL, paused_by = NULL, pause_reason = NULL, not_before = NULL, failures = 0, waiting_for = NULL
       WHERE provider_id = $1 AND paused_at IS NOT NULL RETURNING 1`,
      [providerId],
    );
    if (rows.length === 0) return 'was not paused';
    await tx.query(AUDIT, [providerId, actorId, 'provider.resume', reason]);
    return 'resumed';
  });
}
