// Re-route tasks as ONDE works on them: looked at, resolved by a new confirmation that names the new provider, or given up.
import type { DataSource } from 'typeorm';
import { Problem, type ProviderCode, type ResultCode, type Tx } from '#contracts';
import { inTransaction, query } from '#platform';
import { endRegistrations } from '../end-registrations.js';
import type { IntakeParts } from '../register.js';
import type { Confirmation } from '../registration-row.js';
import { changeProvider } from './change-provider.js';
import { misfitOf, MISFITS } from './fit.js';

/** How a task ended. By ONDE: resolved, givenUp. By itself: notDesired, applied, or rejected otherwise since. */
export type RerouteEnd = 'resolved' | 'givenUp' | 'notDesired' | 'applied' | 'otherwise';

export interface Reroute {
  rerouteId: number;
  provider: ProviderCode;
  entryRef: string;
  lineId: number;
  lineKey: string;
  seq: number;
  code: ResultCode;
  agencies: string[];
  state: 'open' | 'closed';
  how: RerouteEnd | null;
  toProvider: ProviderCode | null;
  reason: string | null;
  openedAt: Date;
  endedAt: Date | null;
  endedBy: string | null;
}

export interface RerouteFilter {
  state: 'open' | 'closed' | 'all';
  providerId?: number;
  agencyId?: number;
  /** Only tasks with a lower id: the cursor. */
  before?: number;
  limit: number;
}

// Whose line it is: the agencies that register it with this provider, or, when that is over, did.
const AGENCIES = `array(
  SELECT DISTINCT a.code FROM registration g JOIN agency a USING (agency_id)
  WHERE g.line_id = r.line_id AND (r.state = 'closed' OR (g.provider_id = r.provider_id AND g.state = 'confirmed')) ORDER BY 1)`;

/** Newest first. */
export function listReroutes(source: DataSource, filter: RerouteFilter): Promise<Reroute[]> {
  return query<Reroute>(
    source,
    `SELECT r.reroute_id AS "rerouteId", p.code AS provider, r.entry_ref AS "entryRef", r.line_id AS "lineId", l.line_key AS "lineKey",
       r.seq, r.code, ${AGENCIES} AS agencies, r.state, r.how, t.code AS "toProvider", r.reason, r.opened_at AS "openedAt",
       r.ended_at AS "endedAt", w.name AS "endedBy"
     FROM reroute r JOIN provider p ON p.provider_id = r.provider_id JOIN line l USING (line_id)
     LEFT JOIN provider t ON t.provider_id = r.to_provider LEFT JOIN actor w ON w.actor_id = r.ended_by
     WHERE ($1 = 'all' OR r.state = $1) AND ($2::smallint IS NULL OR r.provider_id = $2) AND ($4::int IS NULL OR r.reroute_id < $4)
       AND ($3::int IS NULL OR EXISTS (SELECT 1 FROM registration g WHERE g.line_id = r.line_id AND g.agency_id = $3))
     ORDER BY r.reroute_id DESC LIMIT $5`,
    [filter.state, filter.providerId ?? null, filter.agencyId ?? null, filter.before ?? null, filter.limit],
  );
}

/** Open tasks by provider and code, and by agency (a line of two agencies counts with both). */
export async function countReroutes(source: DataSource): Promise<{
  open: number;
  byProvider: { provider: ProviderCode; code: ResultCode; open: number }[];
  byAgency: { agency: string; open: number }[];
}> {
  const [byProvider, byAgency] = await Promise.all([
    query<{ provider: string; code: ResultCode; open: number }>(
      source,
      `SELECT p.code AS provider, r.code, count(*) AS open FROM reroute r JOIN provider p USING (provider_id)
       WHERE r.state = 'open' GROUP BY 1, 2 ORDER BY 1, 2`,
    ),
    query<{ agency: string; open: number }>(
      source,
      `SELECT a.code AS agency, count(DISTINCT r.reroute_id) AS open FROM reroute r
       JOIN registration g ON g.line_id = r.line_id AND g.provider_id = r.provider_id AND g.state = 'confirmed' JOIN agency a USING (agency_id)
       WHERE r.state = 'open' GROUP BY 1 ORDER BY 2 DESC, 1`,
    ),
  ]);
  return { open: byProvider.reduce((sum, each) => sum + each.open, 0), byProvider, byAgency };
}

interface LockedReroute {
  reroute_id: number;
  provider_id: number;
  line_id: number;
  line_key: string;
  withdrawn_at: Date | null;
  newest: Date | null;
  state: 'open' | 'closed';
}

const LOCKED = `
SELECT r.reroute_id, r.provider_id, r.line_id, l.line_key, l.withdrawn_at, r.state,
  (SELECT max(g.confirmed_at) FROM registration g WHERE g.line_id = r.line_id AND g.provider_id = r.provider_id AND g.state = 'confirmed') AS newest
FROM reroute r JOIN line l USING (line_id) WHERE r.reroute_id = $1 FOR UPDATE OF r`;

