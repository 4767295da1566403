// Planned mass removals: proposed with their count by one, approved by another, drawn on until they are used or over.
import type { DataSource } from 'typeorm';
import { Problem } from '#contracts';
import { inTransaction, query } from '#platform';
import { audit } from './holds.js';
import { lockBudgets } from './pass-brake.js';

export interface PlannedRemoval {
  plannedId: number;
  provider: string;
  lines: number;
  used: number;
  validUntil: Date;
  reason: string;
  /** `over`: its time has come, or all of it is used. */
  state: 'proposed' | 'approved' | 'withdrawn' | 'over';
  proposedBy: string;
  proposedAt: Date;
  approvedBy: string | null;
  approvedAt: Date | null;
  approvalReason: string | null;
}

/** Days that a plan may be valid for at most: what is further away is another plan. */
export const MOST_DAYS = 90;

/** Throws Problem 422 for a time that is over or too far away. */
export async function proposePlanned(
  source: DataSource,
  proposal: { providerId: number; lines: number; validUntil: Date; reason: string; actorId: number },
  now = new Date(),
): Promise<number> {
  const { providerId, lines, validUntil, reason, actorId } = proposal;
  if (validUntil <= now || validUntil.getTime() > now.getTime() + MOST_DAYS * 86_400_000) {
    throw new Problem(
      422,
      'invalid-plan',
      'The plan cannot be taken',
      `validUntil must lie ahead, and within ${MOST_DAYS} days.`,
      { detailTh: `validUntil ต้องเป็นเวลาในอนาคต และไม่เกิน ${MOST_DAYS} วัน` },
    );
  }
  return inTransaction(source, async (tx) => {
    const [made] = await tx.query<{ planned_id: number }>(
      `INSERT INTO planned_removal (provider_id, lines, valid_until, reason, state, proposed_by)
       VALUES ($1, $2, $3, $4, 'proposed', $5) RETURNING planned_id`,
      [providerId, lines, validUntil.toISOString(), reason, actorId],
    );
    const plannedId = made?.planned_id ?? 0;
    await audit(tx, 'removals.plan', `planned-removal:${plannedId}`, { actorId, reason }, { providerId, lines });
    return plannedId;
  });
}

interface Who {
  actorId: number;
  reason: string;
}

/** From now on it is drawn on. Throws Problem 404; 403 for who proposed it; 409 when it is not proposed, or over. */
export async function approvePlanned(source: DataSource, plannedId: number, who: Who): Promise<void> {
  await turn(source, plannedId, 'approved', who);
}

/** Nothing is drawn on it any more; what was removed on it stays so. Throws Problem 404 or 409. */
export async function withdrawPlanned(source: DataSource, plannedId: number, who: Who): Promise<void> {
  await turn(source, plannedId, 'withdrawn', who);
}

async function turn(source: DataSource, plannedId: number, to: 'approved' | 'withdrawn', who: Who): Promise<void> {
  await inTransaction(source, async (tx) => {
    const [found] = await tx.query<{ provider_id: number }>(
      'SELECT provider_id FROM planned_removal WHERE planned_id = $1',
      [plannedId],
    );
    if (!found) throw new Problem(404, 'unknown-plan', 'Unknown plan', 'No planned removal has this number.');
    // Whoever draws on it has this lock.
    await lockBudgets(tx, [found.provider_id]);
    const [plan] = await tx.query<{ state: string; proposed_by: number; over: boolean }>(
      'SELECT state, proposed_by, valid_until <= now() AS over FROM planned_removal WHERE planned_id = $1 FOR UPDATE',
      [plannedId],
    );
    const may = plan && !plan.over && (plan.state === 'proposed' || (to === 'withdrawn' && plan.state === 'approved'));
    if (!may) {
      const state = plan?.over ? 'over' : plan?.state;
      throw new Problem(409, 'plan-not-open', 'The plan is not open', `Planned removal ${plannedId} is ${state}.`);
    }
    if (to === 'approved' && plan.proposed_by === who.actorId) {
      throw new Problem(
        403,
        'own-plan',
        'Your own plan',
        'A plan is approved by somebody other than who proposed it.',
        {
          detailTh: 'ผู้เสนอแผนอนุมัติเองไม่ได้ ต้องให้ผู้อื่นเป็นผู้อนุมัติ',
        },
      );
    }
    await tx.query(
      to === 'approved'
        ? `UPDATE planned_removal SET state = 'approved', approved_by = $2, approved_at = now(), approval_reason = $3 WHERE planned_id = $1`
        : `UPDATE planned_removal SET state = 'withdrawn', ended_at = now() WHERE planned_id = $1`,
      to === 'approved' ? [plannedId, who.actorId, who.reason] : [plannedId],
    );
    await audit(tx, `removals.plan.${to}`, `planned-removal:${plannedId}`, who, {});
  });
}

const LIST = `
SELECT r.planned_id AS "plannedId", p.code AS provider, r.lines, r.used, r.valid_until AS "validUntil", r.reason,
  CASE WHEN r.state <> 'withdrawn' AND (r.valid_until <= now() OR r.used = r.lines) THEN 'over' ELSE r.state END AS state,
  b.name AS "proposedBy", r.proposed_at AS "proposedAt", a.name AS "approvedBy", r.approved_at AS "approvedAt",
  r.approval_reason AS "approvalReason"
FROM planned_removal r JOIN provider p USING (provider_id) JOIN actor b ON b.actor_id = r.proposed_by
LEFT JOIN actor a ON a.actor_id = r.approved_by
WHERE ($1::smallint IS NULL OR r.provider_id = $1) AND ($2::int IS NULL OR r.planned_id = $2) AND ($3::int IS NULL OR r.planned_id < $3)
ORDER BY r.planned_id DESC LIMIT $4`;

/** Newest first. */
export function listPlanned(
  source: DataSource,
  filter: { providerId?: number; plannedId?: number; before?: number; limit: number },
): Promise<PlannedRemoval[]> {
  return query<PlannedRemoval>(source, LIST, [
    filter.providerId ?? null,
    filter.plannedId ?? null,
    filter.before ?? null,
    filter.limit,
  ]);
}
