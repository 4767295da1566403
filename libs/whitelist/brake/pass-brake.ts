// Reserving removals: exact, since it is done under the lock of the provider's budget row, in the appending transaction.
import type { Cause, Tx } from '#contracts';
import { countAcknowledged } from './count-acknowledged.js';
import {
  dailyBudget,
  judgeRemovals,
  LEAST_BUDGET,
  type Draw,
  type FreeKind,
  type Removal,
  type Room,
} from './judge.js';

/** What would be held although the last count is older than this is counted anew first, in seconds. */
const COUNT_AGAIN_S = 60;

export interface Causer {
  cause: Cause;
  actorId: number;
  runId: number | null;
}

/** Removals by provider id, in the order in which they are to go. */
export type Removals = ReadonlyMap<number, readonly Removal[]>;

/** Fresh counts of what providers hold, by provider id. */
export type Counted = ReadonlyMap<number, number>;

/** Lines whose removal is held, by provider id, and the hold that they belong to. */
export type HeldRemovals = Map<number, { holdId: number; lineIds: number[] }>;

// `shrunk`: a tenth of the list went since it was counted, on whatever account, and one per cent of it was more than the least.
const LEFT_UNLOCKED = `
SELECT b.acknowledged, b.counted_at < clock_timestamp() - $2 * interval '1 second' AS old, coalesce((
  SELECT sum(r.lines) FROM removal r
  WHERE r.provider_id = $1 AND r.kind = 'budget' AND r.at > clock_timestamp() - interval '24 hours'), 0) AS used,
  b.acknowledged > $3 AND coalesce((SELECT sum(r.lines) FROM removal r WHERE r.provider_id = $1 AND r.at > b.counted_at), 0) * 10 > b.acknowledged AS shrunk
FROM removal_budget b WHERE b.provider_id = $1`;

/**
 * Counts what providers hold, where the last count may be what keeps removals from going, or lets too many go. Done before any counter is
 * locked: at 3 million it takes 0.3 s, and nobody should wait for that.
 */
export async function countWhereTight(tx: Tx, removals: Removals): Promise<Counted> {
  const counted = new Map<number, number>();
  for (const [providerId, rows] of removals) {
    const [row] = await tx.query<{ acknowledged: number; old: boolean; used: number; shrunk: boolean }>(LEFT_UNLOCKED, [
      providerId,
      COUNT_AGAIN_S,
      LEAST_BUDGET * 100,
    ]);
    const left = row ? dailyBudget(row.acknowledged) - row.used : LEAST_BUDGET;
    const tight = rows.length > left && row?.old !== false;
    if (!tight && !row?.shrunk) continue;
    counted.set(providerId, await countAcknowledged(tx, providerId));
  }
  return counted;
}

const MAKE_ROWS = `
INSERT INTO removal_budget (provider_id) SELECT unnest($1::smallint[]) ON CONFLICT DO NOTHING`;
const LOCK = 'SELECT 1 FROM removal_budget WHERE provider_id = ANY($1::smallint[]) ORDER BY provider_id FOR UPDATE';

// After the lock, in a statement of its own: only then does it see what was reserved before.
const NOW = `
UPDATE removal_budget SET last_at = greatest(clock_timestamp(), last_at), acknowledged = coalesce($2, acknowledged),
  counted_at = CASE WHEN $2::bigint IS NULL THEN counted_at ELSE clock_timestamp() END
WHERE provider_id = $1 RETURNING last_at::text AS at, acknowledged`;
const USED = `
SELECT coalesce(sum(lines), 0)::bigint AS used FROM removal
WHERE provider_id = $1 AND kind = 'budget' AND at > $2::timestamptz - interval '24 hours'`;
const PLANNED = `
SELECT planned_id AS id, lines - used AS left FROM planned_removal
WHERE provider_id = $1 AND state = 'approved' AND valid_until > $2::timestamptz AND used < lines ORDER BY valid_until, planned_id`;

// A hand-over's reservation is its approved plan, with the same margin for what comes meanwhile as at its start.
const HAND_OVERS = `
SELECT h.hand_over_id AS id, p.lines + greatest(200, (h.plan ->> 'lines')::int / 100)
  - coalesce((SELECT sum(r.lines) FROM removal r WHERE r.kind = 'handOver' AND r.subject = h.hand_over_id AND r.provider_id = $1), 0) AS left
FROM hand_over h CROSS JOIN LATERAL (
  SELECT coalesce(sum((f ->> 'mobile')::int + (f ->> 'fixed')::int), 0) AS lines FROM jsonb_array_elements(h.plan -> 'from') AS f
  JOIN provider p ON p.code = f ->> 'provider' WHERE p.provider_id = $1) p
WHERE h.hand_over_id = ANY($2::int[]) AND h.approved_hash IS NOT NULL`;

/** Locks the budget rows of providers. The caller holds their counters already and takes no other lock of these providers. */
export async function lockBudgets(tx: Tx, providerIds: number[]): Promise<void> {
  const rows = await tx.query(LOCK, [providerIds]);
  if (rows.length === providerIds.length) return;
  await tx.query(MAKE_ROWS, [providerIds]);
  await tx.query(LOCK, [providerIds]);
}

