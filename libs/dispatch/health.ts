// Health kept with the provider: judged after attempts and in every sweep, written when it changed, with its history.
import type { DataSource } from 'typeorm';
import {
  deadlinesOf,
  type HealthCause,
  type HealthState,
  type KeyEnd,
  type ProviderProfile,
  type StopCause,
  type Tx,
} from '#contracts';
import { HUB_ACTOR_ID, inTransaction, query, type Logger } from '#platform';
import { judgeHealth, type HealthLimits, type JudgedHealth } from './rules/health.js';

interface EvidenceRow {
  now: Date;
  failures: number;
  waiting_for: string | null;
  ramp: number | null;
  stop_cause: StopCause | null;
  stop_reason: string | null;
  attempts: { ended: number; failed: number };
  answered: number;
  rejected: number;
  receipt_median: number | null;
  receipt_awaited: number | null;
  outcomes_awaited: number | null;
  keys: { purpose: string; name: string; endsAt: string }[];
  alerts: string[];
  current: string | null;
}

/** Alerts that say what the judgement sees by itself. */
const SEEN_ANYHOW = [
  'receiptLate',
  'receiptOverdue',
  'outcomesLate',
  'outcomesOverdue',
  'keyExpires',
  'providerStopped',
];

// The newest first and the age afterwards: the other way round a quiet provider's whole history would be read. What failed
// while it was away says nothing of how it is since it came back.
const EVIDENCE = `
SELECT clock_timestamp() AS now, s.failures, s.waiting_for, s.ramp,
  CASE WHEN s.paused_by = $2 THEN coalesce(s.stop_cause, 'refusesBatches') END AS stop_cause,
  CASE WHEN s.paused_by = $2 THEN s.pause_reason END AS stop_reason,
  a.attempts, b.answered, b.rejected, b.receipt_median, o.receipt_awaited, o.outcomes_awaited,
  coalesce((SELECT json_agg(json_build_object('purpose', k.purpose, 'name', k.name, 'endsAt', k.ends_at))
    FROM provider_key_end k WHERE k.provider_id = s.provider_id), '[]') AS keys,
  coalesce((SELECT json_agg(l.text ORDER BY l.alert_id) FROM alert l
    WHERE l.provider_id = s.provider_id AND l.ended_at IS NULL AND NOT l.kind = ANY($3::text[])), '[]') AS alerts,
  (SELECT h.health_id || '|' || h.health || '|' || h.cause || '|' || h.needs_person || '|' || h.why_en FROM provider_health h
    WHERE h.provider_id = s.provider_id AND h.ended_at IS NULL) AS current
FROM provider_stream s JOIN provider p USING (provider_id)
CROSS JOIN LATERAL (
  SELECT json_build_object('ended', count(*), 'failed', count(*) FILTER (WHERE result IN ('notSent', 'unclear', 'cannotTell', 'lost', 'forbidden'))) AS attempts
  FROM (SELECT result, ended_at FROM attempt WHERE provider_id = $1 ORDER BY number DESC, attempt_no DESC LIMIT 50) newest
  WHERE ended_at > greatest(now() - interval '1 hour',
    (SELECT max(h.ended_at) FROM provider_health h WHERE h.provider_id = $1 AND h.health = 'quarantined'))) a
CROSS JOIN LATERAL (
  SELECT coalesce(sum(n_applied + n_already + n_rejected), 0)::int AS answered, coalesce(sum(n_rejected), 0)::int AS rejected,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM receipt_at - handed_at)) AS receipt_median
  FROM (SELECT * FROM batch WHERE provider_id = $1 ORDER BY number DESC LIMIT 20) newest
  WHERE sealed_at > now() - interval '1 day') b
CROSS JOIN LATERAL (
  SELECT max(age) FILTER (WHERE unread) AS receipt_awaited, max(age) FILTER (WHERE state = 'accepted' AND NOT unfetched) AS outcomes_awaited
  FROM (
    SELECT n.state, t.unfetched, (n.state = 'handed' OR p.profile ->> 'acknowledgement' IN ('files', 'pull')) AND n.receipt_at IS NULL AND n.heard = 0 AS unread,
      extract(epoch FROM now() - t.since) - maintained_s(n.provider_id, t.since) AS age
    FROM batch n CROSS JOIN LATERAL (
      SELECT coalesce(n.accepted_at, n.handed_at) AS since,
        p.profile ->> 'acknowledgement' = 'pull' AND n.format = 'thin' AND n.receipt_at IS NULL AS unfetched) t
    WHERE n.provider_id = $1 AND n.state IN ('handed', 'accepted')) open) o
WHERE s.provider_id = $1`;

/** What the judgement of a provider's health takes from its profile. */
export function healthLimits(profile: ProviderProfile): HealthLimits {
  const { receipt, outcomes } = deadlinesOf(profile);
  return {
    receiptSoftS: receipt.softS,
    receiptHardS: receipt.hardS,
    outcomeSoftS: outcomes.softS,
    outcomeHardS: outcomes.hardS,
    disabled: profile.disabled ?? null,
  };
}

