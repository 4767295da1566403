// Hand-overs as the database has them, and as people see them.
import type { DataSource } from 'typeorm';
import { Problem, type ProviderCode, type ProviderProfile } from '#contracts';
import { query } from '#platform';
import { MISFITS, type Misfit } from './fit.js';
import type { HandOverPlan, Sides } from './plan.js';

/**
 * proposed → approved → running ⇄ paused → completed; all but completed may be stopped. What was moved stays moved, and
 * what was not stays where it is.
 */
export type HandOverState = 'proposed' | 'approved' | 'running' | 'paused' | 'stopped' | 'completed';

export const HAND_OVER_MOVES: Record<HandOverState, readonly HandOverState[]> = {
  proposed: ['approved', 'stopped'],
  approved: ['running', 'proposed', 'stopped'],
  running: ['paused', 'completed', 'stopped'],
  paused: ['running', 'stopped'],
  stopped: [],
  completed: [],
};

export interface HandOverRow {
  hand_over_id: number;
  to_provider: number;
  limit_s: number;
  state: HandOverState;
  reason: string;
  plan: HandOverPlan;
  plan_hash: Buffer;
  proposed_by: number;
  proposer: string;
  proposed_at: Date;
  approver: string | null;
  approved_at: Date | null;
  started_at: Date | null;
  round: number;
  round_over: boolean;
  after_line: number;
  open_seen: number;
  lines_done: number;
  succeeded_at: Date | null;
  moved_on_at: Date | null;
  ended_at: Date | null;
}

export const HAND_OVERS = `
SELECT h.*, p.name AS proposer, a.name AS approver FROM hand_over h
JOIN actor p ON p.actor_id = h.proposed_by LEFT JOIN actor a ON a.actor_id = h.approved_by`;

/** @throws Problem 404 */
export async function findHandOver(source: DataSource, id: number): Promise<HandOverRow> {
  const [row] =
    Number.isInteger(id) && id > 0 && id < 2 ** 31
      ? await query<HandOverRow>(source, `${HAND_OVERS} WHERE h.hand_over_id = $1`, [id])
      : [];
  if (row) return row;
  throw new Problem(404, 'unknown-hand-over', 'No such hand-over', 'GET /v1/hand-overs lists them.', {
    detailTh: 'ไม่พบการโอนย้ายหมายเลขนี้',
  });
}

interface KnownRow {
  provider_id: number;
  code: ProviderCode;
  profile: ProviderProfile;
}

/** Both sides by code. @throws Problem 422 that lists the known codes */
export async function sidesByCode(source: DataSource, from: ProviderCode[], to: ProviderCode): Promise<Sides> {
  const known = await query<KnownRow>(source, 'SELECT provider_id, code, profile FROM provider ORDER BY provider_id');
  const find = (code: string): KnownRow => {
    const row = known.find((each) => each.code === code.toUpperCase());
    if (row) return row;
    const codes = known.map((each) => each.code).join(', ');
    throw new Problem(422, 'unknown-provider', 'Unknown provider', `The known providers are ${codes}.`);
  };
  return sidesOf(known, from.map(find), find(to));
}

/** Both sides of one that was proposed. */
export async function sidesOfHandOver(source: DataSource, row: HandOverRow): Promise<Sides> {
  const known = await query<KnownRow>(source, 'SELECT provider_id, code, profile FROM provider ORDER BY provider_id');
  const from = await query<{ from_provider: number }>(
    source,
    'SELECT from_provider FROM hand_over_from WHERE hand_over_id = $1 ORDER BY 1',
    [row.hand_over_id],
  );
  const byId = new Map(known.map((each) => [each.provider_id, each]));
  const rowOf = (id: number): KnownRow => {
    const found = byId.get(id);
    if (!found) throw new Error(`no provider has the id ${id}`);
    return found;
  };
  return sidesOf(
    known,
    from.map((each) => rowOf(each.from_provider)),
    rowOf(row.to_provider),
  );
}

function sidesOf(known: KnownRow[], from: KnownRow[], to: KnownRow): Sides {
  const { accesses, circuitPattern } = to.profile;
  const before = known.filter((each) => each.profile.successor === to.code);
  return {
    from: from.map(({ provider_id, code }) => ({ providerId: provider_id, code })),
    to: { providerId: to.provider_id, code: to.code, accesses, circuitPattern },
    namespaces: [...new Set([to, ...from, ...before].map((each) => each.code))],
  };
}

