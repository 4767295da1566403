// One line's entries with every change of theirs, the batch each travelled in, and what was heard: read by primary keys.
import type { DataSource } from 'typeorm';
import type { BatchKind, BatchState, Cause, Day, ExceptionKind, ProviderCode, ResultCode } from '#contracts';
import { query } from '#platform';

export interface EntryRow {
  providerId: number;
  provider: ProviderCode;
  entryRef: string;
  present: boolean;
  package: string | null;
  validFrom: Day | null;
  validTo: Day | null;
  revision: number;
  lastSeq: number;
  dueOn: Day | null;
}

export interface ChangeRow {
  providerId: number;
  seq: number;
  present: boolean;
  package: string | null;
  validFrom: Day | null;
  validTo: Day | null;
  cause: Cause;
  actor: string;
  runId: number | null;
  at: Date;
}

/** How a change travelled in one batch. */
export interface Carried {
  providerId: number;
  seq: number;
  number: number;
  kind: BatchKind;
  state: BatchState;
  stateReason: string | null;
  /** `sent`, or why it was not: a later change spoke for it, or it waited for an earlier one. */
  how: 'sent' | 'collapsed' | 'omitted';
  /** Position in the batch; null when it was not sent, and for full lists. */
  position: number | null;
  sealedAt: Date;
  handedAt: Date | null;
  acceptedAt: Date | null;
  endedAt: Date | null;
  /** The provider's word on this position; null when there is none. */
  word: 'applied' | 'already' | null;
}

export interface LineException {
  providerId: number;
  seq: number;
  number: number | null;
  kind: ExceptionKind;
  code: ResultCode | null;
  tries: number;
  nextAt: Date | null;
  openedAt: Date;
  endedAt: Date | null;
  endReason: string | null;
}

export interface LineOmission {
  providerId: number;
  seq: number;
  waitsFor: number;
}

/** Changes of one entry that are shown, newest first; more than a person has ever asked for. */
const MOST_CHANGES = 200;

const ENTRIES = `
SELECT e.provider_id AS "providerId", p.code AS provider, e.entry_ref AS "entryRef", e.present, e.package, e.valid_from AS "validFrom",
  e.valid_to AS "validTo", e.revision, e.last_seq AS "lastSeq", e.due_on AS "dueOn"
FROM entry e JOIN provider p USING (provider_id) WHERE e.line_id = $1 ORDER BY e.provider_id`;

// The log has no index by line: it is walked back along prev_seq, one primary key at a time.
const CHANGES = `
WITH RECURSIVE walk AS (
  SELECT c.*, 1 AS step FROM entry e JOIN change c ON c.provider_id = e.provider_id AND c.seq = e.last_seq WHERE e.line_id = $1
  UNION ALL
  SELECT c.*, w.step + 1 FROM walk w JOIN change c ON c.provider_id = w.provider_id AND c.seq = w.prev_seq WHERE w.step < ${MOST_CHANGES}
)
SELECT w.provider_id AS "providerId", w.seq, w.present, w.package, w.valid_from AS "validFrom", w.valid_to AS "validTo", w.cause,
  a.name AS actor, w.run_id AS "runId", w.at FROM walk w JOIN actor a USING (actor_id) ORDER BY w.provider_id, w.seq DESC`;

