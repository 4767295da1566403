// What people do with hand-overs: propose, approve, start, pause, resume, stop. Each is one guarded, recorded step.
import type { DataSource } from 'typeorm';
import { Problem, type ProviderCode, type Tx } from '#contracts';
import { inTransaction, query } from '#platform';
import {
  findHandOver,
  HAND_OVER_MOVES,
  showHandOver,
  sidesByCode,
  sidesOfHandOver,
  type HandOverRow,
  type HandOverShown,
  type HandOverState,
} from './hand-over-rows.js';
import { isStillThePlan, planHandOver, planHash, type HandOverPlan, type Sides } from './plan.js';

export interface HandOverProposal {
  from: ProviderCode[];
  to: ProviderCode;
  /** So long the old provider keeps a line that the new one has not acknowledged. */
  limitS: number;
  reason: string;
  actorId: number;
}

const AUDIT = 'INSERT INTO audit (actor_id, act, subject, reason, detail) VALUES ($1, $2, $3, $4, $5)';

async function audit(
  tx: Tx,
  actorId: number,
  act: string,
  id: number,
  reason: string | null,
  detail: object,
): Promise<void> {
  await tx.query(AUDIT, [actorId, `handOver.${act}`, `hand-over:${id}`, reason, JSON.stringify(detail)]);
}

/** Counts what would be moved and keeps it as a proposal; moves nothing. @throws Problem 422, 409 */
export async function proposeHandOver(source: DataSource, proposal: HandOverProposal): Promise<HandOverShown> {
  const { from, to, limitS, reason, actorId } = proposal;
  const sides = await sidesByCode(source, from, to);
  await refuseImpossible(source, sides);
  const plan = await planHandOver(source, sides);
  const hash = planHash(sides, limitS, plan);
  const id = await inTransaction(source, async (tx) => {
    const [made] = await tx.query<{ hand_over_id: number }>(
      `INSERT INTO hand_over (to_provider, limit_s, state, reason, plan, plan_hash, proposed_by)
       VALUES ($1, $2, 'proposed', $3, $4, $5, $6) RETURNING hand_over_id`,
      [sides.to.providerId, limitS, reason, JSON.stringify(plan), hash, actorId],
    );
    const handOverId = made!.hand_over_id;
    await tx.query('INSERT INTO hand_over_from SELECT $1, unnest($2::smallint[])', [
      handOverId,
      sides.from.map((each) => each.providerId),
    ]);
    await audit(tx, actorId, 'propose', handOverId, reason, { from, to, lines: plan.lines, stays: plan.stays });
    return handOverId;
  });
  return showHandOver(source, id);
}

async function refuseImpossible(source: DataSource, { from, to }: Sides): Promise<void> {
  const say = (detail: string, detailTh: string) =>
    new Problem(422, 'invalid-hand-over', 'The hand-over cannot be made', detail, { detailTh });
  const ids = from.map((each) => each.providerId);
  if (new Set(ids).size < ids.length || ids.includes(to.providerId))
    throw say(
      'Name each provider once; the new one is none of the old.',
      'ระบุผู้ให้บริการแต่ละรายเพียงครั้งเดียว และรายใหม่ต้องไม่ซ้ำกับรายเดิม',
    );
  const succeeded = await query<{ code: string; successor: string }>(
    source,
    `SELECT code, profile ->> 'successor' AS successor FROM provider
     WHERE provider_id = ANY($1::smallint[]) AND profile ->> 'successor' IS NOT NULL`,
    [[...ids, to.providerId]],
  );
  const [first] = succeeded;
  if (first)
    throw say(
      `${first.code} was handed over to ${first.successor} already.`,
      `${first.code} ถูกโอนไปยัง ${first.successor} แล้ว`,
    );
  const [other] = await query<{ hand_over_id: number }>(
    source,
    `SELECT h.hand_over_id FROM hand_over h JOIN hand_over_from f USING (hand_over_id)
     WHERE h.state IN ('approved', 'running', 'paused') AND (f.from_provider = ANY($1::smallint[]) OR h.to_provider = ANY($1::smallint[])) LIMIT 1`,
    [[...ids, to.providerId].filter((id) => id !== to.providerId)],
  );
  if (!other) return;
  throw new Problem(
    409,
    'hand-over-running',
    'Another hand-over has these providers',
    `Hand-over ${other.hand_over_id} is not over; stop it first or wait for its end.`,
    { detailTh: `การโอนย้าย #${other.hand_over_id} ยังไม่สิ้นสุด` },
  );
}