/** How far a hand-over is, in lines. changed = open + acknowledged + limit + ended + notHeld, but for lines that came from two providers. */
export interface HandOverProgress {
  /** Lines whose registrations name the new provider. */
  changed: number;
  /** Moves that wait for the new provider; the old one keeps these lines. */
  open: number;
  /** The new provider has acknowledged, the removal at the old one is in its log. */
  acknowledged: number;
  /** The limit ended it; how the lines stood, by words. */
  limit: number;
  limitReasons: Record<string, number>;
  /** Nothing was due at the new provider any more. */
  ended: number;
  /** The old provider did not have the line. */
  notHeld: number;
  /** Lines left where they are. */
  exceptions: Partial<Record<Misfit, number>>;
}

export interface HandOverShown {
  handOverId: number;
  from: ProviderCode[];
  to: ProviderCode;
  limitHours: number;
  state: HandOverState;
  reason: string;
  plan: HandOverPlan;
  /** Lower-case hex; an approval names it. */
  planHash: string;
  proposedBy: string;
  proposedAt: Date;
  approvedBy: string | null;
  approvedAt: Date | null;
  startedAt: Date | null;
  endedAt: Date | null;
  progress: HandOverProgress;
}

const PROGRESS = `
SELECT state, end_reason, end_detail, count(*) AS n FROM move WHERE hand_over_id = $1 GROUP BY state, end_reason, end_detail`;
const STAYING = 'SELECT reason, count(*) AS n FROM hand_over_exception WHERE hand_over_id = $1 GROUP BY reason';

export async function showHandOver(source: DataSource, id: number): Promise<HandOverShown> {
  return shown(source, await findHandOver(source, id));
}

/** Newest first. */
export async function listHandOvers(source: DataSource, limit: number): Promise<HandOverShown[]> {
  const rows = await query<HandOverRow>(source, `${HAND_OVERS} ORDER BY h.hand_over_id DESC LIMIT $1`, [limit]);
  return Promise.all(rows.map((row) => shown(source, row)));
}

async function shown(source: DataSource, row: HandOverRow): Promise<HandOverShown> {
  const sides = await sidesOfHandOver(source, row);
  return {
    handOverId: row.hand_over_id,
    from: sides.from.map((each) => each.code),
    to: sides.to.code,
    limitHours: row.limit_s / 3600,
    state: row.state,
    reason: row.reason,
    plan: row.plan,
    planHash: row.plan_hash.toString('hex'),
    proposedBy: row.proposer,
    proposedAt: row.proposed_at,
    approvedBy: row.approver,
    approvedAt: row.approved_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    progress: await progressOf(source, row),
  };
}

async function progressOf(source: DataSource, row: HandOverRow): Promise<HandOverProgress> {
  const progress: HandOverProgress = {
    changed: row.lines_done,
    open: 0,
    acknowledged: 0,
    limit: 0,
    limitReasons: {},
    ended: 0,
    notHeld: 0,
    exceptions: {},
  };
  type Ended = 'acknowledged' | 'limit' | 'ended' | 'notHeld';
  const counts = await query<{ end_reason: Ended | null; end_detail: string | null; n: number }>(source, PROGRESS, [
    row.hand_over_id,
  ]);
  for (const { end_reason: reason, end_detail: detail, n } of counts) {
    progress[reason ?? 'open'] += n;
    if (detail !== null) progress.limitReasons[detail] = (progress.limitReasons[detail] ?? 0) + n;
  }
  for (const { reason, n } of await query<{ reason: Misfit; n: number }>(source, STAYING, [row.hand_over_id]))
    progress.exceptions[reason] = n;
  return progress;
}

/** A line that a hand-over left where it is. */
export interface HandOverException {
  lineId: number;
  provider: ProviderCode;
  reason: Misfit;
  detail: string;
  detailTh: string;
}

/** In the order of line ids, those after `afterLine`. */
export async function listHandOverExceptions(
  source: DataSource,
  id: number,
  afterLine: number,
  limit: number,
): Promise<HandOverException[]> {
  await findHandOver(source, id);
  const rows = await query<{ line_id: number; code: string; reason: Misfit }>(
    source,
    `SELECT x.line_id, p.code, x.reason FROM hand_over_exception x JOIN provider p ON p.provider_id = x.from_provider
     WHERE x.hand_over_id = $1 AND x.line_id > $2 ORDER BY x.line_id LIMIT $3`,
    [id, afterLine, limit],
  );
  return rows.map(({ line_id: lineId, code, reason }) => ({
    lineId,
    provider: code,
    reason,
    detail: MISFITS[reason].en,
    detailTh: MISFITS[reason].th,
  }));
}
