// What was not delivered: which lines, to whom, why, since when, and what happens next. In sums, and line by line.
import type { DataSource } from 'typeorm';
import type { Day, ExceptionKind, ProviderProfile, ResultCode } from '#contracts';
import { bangkokDay, query } from '#platform';
import { groupExceptions } from './exceptions.js';
import type { EntryStanding } from './line-standing.js';
import { maskLine } from './mask.js';
import type { ProviderCounts } from './provider-counts.js';
import { readStreams, type StreamState } from './provider-stream.js';
import { rowStandings, type StandingRow } from './standings.js';
import { whyNotFree, type Sentence } from './why-not-free.js';

/** Where an undelivered line can stand. */
export const UNDELIVERED = [
  'pending',
  'inFlight',
  'waiting',
  'rejected',
  'retrying',
  'held',
  'uncertain',
] as const satisfies readonly EntryStanding['standing'][];
export type Undelivered = (typeof UNDELIVERED)[number];

export interface UndeliveredGroup {
  provider: string;
  standing: Undelivered;
  code: string | null;
  lines: number;
  /** Of them, lines that should be there; the others should be gone. */
  additions: number;
  /** When the oldest of them came to stand so; null when it just ended. */
  since: Date | null;
  sentence: Sentence;
}

export interface UndeliveredLine {
  lineId: number;
  entryRef: string;
  access: string;
  line: string;
  op: 'ADD' | 'REMOVE';
  seq: number;
  standing: Undelivered;
  code: string | null;
  batch: number | null;
  /** Since when the provider should know it: when the wish was first put into the log, whatever was repeated since. */
  since: Date;
  tries: number;
  sentence: Sentence;
}

export interface UndeliveredFilter {
  standing?: Undelivered;
  code?: string;
  /** Only later changes: the cursor. */
  after?: number;
  limit: number;
}

interface Where {
  providerId: number;
  code: string;
  profile: ProviderProfile;
}

const OLDEST = `
SELECT (SELECT min(o.at) FROM (SELECT c.at FROM omission m JOIN change c ON c.provider_id = m.provider_id AND c.seq = m.seq
    WHERE m.provider_id = $1 AND m.ended_at IS NULL ORDER BY m.seq LIMIT 1) o) AS waiting,
  b.sealed_at AS "sealedAt", b.handed_at AS "handedAt", b.accepted_at AS "acceptedAt"
FROM (SELECT 1) one LEFT JOIN LATERAL (SELECT * FROM batch o WHERE o.provider_id = $1 AND o.state IN ('sealed', 'handed', 'accepted')
  ORDER BY o.number LIMIT 1) b ON true`;

interface Oldest {
  waiting: Date | null;
  sealedAt: Date | null;
  handedAt: Date | null;
  acceptedAt: Date | null;
}

function caseOf(where: Where, stream: StreamState | undefined) {
  const { nameTh, nameEn, receiptDeadlineS, outcomeDeadlineS } = where.profile;
  return {
    nameTh,
    nameEn,
    receiptDeadlineS,
    outcomeDeadlineS,
    paused: stream?.paused ?? null,
    notBefore: stream?.notBefore ?? null,
    validFrom: null,
    validTo: null,
    dueOn: null,
  };
}

/** Undelivered lines of one provider by cause; `counts` are its counts of the same moment. Most lines first. */
export async function groupUndelivered(
  source: DataSource,
  where: Where,
  { entries }: ProviderCounts,
  now = new Date(),
): Promise<UndeliveredGroup[]> {
  const [exceptions, streams, oldest] = await Promise.all([
    groupExceptions(source, where.providerId),
    readStreams(source, [where.providerId]),
    query<Oldest>(source, OLDEST, [where.providerId]),
  ]);
  const stream = streams[0];
  const today = bangkokDay(now);
  const say = (standing: EntryStanding): Sentence =>
    whyNotFree({ ...caseOf(where, stream), present: true, standing }, today);
  const batch = {
    sealedAt: oldest[0]?.sealedAt ?? now,
    handedAt: oldest[0]?.handedAt ?? null,
    acceptedAt: oldest[0]?.acceptedAt ?? null,
  };
  const onTheWay: [Undelivered, Date | null, EntryStanding][] = [
    [
      'pending',
      stream?.oldestUnsealedS == null ? null : new Date(now.getTime() - stream.oldestUnsealedS * 1000),
      { standing: 'pending' },
    ],
    ['inFlight', oldest[0]?.sealedAt ?? null, { standing: 'inFlight', batch }],
    ['waiting', oldest[0]?.waiting ?? null, { standing: 'waiting', waitsFor: 0 }],
  ];
  const groups: UndeliveredGroup[] = onTheWay.map(([standing, since, entry]) => ({
    provider: where.code,
    standing,
    code: null,
    lines: entries.present[standing] + entries.absent[standing],
    additions: entries.present[standing],
    since,
    sentence: say(entry),
  }));
  for (const { kind, code, count, additions, oldest: since, nextAt } of exceptions) {
    groups.push({
      provider: where.code,
      standing: kind,
      code,
      lines: count,
      additions,
      since,
      sentence: say({ standing: kind, code: code as ResultCode | null, nextAt, batch: null }),
    });
  }
  return groups.filter((group) => group.lines > 0).toSorted((a, b) => b.lines - a.lines);
}