/**
 * Lets as many removals pass as there is room for, and books them; the others are held, and are written nowhere yet. To be
 * called with the providers' counters locked, before anything is appended, in the transaction that appends.
 */
export async function passBrake(tx: Tx, removals: Removals, causer: Causer, counted: Counted): Promise<HeldRemovals> {
  const held: HeldRemovals = new Map();
  const providerIds = [...removals.keys()].toSorted((a, b) => a - b);
  await lockBudgets(tx, providerIds);
  for (const providerId of providerIds) {
    const rows = removals.get(providerId) ?? [];
    const { at, room } = await readRoom(tx, providerId, rows, counted.get(providerId) ?? null);
    const judged = judgeRemovals(rows, room);
    await book(tx, providerId, at, judged.draws);
    if (judged.held.length > 0)
      held.set(providerId, { holdId: await openHold(tx, providerId, causer), lineIds: judged.held });
  }
  return held;
}

async function readRoom(
  tx: Tx,
  providerId: number,
  rows: readonly Removal[],
  counted: number | null,
): Promise<{ at: string; room: Room }> {
  const [now] = await tx.query<{ at: string; acknowledged: number }>(NOW, [providerId, counted]);
  if (!now) throw new Error(`provider ${providerId} has no removal budget`);
  const [{ used } = { used: 0 }] = await tx.query<{ used: number }>(USED, [providerId, now.at]);
  const planned = await tx.query<{ id: number; left: number }>(PLANNED, [providerId, now.at]);
  const own = [...new Set(rows.flatMap(({ handOver }) => (handOver === null ? [] : [handOver])))];
  const handOvers = own.length === 0 ? [] : await tx.query<{ id: number; left: number }>(HAND_OVERS, [providerId, own]);
  return {
    at: now.at,
    room: {
      budget: dailyBudget(now.acknowledged) - used,
      planned,
      handOvers: new Map(handOvers.map(({ id, left }) => [id, Math.max(0, left)])),
    },
  };
}

async function book(tx: Tx, providerId: number, at: string, draws: readonly Draw[]): Promise<void> {
  for (const { kind, subject, lines } of draws) {
    await tx.query('INSERT INTO removal (provider_id, at, kind, lines, subject) VALUES ($1, $2, $3, $4, $5)', [
      providerId,
      at,
      kind,
      lines,
      subject,
    ]);
    if (kind === 'planned')
      await tx.query('UPDATE planned_removal SET used = used + $2 WHERE planned_id = $1', [subject, lines]);
  }
}

/** Books removals that are never held, or were approved: they use up nothing, and need no lock. */
export async function countRemovals(
  tx: Tx,
  kind: FreeKind | 'approved',
  lines: ReadonlyMap<number, number>,
  subject: number | null = null,
): Promise<void> {
  for (const [providerId, count] of lines) {
    await tx.query(
      'INSERT INTO removal (provider_id, at, kind, lines, subject) VALUES ($1, clock_timestamp(), $2, $3, $4)',
      [providerId, kind, count, subject],
    );
  }
}

// One hold for what one cause, person and import bring about, as long as nobody has decided on it.
async function openHold(tx: Tx, providerId: number, { cause, actorId, runId }: Causer): Promise<number> {
  const [known] = await tx.query<{ hold_id: number }>(
    `SELECT hold_id FROM removal_hold WHERE provider_id = $1 AND cause = $2 AND actor_id = $3 AND run_id IS NOT DISTINCT FROM $4
     AND state = 'open'`,
    [providerId, cause, actorId, runId],
  );
  if (known) return known.hold_id;
  const [made] = await tx.query<{ hold_id: number }>(
    `INSERT INTO removal_hold (provider_id, cause, actor_id, run_id, state) VALUES ($1, $2, $3, $4, 'open') RETURNING hold_id`,
    [providerId, cause, actorId, runId],
  );
  return made?.hold_id ?? 0;
}

// By the end of the days that were registered it goes by itself, as expired.
const HOLD = `
INSERT INTO exception (provider_id, seq, entry_ref, number, kind, detail, next_at, hold_id)
SELECT e.provider_id, e.last_seq, e.entry_ref, 0, 'held', 'removal brake',
  (c.valid_to + 1)::timestamp AT TIME ZONE 'Asia/Bangkok', $2
FROM entry e LEFT JOIN change c ON c.provider_id = e.provider_id AND c.seq = e.last_seq
WHERE e.provider_id = $1 AND e.line_id = ANY($3::bigint[])
ON CONFLICT (provider_id, seq, number) DO UPDATE SET kind = 'held', detail = excluded.detail, next_at = excluded.next_at,
  hold_id = excluded.hold_id, opened_at = now(), ended_at = NULL, end_reason = NULL`;

/** Writes the holds, under the entries' locks; an entry's latest change is what the hold stands on. */
export async function writeHolds(tx: Tx, held: HeldRemovals): Promise<void> {
  for (const [providerId, { holdId, lineIds }] of held) await tx.query(HOLD, [providerId, holdId, lineIds]);
}
