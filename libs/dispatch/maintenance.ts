// Maintenance of a provider, planned beforehand: who, why, from when, until when; recorded.
import type { DataSource } from 'typeorm';
import { Problem, type Tx } from '#contracts';
import { inTransaction, query } from '#platform';
import { CANARY_LINES } from './rules/slow-start.js';

export interface Maintenance {
  maintenanceId: number;
  provider: string;
  from: Date;
  /** When it ends, or ended; earlier than planned when somebody ended it. */
  until: Date;
  plannedUntil: Date;
  reason: string;
  /** Name of the actor. */
  by: string;
  plannedAt: Date;
  state: 'planned' | 'underWay' | 'over' | 'cancelled';
  endedBy: string | null;
  endReason: string | null;
}

/** Longest maintenance, in days: a mistyped year would otherwise stop a provider without a word. */
export const LONGEST_DAYS = 7;

const SHOWN = `
SELECT m.maintenance_id AS "maintenanceId", p.code AS provider, m.from_at AS "from", m.until_at AS until, m.planned_until AS "plannedUntil",
  m.reason, a.name AS by, m.planned_at AS "plannedAt", e.name AS "endedBy", m.end_reason AS "endReason",
  CASE WHEN m.until_at = m.from_at THEN 'cancelled' WHEN m.until_at <= now() THEN 'over' WHEN m.from_at <= now() THEN 'underWay'
    ELSE 'planned' END AS state
FROM maintenance m JOIN provider p USING (provider_id) JOIN actor a ON a.actor_id = m.planned_by LEFT JOIN actor e ON e.actor_id = m.ended_by`;

const AUDIT = `INSERT INTO audit (actor_id, act, subject, reason) SELECT $2, $3, 'provider:' || code, $4 FROM provider WHERE provider_id = $1`;

/**
 * Plans a maintenance. In it nothing is handed over, nothing counts as failing, and deadlines stand still; afterwards
 * the provider is brought to full pace step by step.
 * @throws Problem 422 for times that cannot be, 409 when it would overlap another one
 */
export async function planMaintenance(
  source: DataSource,
  providerId: number,
  { from, until, reason }: { from: Date; until: Date; reason: string },
  actorId: number,
  now = new Date(),
): Promise<Maintenance> {
  const fault =
    until <= from
      ? '"until" must be later than "from".'
      : until <= now
        ? '"until" is over already; give a time that is still to come.'
        : until.getTime() - from.getTime() > LONGEST_DAYS * 86_400_000
          ? `A maintenance lasts at most ${LONGEST_DAYS} days; pause the provider instead.`
          : null;
  if (fault) throw new Problem(422, 'maintenance-not-valid', 'The maintenance cannot be planned', fault);
  return inTransaction(source, async (tx) => {
    // Ordered with others who plan for the same provider.
    await tx.query('SELECT 1 FROM provider_stream WHERE provider_id = $1 FOR UPDATE', [providerId]);
    const [other] = await tx.query<{ from_at: Date; until_at: Date }>(
      `SELECT from_at, until_at FROM maintenance WHERE provider_id = $1 AND from_at < $3 AND until_at > $2 AND until_at > from_at LIMIT 1`,
      [providerId, from, until],
    );
    if (other) {
      throw new Problem(
        409,
        'maintenance-overlaps',
        'There is a maintenance then',
        `One is planned from ${other.from_at.toISOString()} until ${other.until_at.toISOString()}; cancel it, or plan around it.`,
      );
    }
    const [made] = await tx.query<{ id: number }>(
      `INSERT INTO maintenance (provider_id, from_at, planned_until, until_at, reason, planned_by)
       VALUES ($1, $2, $3, $3, $4, $5) RETURNING maintenance_id AS id`,
      [providerId, from, until, reason, actorId],
    );
    await tx.query(AUDIT, [providerId, actorId, 'maintenance.plan', reason]);
    return one(tx, made?.id ?? 0);
  });
}

