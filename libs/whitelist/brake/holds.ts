// Removals that the brake holds: shown by cause with the hash of exactly these, then approved by a second person, or kept.
import type { DataSource } from 'typeorm';
import { Problem, type Cause, type Tx } from '#contracts';
import { inTransaction, query } from '#platform';
import { lockBudgets } from './pass-brake.js';

export type HoldState = 'open' | 'kept' | 'releasing' | 'released' | 'ended';

export interface HeldPlan {
  plan: number;
  provider: string;
  cause: Cause;
  causedBy: string;
  /** The import that caused it. */
  importRun: number | null;
  state: HoldState;
  /** Removals that are held now. */
  lines: number;
  /** SHA-256 of exactly these removals, which an approval must name; null when none is left. */
  planHash: string | null;
  since: Date;
  decidedBy: string | null;
  decidedAt: Date | null;
  reason: string | null;
  /** Removals appended since it was approved. */
  released: number;
  endedAt: Date | null;
}

// Order by the log: the same removals have the same hash, whoever asks.
const HASHED = `
SELECT count(*) AS lines, sha256(convert_to('removals ' || $2::int || E'\\n', 'UTF8')
  || coalesce(string_agg(uuid_send(x.entry_ref) || int8send(x.seq), ''::bytea ORDER BY x.seq), ''::bytea)) AS hash
FROM exception x WHERE x.provider_id = $1 AND x.hold_id = $2::int AND x.ended_at IS NULL`;

const LIST = `
SELECT h.hold_id AS plan, p.code AS provider, h.provider_id AS "providerId", h.cause, a.name AS "causedBy", h.run_id AS "importRun",
  h.state, h.opened_at AS since, d.name AS "decidedBy", h.decided_at AS "decidedAt", h.reason, h.released, h.ended_at AS "endedAt"
FROM removal_hold h JOIN provider p USING (provider_id) JOIN actor a ON a.actor_id = h.actor_id LEFT JOIN actor d ON d.actor_id = h.decided_by
WHERE ($1::smallint IS NULL OR h.provider_id = $1) AND ($2::int IS NULL OR h.hold_id = $2) AND ($3 = 'all' OR h.ended_at IS NULL)
  AND ($4::int IS NULL OR h.hold_id < $4)
ORDER BY h.hold_id DESC LIMIT $5`;

export interface HoldFilter {
  providerId?: number;
  plan?: number;
  state: 'open' | 'all';
  /** Only plans with a lower number: the cursor. */
  before?: number;
  limit: number;
}

/** Newest first. Hashing half a second a million lines. */
export async function listHeld(source: DataSource, filter: HoldFilter): Promise<HeldPlan[]> {
  const rows = await query<Omit<HeldPlan, 'lines' | 'planHash'> & { providerId: number }>(source, LIST, [
    filter.providerId ?? null,
    filter.plan ?? null,
    filter.state,
    filter.before ?? null,
    filter.limit,
  ]);
  const plans: HeldPlan[] = [];
  for (const { providerId, ...row } of rows) {
    const [held] = await query<{ lines: number; hash: Buffer }>(source, HASHED, [providerId, row.plan]);
    const lines = held?.lines ?? 0;
    plans.push({ ...row, lines, planHash: held && lines > 0 ? held.hash.toString('hex') : null });
  }
  return plans;
}

export interface Decision {
  plan: number;
  planHash: string;
  reason: string;
  actorId: number;
}

/**
 * A second person lets exactly the removals with this hash go; the worker's sweep appends them. Throws Problem 404; 403
 * for whoever caused them; 409 when they are others by now, or it was decided before.
 */
export async function approveHeld(source: DataSource, decision: Decision): Promise<void> {
  await decide(source, decision, 'releasing');
}

/**
 * The lines stay at the provider: they go on being held, without an alert, until their registration comes back, is over,
 * or somebody approves their removal after all. Throws as approveHeld.
 */
export async function keepHeld(source: DataSource, decision: Decision): Promise<void> {
  await decide(source, decision, 'kept');
}

async function decide(source: DataSource, decision: Decision, to: 'releasing' | 'kept'): Promise<void> {
  await inTransaction(source, async (tx) => {
    const [found] = await tx.query<{ provider_id: number }>('SELECT provider_id FROM removal_hold WHERE hold_id = $1', [
      decision.plan,
    ]);
    if (!found) throw new Problem(404, 'unknown-plan', 'Unknown plan', 'No held removals have this number.');
    // Whoever adds to a hold has this lock: until the end of this transaction the plan stays as it is hashed here.
    await lockBudgets(tx, [found.provider_id]);
    const [hold] = await tx.query<{ state: HoldState; actor_id: number }>(
      'SELECT state, actor_id FROM removal_hold WHERE hold_id = $1 FOR UPDATE',
      [decision.plan],
    );
    const may = hold?.state === 'open' || (hold?.state === 'kept' && to === 'releasing');
    if (!hold || !may) {
      throw new Problem(409, 'plan-not-open', 'The plan is not open', `Plan ${decision.plan} is ${hold?.state}.`);
    }
    if (hold.actor_id === decision.actorId) {
      throw new Problem(
        403,
        'own-plan',
        'Your own removals',
        'What is held is decided by somebody other than who caused it.',
        { detailTh: 'ผู้ที่ทำให้เกิดรายการนำออกนี้อนุมัติเองไม่ได้ ต้องให้ผู้อื่นเป็นผู้อนุมัติ' },
      );
    }
    const [now] = await tx.query<{ lines: number; hash: Buffer }>(HASHED, [found.provider_id, decision.plan]);
    if (!now || now.hash.toString('hex') !== decision.planHash.toLowerCase()) {
      throw new Problem(
        409,
        'plan-changed',
        'The plan has changed',
        `Plan ${decision.plan} holds ${now?.lines ?? 0} removals by now, and not those that the hash names. Read it again.`,
        { detailTh: `แผนเปลี่ยนไปแล้ว ขณะนี้มี ${now?.lines ?? 0} รายการ กรุณาตรวจสอบใหม่ก่อนอนุมัติ` },
      );
    }
    await tx.query(
      `UPDATE removal_hold SET state = $2, decided_by = $3, decided_at = now(), reason = $4, sha256 = $5, lines = $6 WHERE hold_id = $1`,
      [decision.plan, to, decision.actorId, decision.reason, now.hash, now.lines],
    );
    await audit(tx, to === 'kept' ? 'removals.keep' : 'removals.approve', `held-removals:${decision.plan}`, decision, {
      planHash: decision.planHash.toLowerCase(),
      lines: now.lines,
    });
  });
}

/** Records an act on removals. */
export async function audit(
  tx: Tx,
  act: string,
  subject: string,
  { actorId, reason }: { actorId: number; reason: string },
  detail: object,
): Promise<void> {
  await tx.query('INSERT INTO audit (actor_id, act, subject, reason, detail) VALUES ($1, $2, $3, $4, $5)', [
    actorId,
    act,
    subject,
    reason,
    JSON.stringify(detail),
  ]);
}
