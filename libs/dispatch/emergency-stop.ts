// The emergency stop: every provider is paused at once; only two people together let sending go on.
import type { DataSource } from 'typeorm';
import { Problem, type Tx } from '#contracts';
import { inTransaction, query } from '#platform';

export interface EmergencyStop {
  stopId: number;
  by: string;
  reason: string;
  stoppedAt: Date;
  /** Who asked for the release, while a second person is awaited. */
  releaseAskedBy: string | null;
  releaseReason: string | null;
  releasedBy: string | null;
  releasedAt: Date | null;
}

interface Who {
  actorId: number;
  reason: string;
}

const PAUSE_ALL = `
UPDATE provider_stream SET paused_at = now(), paused_by = $1, pause_reason = $2 WHERE paused_at IS NULL RETURNING provider_id`;

const words = (reason: string): string => `emergency stop: ${reason}`;

/**
 * Halts all sending. What is on its way at this moment cannot be called back; nothing is begun after it. Stopping what is
 * stopped keeps the first reason.
 */
export async function stopEverything(source: DataSource, who: Who): Promise<'stopped' | 'was stopped'> {
  return inTransaction(source, async (tx) => {
    // Ordered with resuming and with another stop: whoever comes second sees what the first did.
    await tx.query('LOCK TABLE emergency_stop IN SHARE ROW EXCLUSIVE MODE');
    if (await openStop(tx)) return 'was stopped';
    const paused = await tx.query<{ provider_id: number }>(PAUSE_ALL, [who.actorId, words(who.reason)]);
    const [made] = await tx.query<{ stop_id: number }>(
      'INSERT INTO emergency_stop (stopped_by, reason, providers) VALUES ($1, $2, $3) RETURNING stop_id',
      [who.actorId, who.reason, paused.map((row) => row.provider_id)],
    );
    await audit(tx, 'emergency.stop', made?.stop_id ?? 0, who);
    return 'stopped';
  });
}

/**
 * The first person asks for the release, a second one grants it; then what the stop paused is resumed.
 * @returns the ids of the providers that go on, once it is granted
 * @throws Problem 409 when nothing is stopped, 403 when the same person comes twice
 */
export async function releaseStop(
  source: DataSource,
  who: Who,
): Promise<{ result: 'asked' } | { result: 'released'; providerIds: number[] }> {
  return inTransaction(source, async (tx) => {
    await tx.query('LOCK TABLE emergency_stop IN SHARE ROW EXCLUSIVE MODE');
    const stop = await openStop(tx);
    if (!stop) throw new Problem(409, 'not-stopped', 'Nothing is stopped', 'There is no emergency stop to release.');
    if (stop.release_asked_by === null) {
      await tx.query(
        'UPDATE emergency_stop SET release_asked_by = $2, release_asked_at = now(), release_reason = $3 WHERE stop_id = $1',
        [stop.stop_id, who.actorId, who.reason],
      );
      await audit(tx, 'emergency.askRelease', stop.stop_id, who);
      return { result: 'asked' };
    }
    if (stop.release_asked_by === who.actorId) {
      throw new Problem(
        403,
        'same-person',
        'A second person is needed',
        'You asked for the release; somebody else must grant it.',
      );
    }
    await tx.query('UPDATE emergency_stop SET released_by = $2, released_at = now() WHERE stop_id = $1', [
      stop.stop_id,
      who.actorId,
    ]);
    await tx.query(
      `UPDATE provider_stream SET paused_at = NULL, paused_by = NULL, pause_reason = NULL
       WHERE provider_id = ANY($1::smallint[]) AND pause_reason = $2`,
      [stop.providers, words(stop.reason)],
    );
    await audit(tx, 'emergency.release', stop.stop_id, who);
    return { result: 'released', providerIds: stop.providers };
  });
}

/** While a stop is open a provider that is not paused (one added since) is paused like the others. */
export async function keepStopped(source: DataSource, providerId: number): Promise<void> {
  await inTransaction(source, async (tx) => {
    const [stop] = await tx.query<{ stop_id: number; stopped_by: number; reason: string }>(
      'SELECT stop_id, stopped_by, reason FROM emergency_stop WHERE released_at IS NULL FOR SHARE',
    );
    if (!stop) return;
    const paused = await tx.query(
      'UPDATE provider_stream SET paused_at = now(), paused_by = $2, pause_reason = $3 WHERE provider_id = $1 AND paused_at IS NULL RETURNING 1',
      [providerId, stop.stopped_by, words(stop.reason)],
    );
    if (paused.length > 0) {
      await tx.query('UPDATE emergency_stop SET providers = providers || $2::smallint WHERE stop_id = $1', [
        stop.stop_id,
        providerId,
      ]);
    }
  });
}

/** The stop that is open, or null. */
export async function readStop(source: DataSource): Promise<EmergencyStop | null> {
  const [stop] = await query<EmergencyStop>(
    source,
    `SELECT s.stop_id AS "stopId", a.name AS by, s.reason, s.stopped_at AS "stoppedAt", b.name AS "releaseAskedBy",
       s.release_reason AS "releaseReason", NULL AS "releasedBy", s.released_at AS "releasedAt"
     FROM emergency_stop s JOIN actor a ON a.actor_id = s.stopped_by LEFT JOIN actor b ON b.actor_id = s.release_asked_by
     WHERE s.released_at IS NULL`,
  );
  return stop ?? null;
}

/** For whoever would resume one provider. Throws Problem 409 while everything is stopped. */
export async function refuseWhileStopped(tx: Tx): Promise<void> {
  await tx.query('LOCK TABLE emergency_stop IN SHARE MODE');
  if (!(await openStop(tx))) return;
  throw new Problem(
    409,
    'emergency-stop',
    'Everything is stopped',
    'An emergency stop is in force; it is released by two people, not provider by provider.',
  );
}

interface OpenStop {
  stop_id: number;
  reason: string;
  providers: number[];
  release_asked_by: number | null;
}

async function openStop(tx: Tx): Promise<OpenStop | undefined> {
  const [stop] = await tx.query<OpenStop>(
    'SELECT stop_id, reason, providers, release_asked_by FROM emergency_stop WHERE released_at IS NULL',
  );
  return stop;
}

function audit(tx: Tx, act: string, stopId: number, { actorId, reason }: Who): Promise<unknown> {
  return tx.query('INSERT INTO audit (actor_id, act, subject, reason) VALUES ($1, $2, $3, $4)', [
    actorId,
    act,
    `emergency-stop:${stopId}`,
    reason,
  ]);
}