// A position in a delta is counted, for the log has no gaps. A range may stand in several batches: refused ones, and
// the halves that replaced them. A full list carries the entry's newest change up to its position.
const CARRIED = `
SELECT b.provider_id AS "providerId", c.seq, b.number, b.kind, b.state, b.state_reason AS "stateReason",
  b.sealed_at AS "sealedAt", b.handed_at AS "handedAt", b.accepted_at AS "acceptedAt", b.ended_at AS "endedAt",
  CASE WHEN c.seq = ANY (b.collapsed) THEN 'collapsed' WHEN c.seq = ANY (b.omitted) THEN 'omitted' ELSE 'sent' END AS how,
  CASE WHEN b.kind = 'delta' AND NOT c.seq = ANY (b.collapsed || b.omitted) THEN p.i + 1 END AS position,
  CASE WHEN c.seq = ANY (b.collapsed || b.omitted) THEN NULL
    WHEN b.said IS NOT NULL THEN b.said
    WHEN get_bit(o.applied, p.i % 8192) = 1 THEN 'applied' WHEN get_bit(o.already, p.i % 8192) = 1 THEN 'already' END AS word
FROM unnest($1::smallint[], $2::bigint[]) AS c(provider_id, seq)
JOIN batch b ON b.provider_id = c.provider_id AND b.kind = 'delta' AND b.to_seq >= c.seq AND b.from_seq <= c.seq
CROSS JOIN LATERAL (SELECT c.seq - b.from_seq - (SELECT count(*) FROM unnest(b.collapsed || b.omitted) AS l(seq) WHERE l.seq < c.seq) AS i) p
LEFT JOIN outcome_bits o ON o.provider_id = b.provider_id AND o.number = b.number AND o.block = p.i / 8192
UNION ALL
SELECT b.provider_id, c.seq, b.number, b.kind, b.state, b.state_reason, b.sealed_at, b.handed_at, b.accepted_at, b.ended_at, 'sent', NULL,
  CASE WHEN b.state = 'settled' THEN coalesce(b.said, 'applied') END
FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS c(provider_id, seq, next_seq)
JOIN batch b ON b.provider_id = c.provider_id AND b.kind = 'full' AND b.to_seq >= c.seq AND b.to_seq < c.next_seq
ORDER BY 1, 2, 3`;

const EXCEPTIONS = `
SELECT x.provider_id AS "providerId", x.seq, nullif(x.number, 0) AS number, x.kind, x.code, x.tries, x.next_at AS "nextAt", x.opened_at AS "openedAt",
  x.ended_at AS "endedAt", x.end_reason AS "endReason"
FROM entry e JOIN exception x ON x.provider_id = e.provider_id AND x.entry_ref = e.entry_ref WHERE e.line_id = $1 ORDER BY 1, 2`;

const OMISSIONS = `
SELECT o.provider_id AS "providerId", o.seq, o.waits_for AS "waitsFor"
FROM entry e JOIN omission o ON o.provider_id = e.provider_id AND o.seq = e.last_seq WHERE e.line_id = $1 AND o.ended_at IS NULL`;

const UNSEALED_HALVES = `
SELECT e.provider_id FROM entry e JOIN refused_range r ON r.provider_id = e.provider_id AND e.last_seq BETWEEN r.from_seq AND r.to_seq
WHERE e.line_id = $1`;

export interface LineEntries {
  entries: EntryRow[];
  changes: ChangeRow[];
  carried: Carried[];
  exceptions: LineException[];
  omissions: LineOmission[];
  /** Providers at which the latest change was in a refused batch and is in no half yet. */
  inRefused: Set<number>;
}

export async function readLineEntries(source: DataSource, lineId: number): Promise<LineEntries> {
  const [entries, changes, exceptions, omissions, halves] = await Promise.all([
    query<EntryRow>(source, ENTRIES, [lineId]),
    query<ChangeRow>(source, CHANGES, [lineId]),
    query<LineException>(source, EXCEPTIONS, [lineId]),
    query<LineOmission>(source, OMISSIONS, [lineId]),
    query<{ provider_id: number }>(source, UNSEALED_HALVES, [lineId]),
  ]);
  // Newest first within a provider: the change before in this list is the next one in the log.
  const next = changes.map((change, i) => {
    const newer = changes[i - 1];
    return newer?.providerId === change.providerId ? newer.seq : Number.MAX_SAFE_INTEGER;
  });
  const carried =
    changes.length === 0
      ? []
      : await query<Carried>(source, CARRIED, [
          changes.map((change) => change.providerId),
          changes.map((change) => change.seq),
          next,
        ]);
  return { entries, changes, carried, exceptions, omissions, inRefused: new Set(halves.map((row) => row.provider_id)) };
}