// Candidates by the index path of each standing, in the order of the log; where each stands is judged afterwards by the one
// rule, so that this list cannot disagree with a line's own story. The ranges of the few open batches are fetched first.
const CANDIDATES: Record<'pending' | 'inFlight' | 'waiting' | 'exception', string> = {
  pending: `
    (SELECT c.seq, c.line_id FROM provider_stream s JOIN change c ON c.provider_id = s.provider_id AND c.seq > greatest(s.sealed_seq, $2::bigint)
      JOIN entry e ON e.provider_id = c.provider_id AND e.line_id = c.line_id AND e.last_seq = c.seq
      WHERE s.provider_id = $1 ORDER BY c.seq LIMIT $3)
    UNION (SELECT c.seq, c.line_id FROM refused_range r
      CROSS JOIN LATERAL (SELECT c.seq, c.line_id FROM change c WHERE c.provider_id = r.provider_id AND c.seq BETWEEN greatest(r.from_seq, $2::bigint + 1) AND r.to_seq
        ORDER BY c.seq LIMIT $3 * 4) c
      JOIN entry e ON e.provider_id = r.provider_id AND e.line_id = c.line_id AND e.last_seq = c.seq
      WHERE r.provider_id = $1 ORDER BY c.seq LIMIT $3)`,
  inFlight: `
    (SELECT c.seq, c.line_id FROM open_batch b
      CROSS JOIN LATERAL (SELECT c.seq, c.line_id FROM change c WHERE c.provider_id = b.provider_id AND c.seq BETWEEN greatest(b.from_seq, $2::bigint + 1) AND b.to_seq OFFSET 0) c
      JOIN entry e ON e.provider_id = b.provider_id AND e.line_id = c.line_id AND e.last_seq = c.seq
      WHERE b.kind = 'full' OR (NOT c.seq = ANY (b.collapsed || b.omitted) AND (b.heard = 0 OR NOT EXISTS (
        SELECT 1 FROM outcome_bits o, LATERAL (
          SELECT c.seq - b.from_seq - (SELECT count(*) FROM unnest(b.collapsed || b.omitted) AS l(seq) WHERE l.seq < c.seq) AS i) p
        WHERE o.provider_id = b.provider_id AND o.number = b.number AND o.block = p.i / 8192
          AND (get_bit(o.applied, p.i % 8192) = 1 OR get_bit(o.already, p.i % 8192) = 1))))
      ORDER BY c.seq LIMIT $3)
    UNION (SELECT x.seq, e.line_id FROM open_batch f JOIN exception x ON x.provider_id = f.provider_id AND x.seq < f.from_seq AND x.end_reason = 'covered'
      JOIN entry e ON e.provider_id = x.provider_id AND e.entry_ref = x.entry_ref AND e.last_seq = x.seq
      WHERE f.kind = 'full' AND x.seq > $2 ORDER BY x.seq LIMIT $3)`,
  waiting: `
    (SELECT o.seq, e.line_id FROM omission o JOIN entry e ON e.provider_id = o.provider_id AND e.entry_ref = o.entry_ref AND e.last_seq = o.seq
      WHERE o.provider_id = $1 AND o.ended_at IS NULL AND o.seq > $2 ORDER BY o.seq LIMIT $3)`,
  exception: `
    (SELECT x.seq, e.line_id FROM exception x JOIN entry e ON e.provider_id = x.provider_id AND e.entry_ref = x.entry_ref AND e.last_seq = x.seq
      WHERE x.provider_id = $1 AND x.ended_at IS NULL AND x.seq > $2 AND EXISTS (SELECT 1 FROM asked a WHERE (a.kind IS NULL OR x.kind = a.kind) AND (a.code IS NULL OR x.code = a.code))
      GROUP BY x.seq, e.line_id ORDER BY x.seq LIMIT $3)`,
};

const KINDS: readonly ExceptionKind[] = ['rejected', 'retrying', 'held', 'uncertain'];

function isKind(standing: Undelivered | undefined): standing is ExceptionKind {
  return (KINDS as readonly (string | undefined)[]).includes(standing);
}

// Every parameter is named once, since PostgreSQL wants to know the type of each.
function candidatesSql({ standing, code }: UndeliveredFilter): string {
  const parts =
    isKind(standing) || code !== undefined
      ? [CANDIDATES.exception]
      : standing
        ? [CANDIDATES[standing]]
        : Object.values(CANDIDATES);
  return `
WITH asked AS (SELECT $4::text AS kind, $5::text AS code), open_batch AS MATERIALIZED (
  SELECT * FROM batch b WHERE b.provider_id = $1 AND b.state IN ('sealed', 'handed', 'accepted') AND b.said IS NULL
)
SELECT seq, line_id AS "lineId" FROM (${parts.join(' UNION ')}) c ORDER BY seq LIMIT $3`;
}

