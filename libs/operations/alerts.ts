// Alerts as rows: raised again is the same alert, cleared is over. Each change is one log line.
import type { DataSource } from 'typeorm';
import type { AlertKind, Alerts } from '#contracts';
import { query, type Logger } from '#platform';

type AlertName = Parameters<Alerts['clear']>[0];

// Raised again with the same words within a minute, nothing is written: sweeps raise what still holds each time.
const RAISE = `
INSERT INTO alert AS a (kind, provider_id, subject, text) VALUES ($1, $2, $3, $4)
ON CONFLICT (kind, coalesce(provider_id, 0), subject) WHERE ended_at IS NULL
DO UPDATE SET text = excluded.text, last_at = now(), times = a.times + 1
WHERE a.text <> excluded.text OR a.last_at < now() - interval '1 minute'
RETURNING alert_id AS "alertId", times`;

const CLEAR = `
UPDATE alert SET ended_at = now() WHERE kind = $1 AND provider_id IS NOT DISTINCT FROM $2 AND subject = $3 AND ended_at IS NULL
RETURNING alert_id AS "alertId"`;

export class AlertBook implements Alerts {
  constructor(
    private readonly source: DataSource,
    private readonly log: Logger,
  ) {}

  async raise(alert: AlertName & { text: string }): Promise<void> {
    const { kind, providerId, subject, text } = alert;
    const [row] = await query<{ alertId: number; times: number }>(this.source, RAISE, [
      kind,
      providerId,
      subject,
      text,
    ]);
    if (row?.times === 1) this.log.warn({ event: 'alert raised', kind, providerId, subject, alert: row.alertId, text });
  }

  async clear({ kind, providerId, subject }: AlertName): Promise<void> {
    const [row] = await query<{ alertId: number }>(this.source, CLEAR, [kind, providerId, subject]);
    if (row) this.log.info({ event: 'alert over', kind, providerId, subject, alert: row.alertId });
  }
}

export interface AlertRow {
  alertId: number;
  kind: AlertKind;
  /** Code, or null when it is about the hub. */
  provider: string | null;
  subject: string;
  text: string;
  raisedAt: Date;
  lastAt: Date;
  /** How often it was raised, once a minute at most. */
  times: number;
  endedAt: Date | null;
}

export interface AlertFilter {
  /** Open ones only, or those that are over too. */
  state: 'open' | 'all';
  providerId?: number;
  kind?: AlertKind;
  /** Only alerts with a lower id: the cursor. */
  before?: number;
  limit: number;
}

/** Newest first. */
export function listAlerts(source: DataSource, filter: AlertFilter): Promise<AlertRow[]> {
  return query<AlertRow>(
    source,
    `SELECT a.alert_id AS "alertId", a.kind, p.code AS provider, a.subject, a.text, a.raised_at AS "raisedAt",
       a.last_at AS "lastAt", a.times, a.ended_at AS "endedAt"
     FROM alert a LEFT JOIN provider p USING (provider_id)
     WHERE ($1 = 'all' OR a.ended_at IS NULL) AND ($2::smallint IS NULL OR a.provider_id = $2)
       AND ($3::text IS NULL OR a.kind = $3) AND ($4::bigint IS NULL OR a.alert_id < $4)
     ORDER BY a.alert_id DESC LIMIT $5`,
    [filter.state, filter.providerId ?? null, filter.kind ?? null, filter.before ?? null, filter.limit],
  );
}
