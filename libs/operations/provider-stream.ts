// The state of a provider's stream: how far it is, what it waits for, and what its last attempts said.
import type { DataSource } from 'typeorm';
import type { ProviderCode } from '#contracts';
import { query } from '#platform';

export interface StreamState {
  provider: ProviderCode;
  nameTh: string;
  nameEn: string;
  /** Number of the newest change in the log, and of the newest that stands in a batch. */
  lastSeq: number;
  sealedSeq: number;
  nextNumber: number;
  /** Changes in the log that stand in no batch yet. */
  unsealed: number;
  /** Seconds since the oldest such change was appended; null when there is none. */
  oldestUnsealedS: number | null;
  /** Seconds since the oldest open batch was sealed; null when there is none. */
  oldestUnacknowledgedS: number | null;
  /** Batches that have not ended, by state. */
  open: { sealed: number; handed: number; accepted: number };
  failures: number;
  notBefore: Date | null;
  waitingFor: string | null;
  paused: { at: Date; by: string; reason: string; until: Date | null } | null;
  setAsideItems: number;
}

const STATE = `
SELECT p.code AS provider, p.profile->>'nameTh' AS "nameTh", p.profile->>'nameEn' AS "nameEn",
  c.last_seq AS "lastSeq", s.sealed_seq AS "sealedSeq", s.next_number AS "nextNumber", c.last_seq - s.sealed_seq AS unsealed,
  (SELECT extract(epoch FROM now() - o.at)::float8 FROM change o WHERE o.provider_id = s.provider_id AND o.seq = s.sealed_seq + 1) AS "oldestUnsealedS",
  extract(epoch FROM now() - b.oldest)::float8 AS "oldestUnacknowledgedS",
  json_build_object('sealed', b.sealed, 'handed', b.handed, 'accepted', b.accepted) AS open,
  s.failures, CASE WHEN s.not_before > now() THEN s.not_before END AS "notBefore",
  CASE WHEN s.not_before > now() THEN s.waiting_for END AS "waitingFor",
  s.paused_at, a.name AS paused_by, s.pause_reason, s.paused_until,
  (SELECT coalesce(sum(items), 0)::bigint FROM set_aside x WHERE x.provider_id = s.provider_id) AS "setAsideItems"
FROM provider_stream s JOIN provider_counter c USING (provider_id) JOIN provider p USING (provider_id)
LEFT JOIN actor a ON a.actor_id = s.paused_by
CROSS JOIN LATERAL (
  SELECT min(sealed_at) AS oldest, count(*) FILTER (WHERE state = 'sealed') AS sealed, count(*) FILTER (WHERE state = 'handed') AS handed,
    count(*) FILTER (WHERE state = 'accepted') AS accepted
  FROM batch o WHERE o.provider_id = s.provider_id AND o.state IN ('sealed', 'handed', 'accepted')) b
WHERE s.provider_id = ANY($1::smallint[]) ORDER BY s.provider_id`;

interface StateRow extends Omit<StreamState, 'paused'> {
  paused_at: Date | null;
  paused_by: string | null;
  pause_reason: string | null;
  paused_until: Date | null;
}

export async function readStreams(source: DataSource, providerIds: number[]): Promise<StreamState[]> {
  const rows = await query<StateRow>(source, STATE, [providerIds]);
  return rows.map(({ paused_at, paused_by, pause_reason, paused_until, ...row }) => ({
    ...row,
    paused: paused_at ? { at: paused_at, by: paused_by ?? '', reason: pause_reason ?? '', until: paused_until } : null,
  }));
}

export interface AttemptRow {
  number: number;
  attemptNo: number;
  purpose: 'handOver' | 'ask';
  startedAt: Date;
  endedAt: Date | null;
  result: string | null;
  status: number | null;
  detail: string | null;
}

const ATTEMPT = `number, attempt_no AS "attemptNo", purpose, started_at AS "startedAt", ended_at AS "endedAt", result, status, detail`;

/** The newest attempts at one provider, newest first. */
export function lastAttempts(source: DataSource, providerId: number, limit: number): Promise<AttemptRow[]> {
  return query<AttemptRow>(
    source,
    `SELECT ${ATTEMPT} FROM attempt WHERE provider_id = $1 ORDER BY number DESC, attempt_no DESC LIMIT $2`,
    [providerId, limit],
  );
}

/** All attempts at some batches, in order. */
export function attemptsAt(source: DataSource, providerId: number, numbers: number[]): Promise<AttemptRow[]> {
  return query<AttemptRow>(
    source,
    `SELECT ${ATTEMPT} FROM attempt WHERE provider_id = $1 AND number = ANY($2::bigint[]) ORDER BY number, attempt_no`,
    [providerId, numbers],
  );
}