/**
 * Cancels one that is planned, or ends one that is under way.
 * @throws Problem 404 when the provider has no such maintenance, 409 when it is over
 */
export async function endMaintenance(
  source: DataSource,
  providerId: number,
  maintenanceId: number,
  reason: string,
  actorId: number,
): Promise<Maintenance> {
  return inTransaction(source, async (tx) => {
    const [found] = await tx.query<{ over: boolean }>(
      'SELECT until_at <= now() AS over FROM maintenance WHERE provider_id = $1 AND maintenance_id = $2 FOR UPDATE',
      [providerId, maintenanceId],
    );
    if (!found)
      throw new Problem(404, 'no-maintenance', 'There is no such maintenance', 'List them with GET to find its id.');
    if (found.over)
      throw new Problem(409, 'maintenance-over', 'The maintenance is over', 'Nothing is left to cancel or to end.');
    await tx.query(
      'UPDATE maintenance SET until_at = greatest(from_at, now()), ended_by = $2, end_reason = $3 WHERE maintenance_id = $1',
      [maintenanceId, actorId, reason],
    );
    await tx.query(AUDIT, [providerId, actorId, 'maintenance.end', reason]);
    return one(tx, maintenanceId);
  });
}

async function one(tx: Tx, id: number): Promise<Maintenance> {
  const [row] = await tx.query<Maintenance>(`${SHOWN} WHERE m.maintenance_id = $1`, [id]);
  if (!row) throw new Error(`maintenance ${id} is not there`);
  return row;
}

/** Newest first. */
export function listMaintenance(source: DataSource, providerId: number, limit: number): Promise<Maintenance[]> {
  return query<Maintenance>(source, `${SHOWN} WHERE m.provider_id = $1 ORDER BY m.from_at DESC LIMIT $2`, [
    providerId,
    limit,
  ]);
}

/** What is under way now, by provider id. */
export async function maintenanceNow(
  source: DataSource,
  providerIds: readonly number[],
): Promise<Map<number, Maintenance>> {
  const rows = await query<Maintenance & { id: number }>(
    source,
    `${SHOWN.replace('SELECT ', 'SELECT m.provider_id AS id, ')} WHERE m.provider_id = ANY($1::smallint[]) AND m.from_at <= now() AND m.until_at > now()`,
    [[...providerIds]],
  );
  return new Map(rows.map(({ id, ...row }) => [id, row]));
}

const PENDING = `
(SELECT c.last_seq FROM provider_counter c WHERE c.provider_id = s.provider_id) - s.sealed_seq`;

/**
 * While nothing is sent to it, by its profile or by maintenance while a backlog grows, it is noted that it comes back by a
 * canary. One that came back and has nothing left to send is at full pace: what comes now is no flood.
 */
export async function keepAway(source: DataSource, providerId: number, disabled: boolean): Promise<void> {
  await query(
    source,
    `UPDATE provider_stream s SET ramp = 0 WHERE provider_id = $1 AND ramp IS DISTINCT FROM 0 AND ($2 OR ${PENDING} > $3 AND EXISTS (
       SELECT 1 FROM maintenance m WHERE m.provider_id = s.provider_id AND m.from_at <= now() AND m.until_at > now()))`,
    [providerId, disabled, CANARY_LINES],
  );
  await query(
    source,
    `UPDATE provider_stream s SET ramp = NULL, not_before = NULL, waiting_for = NULL
     WHERE provider_id = $1 AND ramp > 0 AND failures = 0 AND ${PENDING} = 0 AND NOT EXISTS (
       SELECT 1 FROM batch b WHERE b.provider_id = s.provider_id AND b.state IN ('sealed', 'handed'))
       AND NOT EXISTS (SELECT 1 FROM refused_range r WHERE r.provider_id = s.provider_id)`,
    [providerId],
  );
}
