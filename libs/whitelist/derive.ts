// Derivation: from the registrations of some lines to entries and changes, set-wise, inside the caller's transaction.
import { faultPoint, INDEX_PLANS } from '#platform';
import type { Cause, Derivation, DerivedChanges, DerivedLines, Tx } from '#contracts';
import { freeKind, type Removal } from './brake/judge.js';
import { countRemovals, countWhereTight, passBrake, writeHolds, type HeldRemovals } from './brake/pass-brake.js';

// One row a change of an entry. Made once per connection; empty at every commit. `removes`: the entry was desired and is not
// any more; `returns`: the other way round, which ends a hold.
const TEMP = `
CREATE TEMP TABLE IF NOT EXISTS derived (
  provider_id smallint, line_id bigint, entry_ref uuid, known boolean, prev_seq bigint,
  present boolean, package text, valid_from date, valid_to date, due_on date, changes boolean,
  removes boolean, returns boolean
) ON COMMIT DELETE ROWS;
DELETE FROM derived;
${INDEX_PLANS}`;

// Registrations that count. $1 lines, $2 today, $3 ids of providers that take dates.
const CONFIRMED = `
  SELECT r.line_id, r.provider_id, r.package, r.valid_from, r.valid_to
  FROM registration r JOIN line l USING (line_id)
  WHERE r.line_id = ANY($1::bigint[]) AND r.state = 'confirmed'
    AND (l.withdrawn_at IS NULL OR r.confirmed_at > l.withdrawn_at)`;

const COUNTING = `counting AS MATERIALIZED (${CONFIRMED}
)`;

// While a line is being moved, what counts at the new provider counts at the old one too, if that one has it. Only a known
// line can be in a move: a fresh one does not pay for the question.
const COUNTING_MOVED = `own AS MATERIALIZED (${CONFIRMED}
), counting AS MATERIALIZED (
  SELECT * FROM own
  UNION ALL
  SELECT o.line_id, m.from_provider, o.package, o.valid_from, o.valid_to
  FROM own o JOIN move m ON m.line_id = o.line_id AND m.to_provider = o.provider_id AND m.state = 'open'
  JOIN entry e ON e.line_id = m.line_id AND e.provider_id = m.from_provider AND e.present
)`;

// What should be there: the set-wise twin of desiredFor() in desired.ts; a property test holds them equal.
const desired = (counting: string) => `${counting}, grouped AS MATERIALIZED (
  SELECT line_id, provider_id, count(*) AS n, min(package) AS package, min(valid_from) AS valid_from, min(valid_to) AS valid_to
  FROM counting GROUP BY line_id, provider_id
), spanned AS (
  -- Nearly every line has one registration: it needs no arithmetic of ranges.
  SELECT line_id, provider_id, package, valid_from, valid_to
  FROM grouped WHERE n = 1 AND (valid_to IS NULL OR valid_to >= $2::date)
  UNION ALL
  SELECT g.line_id, g.provider_id,
         (SELECT min(c.package) FROM counting c
          WHERE c.line_id = g.line_id AND c.provider_id = g.provider_id AND c.valid_from <@ span),
         lower(span), upper(span) - 1
  FROM grouped g CROSS JOIN LATERAL (
    SELECT span FROM unnest((
      SELECT range_agg(daterange(c.valid_from, c.valid_to, '[]')) FROM counting c
      WHERE c.line_id = g.line_id AND c.provider_id = g.provider_id)) AS span
    WHERE upper_inf(span) OR upper(span) > $2::date ORDER BY span LIMIT 1
  ) first_open
  WHERE g.n > 1
), desired AS (
  SELECT line_id, provider_id, here AS present,
         CASE WHEN here THEN package END AS package, CASE WHEN here THEN valid_from END AS valid_from,
         CASE WHEN here THEN valid_to END AS valid_to, CASE WHEN here THEN valid_to + 1 ELSE valid_from END AS due_on
  FROM spanned CROSS JOIN LATERAL (SELECT valid_from <= $2::date OR provider_id = ANY($3::smallint[]) AS here) begun
)`;

const FRESH = `
WITH ${desired(COUNTING)}
INSERT INTO derived
SELECT provider_id, line_id, uuidv7(), false, 0, present, package, valid_from, valid_to, due_on, present, false, false FROM desired`;