// When the wish itself was put into the log: repeats of it are walked back over.
const SINCE = `
WITH RECURSIVE walk AS (
  SELECT c.seq AS start, c.prev_seq, c.cause, c.at, 1 AS step FROM change c WHERE c.provider_id = $1 AND c.seq = ANY($2::bigint[])
  UNION ALL
  SELECT w.start, c.prev_seq, c.cause, c.at, w.step + 1 FROM walk w JOIN change c ON c.provider_id = $1 AND c.seq = w.prev_seq
  WHERE w.cause IN ('retried', 'predecessor', 'replayed') AND w.step < 100
)
SELECT DISTINCT ON (start) start AS seq, at FROM walk ORDER BY start, step DESC`;

interface EntryRow {
  lineId: number;
  lineKey: string;
  entryRef: string;
  present: boolean;
  validFrom: Day | null;
  validTo: Day | null;
  dueOn: Day | null;
  tries: number;
}

const ENTRIES = `
SELECT e.line_id AS "lineId", l.line_key AS "lineKey", e.entry_ref AS "entryRef", e.present, e.valid_from AS "validFrom", e.valid_to AS "validTo",
  e.due_on AS "dueOn", coalesce((SELECT max(x.tries) FROM exception x WHERE x.provider_id = e.provider_id AND x.seq = e.last_seq), 0) AS tries
FROM entry e JOIN line l USING (line_id) WHERE e.provider_id = $1 AND e.line_id = ANY($2::bigint[])`;

export interface UndeliveredPage {
  lines: UndeliveredLine[];
  /** Cursor of the next page, null at the end. A page may be shorter than its limit: what was delivered meanwhile is left out. */
  next: number | null;
}

/** Oldest first: what has waited longest stands on the first page. */
export async function listUndelivered(
  source: DataSource,
  where: Where,
  filter: UndeliveredFilter,
  now = new Date(),
): Promise<UndeliveredPage> {
  const { providerId } = where;
  const candidates = await query<{ seq: number; lineId: number }>(source, candidatesSql(filter), [
    providerId,
    filter.after ?? 0,
    filter.limit,
    isKind(filter.standing) ? filter.standing : null,
    filter.code ?? null,
  ]);
  const lineIds = candidates.map((each) => each.lineId);
  const [standings, entries, sinces, streams] = await Promise.all([
    rowStandings(
      source,
      lineIds.map((lineId) => ({ lineId, providerId })),
    ),
    query<EntryRow>(source, ENTRIES, [providerId, lineIds]),
    query<{ seq: number; at: Date }>(source, SINCE, [providerId, candidates.map((each) => each.seq)]),
    readStreams(source, [providerId]),
  ]);
  const byLine = new Map(entries.map((entry) => [entry.lineId, entry]));
  const standingOf = new Map(standings.map((row) => [row.line_id, row]));
  const sinceOf = new Map(sinces.map((row) => [row.seq, row.at]));
  const base = caseOf(where, streams[0]);
  const today = bangkokDay(now);
  const lines = candidates.flatMap(({ seq, lineId }): UndeliveredLine[] => {
    const entry = byLine.get(lineId);
    const row = standingOf.get(lineId);
    if (!entry || !row || !isUndelivered(row.standing)) return [];
    if (filter.standing !== undefined && row.standing !== filter.standing) return [];
    const { present, validFrom, validTo, dueOn, entryRef, tries } = entry;
    return [
      {
        lineId,
        entryRef,
        ...maskLine(entry.lineKey),
        op: present ? 'ADD' : 'REMOVE',
        seq,
        standing: row.standing,
        code: row.code,
        batch: row.number,
        since: sinceOf.get(seq) ?? now,
        tries,
        sentence: whyNotFree({ ...base, present, validFrom, validTo, dueOn, standing: standingIn(row, now) }, today),
      },
    ];
  });
  const last = candidates.at(-1);
  return { lines, next: last && candidates.length === filter.limit ? last.seq : null };
}

function isUndelivered(word: StandingRow['standing']): word is Undelivered {
  return (UNDELIVERED as readonly string[]).includes(word);
}

function standingIn(row: StandingRow, now: Date): EntryStanding {
  const { standing, code } = row;
  const batch = { sealedAt: row.sealed_at ?? now, handedAt: row.handed_at, acceptedAt: row.accepted_at };
  switch (standing) {
    case 'never':
    case 'pending':
      return { standing };
    case 'waiting':
      return { standing, waitsFor: 0 };
    case 'applied':
    case 'inFlight':
      return { standing, batch };
    default:
      return { standing, code, nextAt: row.next_at, batch };
  }
}
