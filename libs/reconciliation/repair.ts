// Repair plans: what drift would be put right through the log, shown first, approved by a second person, then appended.
import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { Problem, type Appender, type Tx } from '#contracts';
import { faultPoint, inTransaction, query } from '#platform';
import { SEEN_ENOUGH } from './judge-drift.js';

/** Entries in one transaction: single registrations beside it stay quick. */
const CHUNK = 2000;

export interface RepairPlan {
  planId: number;
  provider: string;
  sha256: string;
  additions: number;
  removals: number;
  state: 'proposed' | 'applying' | 'applied' | 'stale' | 'withdrawn';
  reason: string;
  createdBy: string;
  createdAt: Date;
  approvedBy: string | null;
  approvedAt: Date | null;
  appended: number;
  superseded: number;
}

// Drift seen often enough, of entries that have not changed since. What is none of our entries cannot be put right by
// the log: somebody must ask the provider.
const REPAIRABLE = `
SELECT e.entry_ref AS "entryRef", e.last_seq AS seq, CASE WHEN e.present THEN 'add' ELSE 'remove' END AS act
FROM drift d JOIN entry e ON e.provider_id = d.provider_id AND e.last_seq = d.seq
  AND e.entry_ref = CASE WHEN d.kind <> 'unknown' THEN d.ref::uuid END
WHERE d.provider_id = $1 AND d.seen >= ${SEEN_ENOUGH} ORDER BY e.entry_ref`;

interface Item {
  entryRef: string;
  seq: number;
  act: 'add' | 'remove';
}

function hashOf(items: readonly Item[]): Buffer {
  const hash = createHash('sha256');
  for (const { entryRef, seq, act } of items) hash.update(`${act} ${entryRef} ${seq}\n`);
  return hash.digest();
}

/** Freezes what would be done now. Throws Problem 409 when there is nothing, or another plan is open. */
export async function proposeRepair(
  source: DataSource,
  providerId: number,
  who: { actorId: number; reason: string },
): Promise<number> {
  return inTransaction(source, async (tx) => {
    await tx.query('SELECT 1 FROM provider WHERE provider_id = $1 FOR UPDATE', [providerId]);
    const [open] = await tx.query<{ plan_id: number }>(
      `SELECT plan_id FROM repair_plan WHERE provider_id = $1 AND state IN ('proposed', 'applying')`,
      [providerId],
    );
    if (open) {
      throw new Problem(409, 'plan-open', 'A plan is open', `Approve or withdraw plan ${open.plan_id} first.`);
    }
    const items = await tx.query<Item>(REPAIRABLE, [providerId]);
    if (items.length === 0) {
      throw new Problem(
        409,
        'nothing-to-repair',
        'There is nothing to repair',
        `Only differences that were seen ${SEEN_ENOUGH} times with nothing under way for their line are repaired; reconcile once more.`,
      );
    }
    const removals = items.filter((item) => item.act === 'remove').length;
    const [made] = await tx.query<{ plan_id: number }>(
      `INSERT INTO repair_plan (provider_id, sha256, additions, removals, state, reason, actor_id)
       VALUES ($1, $2, $3, $4, 'proposed', $5, $6) RETURNING plan_id`,
      [providerId, hashOf(items), items.length - removals, removals, who.reason, who.actorId],
    );
    const planId = made?.plan_id ?? 0;
    await tx.query(
      'INSERT INTO repair_item (plan_id, entry_ref, seq, act) SELECT $1, * FROM unnest($2::uuid[], $3::bigint[], $4::text[])',
      [planId, items.map((one) => one.entryRef), items.map((one) => one.seq), items.map((one) => one.act)],
    );
    await audit(tx, who.actorId, 'repair.propose', planId, who.reason, {
      additions: items.length - removals,
      removals,
    });
    return planId;
  });
}

/**
 * Approves a plan that its reader names by hash. What it was made from must not have changed, else it becomes stale and
 * nothing is done. Throws Problem 404, 403 (own plan), 409.
 */
export async function approveRepair(
  source: DataSource,
  planId: number,
  sha256: string,
  who: { actorId: number; reason: string },
): Promise<void> {
  const fate = await inTransaction(source, async (tx) => {
    const plan = await lockPlan(tx, planId);
    if (plan.actor_id === who.actorId) {
      throw new Problem(403, 'own-plan', 'Your own plan', 'A plan is approved by somebody other than who proposed it.');
    }
    if (plan.state !== 'proposed') throw notOpen(planId, plan.state);
    if (plan.sha256.toString('hex') !== sha256.toLowerCase()) {
      throw new Problem(
        409,
        'another-plan',
        'Not this plan',
        'The hash is not that of this plan; read the plan again.',
      );
    }
    const now = await tx.query<Item>(REPAIRABLE, [plan.provider_id]);
    if (!hashOf(now).equals(plan.sha256)) {
      await tx.query(`UPDATE repair_plan SET state = 'stale', ended_at = now() WHERE plan_id = $1`, [planId]);
      return 'stale';
    }
    await tx.query(
      `UPDATE repair_plan SET state = 'applying', approved_by = $2, approved_at = now(), approval_reason = $3 WHERE plan_id = $1`,
      [planId, who.actorId, who.reason],
    );
    await audit(tx, who.actorId, 'repair.approve', planId, who.reason, { sha256 });
    return 'applying';
  });
  if (fate === 'stale') {
    throw new Problem(
      409,
      'plan-stale',
      'The plan is stale',
      'What it was made from has changed since; nothing was done. Reconcile and propose anew.',
    );
  }
}

