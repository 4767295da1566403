// Pausing, resuming and releasing a provider: who, why, since when, until when; recorded.
import type { DataSource } from 'typeorm';
import type { StopCause } from '#contracts';
import { HUB_ACTOR_ID, inTransaction, query } from '#platform';
import { refuseWhileStopped } from './emergency-stop.js';
import { QUARANTINED_FROM } from './rules/slow-start.js';

const AUDIT = `INSERT INTO audit (actor_id, act, subject, reason) SELECT $2, $3, 'provider:' || code, $4 FROM provider WHERE provider_id = $1`;

export interface PauseDetails {
  /** Ends by itself then; absent: somebody resumes it. */
  until?: Date;
  /** Why the hub itself stopped it. */
  cause?: StopCause;
}

/** Nothing is sent until it is resumed. Pausing a paused provider keeps the first reason. */
export async function pauseProvider(
  source: DataSource,
  providerId: number,
  actorId: number,
  reason: string,
  { until, cause }: PauseDetails = {},
): Promise<'paused' | 'was paused'> {
  return inTransaction(source, async (tx) => {
    const rows = await tx.query(
      `UPDATE provider_stream SET paused_at = now(), paused_by = $2, pause_reason = $3, paused_until = $4, stop_cause = $5
       WHERE provider_id = $1 AND paused_at IS NULL RETURNING 1`,
      [providerId, actorId, reason, until ?? null, cause ?? null],
    );
    if (rows.length === 0) return 'was paused';
    await tx.query(AUDIT, [providerId, actorId, 'provider.pause', reason]);
    return 'paused';
  });
}

// Whoever was away, or was stopped by the hub ($2), comes back by a canary and step by step.
const RESUME = `
UPDATE provider_stream SET paused_at = NULL, paused_by = NULL, pause_reason = NULL, paused_until = NULL, stop_cause = NULL,
  ramp = CASE WHEN paused_by = $2 OR failures >= $3 THEN 0 ELSE ramp END, not_before = NULL, failures = 0, waiting_for = NULL
WHERE provider_id = $1`;

/** Sending goes on at once: a pause before the next attempt ends with it. Throws Problem 409 during an emergency stop. */
export async function resumeProvider(
  source: DataSource,
  providerId: number,
  actorId: number,
  reason: string,
): Promise<'resumed' | 'was not paused'> {
  return inTransaction(source, async (tx) => {
    await refuseWhileStopped(tx);
    const rows = await tx.query(`${RESUME} AND paused_at IS NOT NULL RETURNING 1`, [
      providerId,
      HUB_ACTOR_ID,
      QUARANTINED_FROM,
    ]);
    if (rows.length === 0) return 'was not paused';
    await tx.query(AUDIT, [providerId, actorId, 'provider.resume', reason]);
    return 'resumed';
  });
}

/**
 * Lets a quarantined provider be tried at once, by a canary: what a person says who has put right why the hub stopped, or
 * who knows that it is back. A person's pause is no quarantine and stays. Throws Problem 409 during an emergency stop.
 * @param causes only when the hub stopped it for one of these; absent: whatever the reason was
 */
export async function releaseProvider(
  source: DataSource,
  providerId: number,
  actorId: number,
  reason: string,
  causes?: readonly StopCause[],
): Promise<'released' | 'was not quarantined'> {
  return inTransaction(source, async (tx) => {
    await refuseWhileStopped(tx);
    const rows = await tx.query(
      `${RESUME} AND CASE WHEN $4::text[] IS NULL THEN paused_by = $2 OR (paused_at IS NULL AND failures >= $3)
         ELSE paused_by = $2 AND stop_cause = ANY($4) END RETURNING 1`,
      [providerId, HUB_ACTOR_ID, QUARANTINED_FROM, causes ?? null],
    );
    if (rows.length === 0) return 'was not quarantined';
    await tx.query(AUDIT, [providerId, actorId, 'provider.release', reason]);
    return 'released';
  });
}

/** Resumes a provider whose pause is over by its own time, except while everything is stopped. */
export async function endPause(source: DataSource, providerId: number): Promise<'resumed' | 'none'> {
  const [over] = await query<{ until: Date }>(
    source,
    `SELECT paused_until AS until FROM provider_stream WHERE provider_id = $1 AND paused_until <= now()
     AND NOT EXISTS (SELECT 1 FROM emergency_stop WHERE released_at IS NULL)`,
    [providerId],
  );
  if (!over) return 'none';
  await resumeProvider(source, providerId, HUB_ACTOR_ID, `the pause was until ${over.until.toISOString()}`);
  return 'resumed';
}