const LOCK_ENTRIES = `
SELECT 1 FROM entry WHERE line_id = ANY($1::bigint[]) ORDER BY line_id, provider_id FOR UPDATE`;

const KNOWN = `
WITH ${desired(COUNTING_MOVED)}, held AS (
  SELECT * FROM entry WHERE line_id = ANY($1::bigint[])
), wanted AS (
  SELECT coalesce(d.provider_id, h.provider_id) AS provider_id, coalesce(d.line_id, h.line_id) AS line_id,
         coalesce(h.entry_ref, uuidv7()) AS entry_ref, h.entry_ref IS NOT NULL AS known, coalesce(h.last_seq, 0) AS prev_seq,
         coalesce(d.present, false) AS present, d.package, d.valid_from, d.valid_to, d.due_on,
         coalesce(d.present, false) IS DISTINCT FROM coalesce(h.present, false)
           OR (coalesce(d.present, false)
               AND (d.package, d.valid_from, d.valid_to) IS DISTINCT FROM (h.package, h.valid_from, h.valid_to)) AS changes,
         h.due_on AS due_before, h.present IS TRUE AS was_present
  FROM desired d FULL JOIN held h ON h.line_id = d.line_id AND h.provider_id = d.provider_id
)
INSERT INTO derived
SELECT provider_id, line_id, entry_ref, known, prev_seq, present, package, valid_from, valid_to, due_on, changes,
  was_present AND NOT present, present AND NOT was_present AND prev_seq > 0
FROM wanted WHERE changes OR due_on IS DISTINCT FROM due_before`;

// A person's own withdrawal is never held: also not where a removal was held before.
const TAKE_HELD = `
WITH held AS (
  SELECT e.* FROM entry e JOIN exception x ON x.provider_id = e.provider_id AND x.seq = e.last_seq AND x.number = 0 AND x.ended_at IS NULL
  WHERE e.line_id = ANY($1::bigint[]) AND NOT e.present AND NOT EXISTS (
    SELECT 1 FROM derived d WHERE d.provider_id = e.provider_id AND d.line_id = e.line_id AND d.changes)
), instead AS (
  DELETE FROM derived d USING held h WHERE d.provider_id = h.provider_id AND d.line_id = h.line_id RETURNING d.provider_id, d.line_id, d.due_on
)
INSERT INTO derived
SELECT h.provider_id, h.line_id, h.entry_ref, true, h.last_seq, false, NULL, NULL, NULL,
  CASE WHEN i.line_id IS NULL THEN h.due_on ELSE i.due_on END, true, true, true
FROM held h LEFT JOIN instead i USING (provider_id, line_id)`;

// What needs more than appending: few chunks have any. A removal by the end of a move knows its hand-over.
const TURNS = `
SELECT d.provider_id AS "providerId", d.line_id AS "lineId", d.removes, d.returns, m.hand_over_id AS "handOver"
FROM derived d LEFT JOIN move m ON m.line_id = d.line_id AND m.from_provider = d.provider_id AND $1
WHERE d.removes OR d.returns ORDER BY d.provider_id, d.line_id`;

interface Turn extends Removal {
  providerId: number;
  removes: boolean;
  returns: boolean;
}

const END_HOLDS = `
UPDATE exception x SET ended_at = now(), end_reason = CASE WHEN d.present THEN 'superseded' ELSE 'released' END
FROM derived d WHERE d.returns AND x.provider_id = d.provider_id AND x.seq = d.prev_seq AND x.number = 0 AND x.ended_at IS NULL`;

// Held: the entry says what is desired, and nothing of it goes into the log.
const KEEP_BACK = 'UPDATE derived SET changes = false WHERE provider_id = $1 AND line_id = ANY($2::bigint[])';

// Counters last, in key order, and only of providers whose log grows.
const LOCK_COUNTERS = `
SELECT 1 FROM provider_counter
WHERE provider_id IN (SELECT provider_id FROM derived WHERE changes) ORDER BY provider_id FOR UPDATE`;

