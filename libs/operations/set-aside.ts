// What was set aside: written down from wherever it comes, counted by reason, and listed; and when it needs somebody's eyes.
import type { DataSource } from 'typeorm';
import {
  SET_ASIDE_REASONS,
  type ProviderCode,
  type SetAside,
  type SetAsideBook,
  type SetAsideReason,
} from '#contracts';
import { noteSetAside, query, type Logger } from '#platform';

/** Writes without a transaction of the caller's; what cannot be written is logged, never thrown. */
export class SetAsideLog implements SetAsideBook {
  constructor(
    private readonly source: DataSource,
    private readonly log: Logger,
  ) {}

  async note(providerId: number, entry: SetAside): Promise<void> {
    try {
      await noteSetAside({ query: (sql, params) => query(this.source, sql, params) }, providerId, entry);
      this.log.info({ event: 'answer set aside', providerId, reason: entry.reason, batch: entry.number });
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      this.log.warn({ event: 'set aside not written', providerId, reason });
    }
  }
}

export interface SetAsideGroup {
  provider: ProviderCode;
  reason: SetAsideReason;
  messages: number;
  items: number;
  firstAt: Date;
  lastAt: Date;
  th: string;
  en: string;
  remedyTh: string;
  remedyEn: string;
}

export interface SetAsideRow {
  id: number;
  provider: ProviderCode;
  reason: SetAsideReason;
  batch: number | null;
  /** What exactly was wrong, in words; never a line. */
  detail: string;
  messages: number;
  items: number;
  firstAt: Date;
  lastAt: Date;
}

export interface SetAsideFilter {
  providerId?: number;
  reason?: SetAsideReason;
  /** Only rows with a lower id: the cursor. */
  before?: number;
  limit: number;
}

/** Counts by provider and reason, most messages first. */
export async function groupSetAside(
  source: DataSource,
  filter: Pick<SetAsideFilter, 'providerId' | 'reason'>,
): Promise<SetAsideGroup[]> {
  const rows = await query<Omit<SetAsideGroup, 'th' | 'en' | 'remedyTh' | 'remedyEn'>>(
    source,
    `SELECT p.code AS provider, s.reason, sum(s.times)::bigint AS messages, sum(s.items)::bigint AS items,
       min(s.at) AS "firstAt", max(s.last_at) AS "lastAt"
     FROM set_aside s JOIN provider p USING (provider_id)
     WHERE ($1::smallint IS NULL OR s.provider_id = $1) AND ($2::text IS NULL OR s.reason = $2)
     GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`,
    [filter.providerId ?? null, filter.reason ?? null],
  );
  return rows.map((row) => {
    const { th, en, remedy } = SET_ASIDE_REASONS[row.reason];
    return { ...row, th, en, remedyTh: remedy.th, remedyEn: remedy.en };
  });
}

/** Newest first. */
export function listSetAside(source: DataSource, filter: SetAsideFilter): Promise<SetAsideRow[]> {
  return query<SetAsideRow>(
    source,
    `SELECT s.set_aside_id AS id, p.code AS provider, s.reason, s.number AS batch, s.detail, s.times AS messages, s.items,
       s.at AS "firstAt", s.last_at AS "lastAt"
     FROM set_aside s JOIN provider p USING (provider_id)
     WHERE ($1::smallint IS NULL OR s.provider_id = $1) AND ($2::text IS NULL OR s.reason = $2)
       AND ($3::bigint IS NULL OR s.set_aside_id < $3)
     ORDER BY s.set_aside_id DESC LIMIT $4`,
    [filter.providerId ?? null, filter.reason ?? null, filter.before ?? null, filter.limit],
  );
}

/** Messages of one reason set aside lately. */
export interface LatelySetAside {
  reason: SetAsideReason;
  messages: number;
}

/** What counts as lately, in minutes: as long as nothing more comes, the alert is over after it. */
export const LATELY_MIN = 30;
/** Messages set aside within that time that make an alert; fewer is what a restart or a proxy does once. */
export const MANY_MESSAGES = 3;

/** Pure: the alert's text when a provider's answers are set aside repeatedly, else null. Says the commonest reason first. */
export function judgeSetAside(lately: readonly LatelySetAside[]): string | null {
  const messages = lately.reduce((sum, each) => sum + each.messages, 0);
  if (messages < MANY_MESSAGES) return null;
  const reasons = lately
    .toSorted((a, b) => b.messages - a.messages || a.reason.localeCompare(b.reason))
    .map(({ reason }) => `${SET_ASIDE_REASONS[reason].en} ${SET_ASIDE_REASONS[reason].remedy.en}`);
  return `Answers are set aside repeatedly: ${reasons[0]}${reasons.length > 1 ? ` (and ${reasons.length - 1} more reasons)` : ''}`;
}

export function latelySetAside(source: DataSource, providerId: number): Promise<LatelySetAside[]> {
  return query<LatelySetAside>(
    source,
    `SELECT reason, sum(times)::bigint AS messages FROM set_aside
     WHERE provider_id = $1 AND last_at > now() - $2 * interval '1 minute' GROUP BY reason`,
    [providerId, LATELY_MIN],
  );
}
