// Where many entries stand at once, in words for the agency that registered them: one statement for a block of lines.
import type { DataSource } from 'typeorm';
import { isResultCode, RESULT_CODES, type Day, type ResultCode } from '#contracts';
import { bangkokDay, query } from '#platform';
import { meaningOf } from './exceptions.js';
import { WHO_ACTS } from './why-not-free.js';

export interface EntryKey {
  lineId: number;
  providerId: number;
}

type Word = 'never' | 'pending' | 'waiting' | 'inFlight' | 'applied' | 'rejected' | 'retrying' | 'held' | 'uncertain';

export interface StandingRow {
  line_id: number;
  provider_id: number;
  present: boolean;
  valid_from: Day | null;
  standing: Word;
  code: ResultCode | null;
  /** When an exception is tried again. */
  next_at: Date | null;
  /** The batch that carries its latest change, if one does. */
  number: number | null;
  sealed_at: Date | null;
  handed_at: Date | null;
  accepted_at: Date | null;
}

// The same rule as for one line (line-standing.ts) and for the counts (provider-counts.ts); a spec holds them together.
const STANDINGS = `
SELECT e.line_id, e.provider_id, e.present, e.valid_from, x.code, x.next_at,
  b.number, b.sealed_at, b.handed_at, b.accepted_at, CASE
    WHEN e.last_seq = 0 THEN 'never'
    WHEN x.kind = 'held' THEN x.kind
    WHEN EXISTS (SELECT 1 FROM omission o WHERE o.provider_id = e.provider_id AND o.seq = e.last_seq AND o.ended_at IS NULL) THEN 'waiting'
    WHEN x.kind IS NOT NULL THEN x.kind
    WHEN e.last_seq > s.sealed_seq OR b.state IS NULL THEN 'pending'
    WHEN EXISTS (
      SELECT 1 FROM exception c JOIN batch f ON f.provider_id = c.provider_id AND f.kind = 'full' AND f.state IN ('sealed', 'handed', 'accepted')
      WHERE c.provider_id = e.provider_id AND c.seq = e.last_seq AND c.end_reason = 'covered') THEN 'inFlight'
    WHEN b.state = 'settled' OR b.heard THEN 'applied'
    ELSE 'inFlight' END AS standing
FROM unnest($1::bigint[], $2::smallint[]) AS i(line_id, provider_id)
JOIN entry e USING (line_id, provider_id) JOIN provider_stream s USING (provider_id)
LEFT JOIN LATERAL (
  -- A hold counts before all else.
  SELECT * FROM exception x WHERE x.provider_id = e.provider_id AND x.seq = e.last_seq AND x.ended_at IS NULL
  ORDER BY x.kind <> 'held', x.number DESC LIMIT 1) x ON true
LEFT JOIN LATERAL (
  SELECT r.state, r.number, r.sealed_at, r.handed_at, r.accepted_at, r.said IS NOT NULL OR coalesce(get_bit(o.applied, p.i % 8192) = 1 OR get_bit(o.already, p.i % 8192) = 1, false) AS heard
  FROM batch r
  CROSS JOIN LATERAL (SELECT e.last_seq - r.from_seq - (SELECT count(*) FROM unnest(r.collapsed || r.omitted) AS l(seq) WHERE l.seq < e.last_seq) AS i) p
  LEFT JOIN outcome_bits o ON r.kind = 'delta' AND o.provider_id = r.provider_id AND o.number = r.number AND o.block = p.i / 8192
  WHERE r.provider_id = e.provider_id AND r.to_seq >= e.last_seq AND r.from_seq <= e.last_seq AND r.state NOT IN ('refused', 'closed', 'covered')
  ORDER BY r.to_seq LIMIT 1) b ON true`;

export interface StandingWords {
  state: string;
  stateTh: string;
  reason: string;
  reasonTh: string;
  remedy: string;
  remedyTh: string;
}

const WORDS: Record<Word, { en: string; th: string }> = {
  never: { en: 'not begun', th: 'ยังไม่ถึงวันเริ่ม' },
  pending: { en: 'pending', th: 'รอส่ง' },
  waiting: { en: 'waiting for an earlier change', th: 'รอผลของรายการก่อนหน้า' },
  inFlight: { en: 'in flight', th: 'ส่งแล้ว รอผล' },
  applied: { en: 'applied', th: 'ใช้ฟรีได้แล้ว' },
  rejected: { en: 'rejected', th: 'ผู้ให้บริการไม่รับ' },
  retrying: { en: 'retrying', th: 'รอส่งอีกครั้ง' },
  held: { en: 'held', th: 'พักไว้รออนุมัติ' },
  uncertain: { en: 'uncertain', th: 'ยังไม่แน่ชัด' },
};

/** What a re-route task waits for. */
const REROUTE = {
  remedy: 'ONDE has a task for it: a new confirmation must name the provider that has the line now',
  remedyTh: 'สดช. กำลังติดตาม โปรดส่งการยืนยันใหม่ที่ระบุผู้ให้บริการปัจจุบันของหมายเลขนี้',
};

/** Where many entries stand; one that does not exist is missing. */
export function rowStandings(source: DataSource, keys: EntryKey[]): Promise<StandingRow[]> {
  return query<StandingRow>(source, STANDINGS, [keys.map((key) => key.lineId), keys.map((key) => key.providerId)]);
}

/** Keyed `line/provider`; an entry that does not exist is missing. */
export async function standingsOf(
  source: DataSource,
  keys: EntryKey[],
  now = new Date(),
): Promise<Map<string, StandingWords & { standing: Word }>> {
  const rows = await rowStandings(source, keys);
  const today = bangkokDay(now);
  return new Map(
    rows.map((row) => [`${row.line_id}/${row.provider_id}`, { standing: row.standing, ...inWords(row, today) }]),
  );
}

function inWords({ standing, present, valid_from, code }: StandingRow, today: Day): StandingWords {
  const nothing = { reason: '', reasonTh: '', remedy: '', remedyTh: '' };
  if (!present && standing === 'applied') return { state: 'not in force', stateTh: 'ไม่มีผลในขณะนี้', ...nothing };
  if (present && standing === 'applied' && valid_from !== null && valid_from > today) {
    return { state: `applied, free from ${valid_from}`, stateTh: `รับรายการแล้ว เริ่ม ${valid_from}`, ...nothing };
  }
  const { en, th } = WORDS[standing];
  if (standing !== 'rejected' && standing !== 'retrying' && standing !== 'held' && standing !== 'uncertain')
    return { state: en, stateTh: th, ...nothing };
  const meaning = meaningOf(standing, code);
  if (standing === 'rejected' && isResultCode(code) && RESULT_CODES[code].retry === 'reroute')
    return { state: en, stateTh: th, reason: meaning.en, reasonTh: meaning.th, ...REROUTE };
  const who =
    WHO_ACTS[
      standing === 'rejected'
        ? meaning.owner
        : standing === 'retrying'
          ? 'hub'
          : standing === 'held'
            ? 'onde'
            : 'provider'
    ];
  return {
    state: en,
    stateTh: th,
    reason: meaning.en,
    reasonTh: meaning.th,
    remedy: capital(who.en),
    remedyTh: who.th,
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