const APPEND = `
WITH counted AS (
  SELECT provider_id, count(*) AS n FROM derived WHERE changes GROUP BY provider_id
), counter AS (
  UPDATE provider_counter c SET last_seq = c.last_seq + counted.n FROM counted WHERE c.provider_id = counted.provider_id
  RETURNING c.provider_id, c.last_seq - counted.n AS base
), numbered AS (
  SELECT d.*, CASE WHEN d.changes
    THEN counter.base + row_number() OVER (PARTITION BY d.provider_id, d.changes ORDER BY d.line_id) ELSE d.prev_seq END AS seq
  FROM derived d LEFT JOIN counter USING (provider_id)
), made AS (
  INSERT INTO entry (provider_id, line_id, entry_ref, present, package, valid_from, valid_to, last_seq, due_on)
  SELECT provider_id, line_id, entry_ref, present, package, valid_from, valid_to, seq, due_on FROM numbered WHERE NOT known
), moved AS (
  UPDATE entry e SET present = n.present, package = n.package, valid_from = n.valid_from, valid_to = n.valid_to,
         due_on = n.due_on, last_seq = n.seq, revision = e.revision + n.changes::int
  FROM numbered n WHERE n.known AND e.provider_id = n.provider_id AND e.line_id = n.line_id
), logged AS (
  INSERT INTO change (provider_id, seq, prev_seq, entry_ref, line_id, present, package, valid_from, valid_to, cause, actor_id, run_id)
  SELECT provider_id, seq, prev_seq, entry_ref, line_id, present, package, valid_from, valid_to,
         CASE WHEN $1 = 'expired' AND present THEN 'started' ELSE $1 END, $2, $3
  FROM numbered WHERE changes
)
SELECT provider_id, n FROM counted`;

/** Up to so many lines the providers of a derivation are worth knowing before it goes on. */
const FEW = 50;

/** The providers that take dates, by id; read from the profiles when the app starts and when they change. */
export type TakesDates = () => number[];

export class Deriver implements Derivation {
  constructor(private readonly takesDates: TakesDates) {}

  async derive(
    tx: Tx,
    lines: DerivedLines,
    context: { cause: Cause; actorId: number; runId: number | null; today: string },
  ): Promise<DerivedChanges> {
    const appended = new Map<number, number>();
    if (lines.fresh.length + lines.known.length === 0) return { appended };
    await tx.query(TEMP);
    const dated = this.takesDates();
    // Of a few lines the providers are told back: a single counter needs no ordering, and the round trip that takes the
    // lock first would be time in which everybody else waits for it.
    const few = lines.fresh.length + lines.known.length <= FEW;
    const touched = new Set<number>();
    let turned = !few;
    const write = async (sql: string, ids: number[]): Promise<void> => {
      const rows = await tx.query<{ provider_id: number; changes: boolean; turns: boolean }>(
        few ? `${sql} RETURNING provider_id, changes, removes OR returns AS turns` : sql,
        [ids, context.today, dated],
      );
      for (const row of rows) {
        if (row.changes) touched.add(row.provider_id);
        turned ||= row.turns;
      }
    };
    if (lines.fresh.length > 0) await write(FRESH, lines.fresh);
    if (lines.known.length > 0) {
      await tx.query(LOCK_ENTRIES, [lines.known]);
      await write(KNOWN, lines.known);
      if (context.cause === 'withdrawn') {
        await tx.query(TAKE_HELD, [lines.known]);
        turned = true;
      }
    }
    const turns = turned && lines.known.length > 0 ? await tx.query<Turn>(TURNS, [context.cause === 'released']) : [];
    const removals = Map.groupBy(
      turns.filter((turn) => turn.removes),
      (turn) => turn.providerId,
    );
    const free = freeKind(context.cause);
    const braked = free === null && removals.size > 0;
    const counted = braked ? await countWhereTight(tx, removals) : new Map<number, number>();
    if (turns.some((turn) => turn.returns)) await tx.query(END_HOLDS);
    if (!few || touched.size > 1 || turns.length > 0) await tx.query(LOCK_COUNTERS);
    let held: HeldRemovals = new Map();
    if (braked) {
      held = await passBrake(tx, removals, context, counted);
      for (const [providerId, { lineIds }] of held) await tx.query(KEEP_BACK, [providerId, lineIds]);
    } else if (free !== null && removals.size > 0) {
      await countRemovals(tx, free, new Map([...removals].map(([providerId, rows]) => [providerId, rows.length])));
    }
    const rows = await tx.query<{ provider_id: number; n: number }>(APPEND, [
      context.cause,
      context.actorId,
      context.runId,
    ]);
    for (const row of rows) appended.set(row.provider_id, row.n);
    if (held.size > 0) await writeHolds(tx, held);
    await faultPoint('whitelist.derived');
    return { appended };
  }
}