/** Moves the state if it allows it now; `set` is further SQL with parameters from $3. */
async function turn(tx: Tx, row: HandOverRow, to: HandOverState, set = '', params: unknown[] = []): Promise<void> {
  const from = (Object.keys(HAND_OVER_MOVES) as HandOverState[]).filter((state) => HAND_OVER_MOVES[state].includes(to));
  const moved = await tx.query(
    `UPDATE hand_over SET state = $2${set} WHERE hand_over_id = $1 AND state = ANY('{${from.join(',')}}') RETURNING 1`,
    [row.hand_over_id, to, ...params],
  );
  if (moved.length === 1) return;
  throw new Problem(
    409,
    'hand-over-state',
    'The hand-over is not in a state for this',
    `It is ${row.state}; this needs one of: ${from.join(', ')}.`,
    { detailTh: `สถานะปัจจุบันคือ ${row.state} จึงดำเนินการนี้ไม่ได้` },
  );
}

function planChanged(hash: Buffer, was: HandOverPlan, now: HandOverPlan): Problem {
  return new Problem(
    409,
    'plan-changed',
    'The plan has changed',
    `It was ${was.lines} lines to move and ${was.stays} to stay; now it is ${now.lines} and ${now.stays}. ` +
      `Look at it again: its hash is ${hash.toString('hex')}.`,
    { detailTh: `แผนเปลี่ยนไปแล้ว: เดิมย้าย ${was.lines} หมายเลข ปัจจุบัน ${now.lines} หมายเลข กรุณาตรวจสอบใหม่` },
  );
}

/** Keeps the new counts as the proposal, so that they can be looked at; an approval of the old ones falls. */
async function repropose(
  source: DataSource,
  row: HandOverRow,
  hash: Buffer,
  plan: HandOverPlan,
  actorId: number,
): Promise<void> {
  await inTransaction(source, async (tx) => {
    const renewed = await tx.query(
      `UPDATE hand_over SET state = 'proposed', plan = $2, plan_hash = $3, approved_by = NULL, approved_at = NULL, approved_hash = NULL
       WHERE hand_over_id = $1 AND state IN ('proposed', 'approved') RETURNING 1`,
      [row.hand_over_id, JSON.stringify(plan), hash],
    );
    if (renewed.length > 0)
      await audit(tx, actorId, 'planChanged', row.hand_over_id, null, { lines: plan.lines, stays: plan.stays });
  });
}

/**
 * A second person releases exactly the plan with this hash, counted anew.
 * @throws Problem 403 for the one who proposed it, 409 when the plan is another by now
 */
export async function approveHandOver(
  source: DataSource,
  id: number,
  approval: { planHash: string; reason: string; actorId: number },
): Promise<HandOverShown> {
  const row = await findHandOver(source, id);
  if (row.proposed_by === approval.actorId) {
    throw new Problem(403, 'four-eyes', 'Another person must approve', 'Who proposed it cannot approve it.', {
      detailTh: 'ผู้เสนอไม่สามารถอนุมัติเองได้',
    });
  }
  const sides = await sidesOfHandOver(source, row);
  const plan = await planHandOver(source, sides);
  const hash = planHash(sides, row.limit_s, plan);
  if (hash.toString('hex') !== approval.planHash.toLowerCase()) {
    if (row.state === 'proposed' && !hash.equals(row.plan_hash))
      await repropose(source, row, hash, plan, approval.actorId);
    throw planChanged(hash, row.plan, plan);
  }
  await inTransaction(source, async (tx) => {
    await turn(
      tx,
      row,
      'approved',
      ', approved_by = $3, approved_at = now(), approved_hash = $4, plan_hash = $4, plan = $5',
      [approval.actorId, hash, JSON.stringify(plan)],
    );
    await audit(tx, approval.actorId, 'approve', id, approval.reason, { planHash: approval.planHash });
  });
  return showHandOver(source, id);
}

