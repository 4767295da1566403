// Open exceptions of a provider: grouped by cause, and one by one. Each counts only while its change is the entry's latest.
import type { DataSource } from 'typeorm';
import { isResultCode, RESULT_CODES, type ExceptionKind, type Owner } from '#contracts';
import { query } from '#platform';
import { maskLine } from './mask.js';

export interface ExceptionGroup {
  kind: ExceptionKind;
  code: string | null;
  count: number;
  /** Of them, lines that should be there; the others should be gone. */
  additions: number;
  oldest: Date;
  /** The next try of the first of them. */
  nextAt: Date | null;
  owner: Owner;
  th: string;
  en: string;
}

export interface ExceptionLine {
  seq: number;
  lineId: number;
  entryRef: string;
  access: string;
  line: string;
  op: 'ADD' | 'REMOVE';
  kind: ExceptionKind;
  code: string | null;
  batch: number | null;
  position: number | null;
  /** What the hub itself found wrong with it before sending; never the content. */
  detail: string | null;
  tries: number;
  openedAt: Date;
  nextAt: Date | null;
}

const OPEN = `
FROM exception x JOIN entry e ON e.provider_id = x.provider_id AND e.entry_ref = x.entry_ref AND e.last_seq = x.seq
WHERE x.provider_id = $1 AND x.ended_at IS NULL AND (x.kind = 'held' OR e.present OR NOT EXISTS (
  SELECT 1 FROM exception h WHERE h.provider_id = x.provider_id AND h.seq = x.seq AND h.number = 0 AND h.kind = 'held' AND h.ended_at IS NULL))`;

/** What a kind without a code means, and who must act. */
const WITHOUT_CODE: Record<ExceptionKind, { owner: Owner; th: string; en: string }> = {
  rejected: { owner: 'onde', th: 'ผู้ให้บริการปฏิเสธโดยไม่แจ้งเหตุผล', en: 'The provider rejected it without a reason.' },
  retrying: { owner: 'hub', th: 'ระบบจะส่งอีกครั้งตามกำหนด', en: 'The hub tries again on schedule.' },
  held: {
    owner: 'onde',
    th: 'ระบบเบรกการนำออกพักรายการไว้ รอการอนุมัติ',
    en: 'The removal brake holds it for an approval.',
  },
  uncertain: {
    owner: 'provider',
    th: 'ไม่ทราบว่าผู้ให้บริการดำเนินการแล้วหรือไม่',
    en: 'Nobody knows whether the provider applied it.',
  },
};

/** Meaning of a kind and code in words, with who must act. */
export function meaningOf(kind: ExceptionKind, code: string | null): { owner: Owner; th: string; en: string } {
  if (kind === 'uncertain' || !isResultCode(code)) return WITHOUT_CODE[kind];
  const { owner, th, en } = RESULT_CODES[code];
  return { owner, th, en };
}

export async function groupExceptions(source: DataSource, providerId: number): Promise<ExceptionGroup[]> {
  const rows = await query<Omit<ExceptionGroup, 'owner' | 'th' | 'en'>>(
    source,
    `SELECT x.kind, x.code, count(*) AS count, count(*) FILTER (WHERE e.present) AS additions, min(x.opened_at) AS oldest, min(x.next_at) AS "nextAt" ${OPEN} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`,
    [providerId],
  );
  return rows.map((row) => ({ ...row, ...meaningOf(row.kind, row.code) }));
}

export interface ExceptionFilter {
  kind?: ExceptionKind;
  code?: string;
  /** Only exceptions with a lower seq: the cursor. */
  before?: number;
  limit: number;
}

/** Newest first. */
export async function listExceptions(
  source: DataSource,
  providerId: number,
  filter: ExceptionFilter,
): Promise<ExceptionLine[]> {
  const rows = await query<Omit<ExceptionLine, 'access' | 'line'> & { lineKey: string }>(
    source,
    `SELECT x.seq, e.line_id AS "lineId", x.entry_ref AS "entryRef", CASE WHEN e.present THEN 'ADD' ELSE 'REMOVE' END AS op, x.kind, x.code,
       nullif(x.number, 0) AS batch, x.n AS position, x.detail, x.tries, x.opened_at AS "openedAt", x.next_at AS "nextAt",
       (SELECT line_key FROM line l WHERE l.line_id = e.line_id) AS "lineKey"
     ${OPEN} AND ($2::text IS NULL OR x.kind = $2) AND ($3::text IS NULL OR x.code = $3) AND ($4::bigint IS NULL OR x.seq < $4)
     ORDER BY x.seq DESC LIMIT $5`,
    [providerId, filter.kind ?? null, filter.code ?? null, filter.before ?? null, filter.limit],
  );
  return rows.map(({ lineKey, ...row }) => ({ ...row, ...maskLine(lineKey) }));
}