/** Line first, as everywhere, then the task. @throws Problem 404, 409 */
async function lockTask(tx: Tx, rerouteId: number): Promise<LockedReroute> {
  await tx.query(
    'SELECT 1 FROM line WHERE line_id = (SELECT line_id FROM reroute WHERE reroute_id = $1) FOR NO KEY UPDATE',
    [rerouteId],
  );
  const [task] = await tx.query<LockedReroute>(LOCKED, [rerouteId]);
  if (!task) {
    throw new Problem(404, 'unknown-reroute', 'No such re-route task', 'GET /v1/reroutes lists them.', {
      detailTh: 'ไม่พบงานเปลี่ยนผู้ให้บริการหมายเลขนี้',
    });
  }
  if (task.state === 'closed') {
    throw new Problem(409, 'reroute-closed', 'The task is over', 'It was resolved, given up, or ended by itself.', {
      detailTh: 'งานนี้สิ้นสุดแล้ว',
    });
  }
  return task;
}

const END = `
UPDATE reroute SET state = 'closed', how = $2, to_provider = $3, reason = $4, ended_by = $5, ended_at = now() WHERE reroute_id = $1`;
const AUDIT = 'INSERT INTO audit (actor_id, act, subject, reason, detail) VALUES ($1, $2, $3, $4, $5)';

/**
 * The registrations of the line at the old provider go to the new one, under the new confirmation.
 * @throws Problem 404, 409, 422 when the confirmation is not newer or the provider cannot have the line
 */
export async function resolveReroute(
  parts: IntakeParts,
  rerouteId: number,
  resolution: { provider: ProviderCode; confirmation: Confirmation; reason: string; actorId: number },
): Promise<void> {
  const { confirmation, reason, actorId } = resolution;
  const { providers } = await parts.catalogue.get();
  const to = providers.get(resolution.provider.toUpperCase());
  if (!to) {
    const known = [...providers.keys()].join(', ');
    throw new Problem(422, 'unknown-provider', 'Unknown provider', `The known providers are ${known}.`, {
      detailTh: `ผู้ให้บริการที่รับ: ${known}`,
    });
  }
  const providerIds = await inTransaction(parts.source, async (tx) => {
    const task = await lockTask(tx, rerouteId);
    refuseResolution(task, to, confirmation);
    await tx.query(END, [rerouteId, 'resolved', to.providerId, reason, actorId]);
    await tx.query(AUDIT, [
      actorId,
      'reroute.resolve',
      `reroute:${rerouteId}`,
      reason,
      JSON.stringify({ to: to.code }),
    ]);
    const change = { lineIds: [task.line_id], from: [task.provider_id], to: to.providerId, actorId, now: new Date() };
    return (await changeProvider(tx, { ...change, confirmation }, parts.derivation)).providerIds;
  });
  await parts.wakeUp.wake(providerIds);
}

function refuseResolution(
  task: LockedReroute,
  to: { providerId: number; code: string; accesses: ('MB' | 'FB')[]; circuitPattern: string | null },
  confirmation: Confirmation,
): void {
  const refused = (detail: string, detailTh: string) =>
    new Problem(422, 'invalid-reroute', 'The line cannot be re-routed so', detail, { detailTh });
  if (to.providerId === task.provider_id)
    throw refused(`${to.code} is the provider that rejected the line.`, `${to.code} คือผู้ให้บริการที่ปฏิเสธหมายเลขนี้`);
  if (task.line_key.startsWith('F:'))
    throw refused(
      "A circuit number is the provider's own: close this task and register the new circuit.",
      'หมายเลขวงจรเป็นของผู้ให้บริการเดิม ให้ปิดงานนี้แล้วลงทะเบียนหมายเลขใหม่',
    );
  const misfit = misfitOf(task.line_key, to);
  if (misfit) throw refused(MISFITS[misfit].en, MISFITS[misfit].th);
  const at = Date.parse(confirmation.at);
  if (task.newest !== null && at <= task.newest.getTime())
    throw refused(
      'A new confirmation is needed: this one is not newer than the one that named the old provider.',
      'ต้องมีการยืนยันใหม่ที่ใหม่กว่าการยืนยันเดิม',
    );
  if (task.withdrawn_at !== null && at <= task.withdrawn_at.getTime())
    throw refused('The person asked out after this confirmation.', 'เจ้าของหมายเลขขอถอนตัวหลังการยืนยันนี้');
}

/** The line is given up: its registrations at the old provider are cancelled. @throws Problem 404, 409 */
export async function closeReroute(
  parts: IntakeParts,
  rerouteId: number,
  act: { reason: string; actorId: number },
): Promise<void> {
  const { reason, actorId } = act;
  const providerIds = await inTransaction(parts.source, async (tx) => {
    const task = await lockTask(tx, rerouteId);
    await tx.query(END, [rerouteId, 'givenUp', null, reason, actorId]);
    await tx.query(AUDIT, [actorId, 'reroute.close', `reroute:${rerouteId}`, reason, null]);
    const ids = await tx.query<{ registration_id: string }>(
      `SELECT registration_id FROM registration WHERE line_id = $1 AND provider_id = $2 AND state IN ('draft', 'confirmed')`,
      [task.line_id, task.provider_id],
    );
    const context = { actorId, runId: null, now: new Date() };
    const ended = await endRegistrations(
      tx,
      ids.map((row) => row.registration_id),
      'cancelled',
      'cancelled',
      context,
      parts,
    );
    return ended.providerIds;
  });
  await parts.wakeUp.wake(providerIds);
}