/** Judges a provider anew and writes what changed, with one log line. Quick when nothing did. */
export async function watchHealth(
  source: DataSource,
  providerId: number,
  profile: ProviderProfile,
  log: Logger,
): Promise<JudgedHealth> {
  const [row] = await query<EvidenceRow>(source, EVIDENCE, [providerId, HUB_ACTOR_ID, SEEN_ANYHOW]);
  if (!row) throw new Error(`provider ${providerId} has no stream`);
  const judged = judgeHealth(
    {
      now: row.now.getTime(),
      failures: row.failures,
      waitingFor: row.failures > 0 ? row.waiting_for : null,
      stopped: row.stop_cause ? { cause: row.stop_cause, reason: row.stop_reason ?? '' } : null,
      ramp: row.ramp,
      attempts: row.attempts,
      lines: { answered: row.answered, rejected: row.rejected },
      receiptMedianS: row.receipt_median,
      receiptAwaitedS: row.receipt_awaited,
      outcomesAwaitedS: row.outcomes_awaited,
      keys: row.keys.map((key): KeyEnd => ({ ...key, endsAt: new Date(key.endsAt) })),
      alerts: row.alerts,
    },
    healthLimits(profile),
  );
  const [id = '', ...was] = row.current?.split('|') ?? [];
  const is = [judged.health, judged.cause, String(judged.needsPerson), judged.en];
  if (was.join('|') === is.join('|')) return judged;
  const changed = await inTransaction(source, (tx) => writeHealth(tx, providerId, judged, HUB_ACTOR_ID, id || null));
  if (changed === 'changed') {
    const { health, cause, needsPerson, en: why } = judged;
    const said = {
      event: 'health changed',
      provider: profile.code,
      from: was[0] ?? null,
      health,
      cause,
      needsPerson,
      why,
    };
    if (health === 'healthy') log.info(said);
    else log.warn(said);
  }
  return judged;
}

/**
 * Writes a health down: another state or cause ends the row before it, another sentence alone replaces the old one.
 * @param seen the row that was current when it was judged; what somebody else has written since is left to the next look
 */
async function writeHealth(
  tx: Tx,
  providerId: number,
  { health, cause, needsPerson, th, en }: JudgedHealth,
  actorId: number,
  seen: string | null,
): Promise<'changed' | 'same'> {
  await tx.query('SELECT 1 FROM provider_stream WHERE provider_id = $1 FOR UPDATE', [providerId]);
  const [open] = await tx.query<{ id: number; health: string; cause: string; needs_person: boolean }>(
    'SELECT health_id AS id, health, cause, needs_person FROM provider_health WHERE provider_id = $1 AND ended_at IS NULL',
    [providerId],
  );
  if ((open ? String(open.id) : null) !== seen) return 'same';
  if (open && open.health === health && open.cause === cause && open.needs_person === needsPerson) {
    await tx.query('UPDATE provider_health SET why_th = $2, why_en = $3 WHERE health_id = $1', [open.id, th, en]);
    return 'same';
  }
  if (open) await tx.query('UPDATE provider_health SET ended_at = now() WHERE health_id = $1', [open.id]);
  await tx.query(
    'INSERT INTO provider_health (provider_id, health, cause, needs_person, why_th, why_en, changed_by) VALUES ($1, $2, $3, $4, $5, $6, $7)',
    [providerId, health, cause, needsPerson, th, en, actorId],
  );
  await tx.query('UPDATE provider_stream SET health = $2 WHERE provider_id = $1 AND health <> $2', [
    providerId,
    health,
  ]);
  return 'changed';
}

export interface HealthRow {
  health: HealthState;
  cause: HealthCause;
  needsPerson: boolean;
  th: string;
  en: string;
  since: Date;
  /** Name of the actor. */
  by: string;
  /** Null: it is so now. */
  until: Date | null;
}

const SHOWN = `h.health, h.cause, h.needs_person AS "needsPerson", h.why_th AS th, h.why_en AS en, h.since, a.name AS by, h.ended_at AS until`;

/** The health of providers now, by id; one that no worker has judged yet is missing. */
export async function readHealth(source: DataSource, providerIds: readonly number[]): Promise<Map<number, HealthRow>> {
  const rows = await query<HealthRow & { id: number }>(
    source,
    `SELECT h.provider_id AS id, ${SHOWN} FROM provider_health h JOIN actor a ON a.actor_id = h.changed_by
     WHERE h.provider_id = ANY($1::smallint[]) AND h.ended_at IS NULL`,
    [[...providerIds]],
  );
  return new Map(rows.map(({ id, ...row }) => [id, row]));
}

/** What a provider's health was, newest first. */
export function healthHistory(source: DataSource, providerId: number, limit: number): Promise<HealthRow[]> {
  return query<HealthRow>(
    source,
    `SELECT ${SHOWN} FROM provider_health h JOIN actor a ON a.actor_id = h.changed_by
     WHERE h.provider_id = $1 ORDER BY h.health_id DESC LIMIT $2`,
    [providerId, limit],
  );
}

/** Erases history that ended so many days ago. */
export async function forgetHealth(source: DataSource, days: number, now: Date): Promise<void> {
  await query(source, `DELETE FROM provider_health WHERE ended_at < $1::timestamptz - $2 * interval '1 day'`, [
    now,
    days,
  ]);
}