export interface HandOverAct {
  actorId: number;
  reason: string;
}

/** @throws Problem 409 when much more would be moved than was approved: then it is a proposal again */
export async function startHandOver(source: DataSource, id: number, act: HandOverAct): Promise<HandOverShown> {
  const row = await findHandOver(source, id);
  if (row.state === 'approved') {
    const sides = await sidesOfHandOver(source, row);
    await refuseImpossibleNow(source, row, sides);
    const plan = await planHandOver(source, sides);
    if (!isStillThePlan(row.plan, plan)) {
      const hash = planHash(sides, row.limit_s, plan);
      await repropose(source, row, hash, plan, act.actorId);
      throw planChanged(hash, row.plan, plan);
    }
  } else if (row.state === 'paused') {
    return resumeHandOver(source, id, act);
  }
  return doAct(source, row, 'running', 'start', act, ', started_at = now(), moved_on_at = now()');
}

async function refuseImpossibleNow(source: DataSource, row: HandOverRow, sides: Sides): Promise<void> {
  const [other] = await query<{ hand_over_id: number }>(
    source,
    `SELECT h.hand_over_id FROM hand_over h JOIN hand_over_from f USING (hand_over_id)
     WHERE h.state IN ('running', 'paused') AND h.hand_over_id <> $1
       AND (f.from_provider = ANY($2::smallint[]) OR h.to_provider = ANY($2::smallint[]) OR f.from_provider = $3) LIMIT 1`,
    [row.hand_over_id, sides.from.map((each) => each.providerId), sides.to.providerId],
  );
  if (!other) return;
  throw new Problem(
    409,
    'hand-over-running',
    'Another hand-over has these providers',
    `Hand-over ${other.hand_over_id} is running; wait for its end.`,
    { detailTh: `การโอนย้าย #${other.hand_over_id} กำลังดำเนินการอยู่` },
  );
}

/** No further lines are moved; those on their way go on. */
export async function pauseHandOver(source: DataSource, id: number, act: HandOverAct): Promise<HandOverShown> {
  return doAct(source, await findHandOver(source, id), 'paused', 'pause', act);
}

export async function resumeHandOver(source: DataSource, id: number, act: HandOverAct): Promise<HandOverShown> {
  const row = await findHandOver(source, id);
  if (row.state !== 'paused') {
    throw new Problem(409, 'hand-over-state', 'The hand-over is not paused', `It is ${row.state}.`, {
      detailTh: `สถานะปัจจุบันคือ ${row.state}`,
    });
  }
  return doAct(source, row, 'running', 'resume', act, ', moved_on_at = now()');
}

/** For good: what was moved stays with the new provider, lines not yet moved stay with the old one. */
export async function stopHandOver(source: DataSource, id: number, act: HandOverAct): Promise<HandOverShown> {
  return doAct(source, await findHandOver(source, id), 'stopped', 'stop', act, ', ended_at = now()');
}

async function doAct(
  source: DataSource,
  row: HandOverRow,
  to: HandOverState,
  name: string,
  act: HandOverAct,
  set = '',
): Promise<HandOverShown> {
  await inTransaction(source, async (tx) => {
    await turn(tx, row, to, set);
    await audit(tx, act.actorId, name, row.hand_over_id, act.reason, {});
  });
  return showHandOver(source, row.hand_over_id);
}