/** Takes a plan back before it is approved. Throws Problem 404 or 409. */
export async function withdrawRepair(
  source: DataSource,
  planId: number,
  who: { actorId: number; reason: string },
): Promise<void> {
  await inTransaction(source, async (tx) => {
    const plan = await lockPlan(tx, planId);
    if (plan.state !== 'proposed') throw notOpen(planId, plan.state);
    await tx.query(`UPDATE repair_plan SET state = 'withdrawn', ended_at = now() WHERE plan_id = $1`, [planId]);
    await audit(tx, who.actorId, 'repair.withdraw', planId, who.reason, {});
  });
}

/**
 * Appends what approved plans of a provider still have to append; called by the sweep, so that a crash only delays it.
 * Returns how many changes were appended.
 */
export async function applyRepairs(source: DataSource, appender: Appender, providerId: number): Promise<number> {
  let appended = 0;
  const plans = await query<{ plan_id: number; actor_id: number }>(
    source,
    `SELECT plan_id, actor_id FROM repair_plan WHERE provider_id = $1 AND state = 'applying'`,
    [providerId],
  );
  for (const plan of plans) {
    for (;;) {
      const done = await inTransaction(source, (tx) => applyChunk(tx, appender, providerId, plan));
      if (done === null) break;
      appended += done;
      await faultPoint('reconcile.planChunk');
    }
  }
  return appended;
}

async function applyChunk(
  tx: Tx,
  appender: Appender,
  providerId: number,
  plan: { plan_id: number; actor_id: number },
): Promise<number | null> {
  await tx.query('SELECT 1 FROM repair_plan WHERE plan_id = $1 FOR UPDATE', [plan.plan_id]);
  const items = await tx.query<{ entry_ref: string; seq: number }>(
    `SELECT entry_ref, seq FROM repair_item WHERE plan_id = $1 AND done IS NULL ORDER BY entry_ref LIMIT ${CHUNK}`,
    [plan.plan_id],
  );
  if (items.length === 0) {
    await tx.query(
      `UPDATE repair_plan SET state = 'applied', ended_at = now() WHERE plan_id = $1 AND state = 'applying'`,
      [plan.plan_id],
    );
    return null;
  }
  const result = await appender.appendCurrent(
    tx,
    providerId,
    items.map((item) => ({ entryRef: item.entry_ref, onlyIfSeq: item.seq })),
    { cause: 'repaired', actorId: plan.actor_id },
  );
  await tx.query(
    `UPDATE repair_item SET done = CASE WHEN entry_ref = ANY($2::uuid[]) THEN 'appended'
       WHEN entry_ref = ANY($4::uuid[]) THEN 'held' ELSE 'superseded' END
     WHERE plan_id = $1 AND entry_ref = ANY($3::uuid[])`,
    [plan.plan_id, result.appended, items.map((item) => item.entry_ref), result.held],
  );
  await tx.query('UPDATE repair_plan SET appended = appended + $2, superseded = superseded + $3 WHERE plan_id = $1', [
    plan.plan_id,
    result.appended.length,
    result.superseded.length,
  ]);
  return result.appended.length;
}

interface PlanRow {
  provider_id: number;
  sha256: Buffer;
  state: RepairPlan['state'];
  actor_id: number;
}

async function lockPlan(tx: Tx, planId: number): Promise<PlanRow> {
  const [plan] = await tx.query<PlanRow>(
    'SELECT provider_id, sha256, state, actor_id FROM repair_plan WHERE plan_id = $1 FOR UPDATE',
    [planId],
  );
  if (!plan) throw new Problem(404, 'unknown-plan', 'Unknown plan', 'No repair plan has this number.');
  return plan;
}

function notOpen(planId: number, state: string): Problem {
  return new Problem(409, 'plan-not-open', 'The plan is not open', `Plan ${planId} is ${state}.`);
}

function audit(tx: Tx, actorId: number, act: string, planId: number, reason: string, detail: object): Promise<unknown> {
  return tx.query('INSERT INTO audit (actor_id, act, subject, reason, detail) VALUES ($1, $2, $3, $4, $5)', [
    actorId,
    act,
    `repair-plan:${planId}`,
    reason,
    JSON.stringify(detail),
  ]);
}
