// Runs, drift and plans as people read them.
import type { DataSource } from 'typeorm';
import { query } from '#platform';
import { SEEN_ENOUGH, type DriftCause, type DriftKind } from './judge-drift.js';
import type { Means, ReconcileResult } from './reconcile.js';
import type { RepairPlan } from './repair.js';

export interface RunRow {
  runId: number;
  provider: string;
  reason: string;
  by: string;
  /** Null: what the profile prefers. */
  means: Means | null;
  /** Null while it waits or runs. */
  result: ReconcileResult | null;
  detail: string | null;
  asOfSeq: number | null;
  heldHere: number | null;
  heldThere: number | null;
  drifted: number;
  awaiting: number;
  roundTrips: number;
  bytes: number;
  /** Changes that were appended because the provider lost data. */
  forwarded: number;
  createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
}

/** Newest first. `before`: only runs with a lower number. */
export function listRuns(
  source: DataSource,
  filter: { providerId?: number; runId?: number; before?: number; limit: number },
): Promise<RunRow[]> {
  return query<RunRow>(
    source,
    `SELECT r.run_id AS "runId", p.code AS provider, r.reason, a.name AS by, r.means, r.result, r.detail, r.as_of_seq AS "asOfSeq",
       r.held_here AS "heldHere", r.held_there AS "heldThere", r.drifted, r.awaiting, r.round_trips AS "roundTrips", r.bytes,
       r.forwarded, r.created_at AS "createdAt", r.started_at AS "startedAt", r.ended_at AS "endedAt"
     FROM reconciliation r JOIN provider p USING (provider_id) JOIN actor a ON a.actor_id = r.actor_id
     WHERE ($1::smallint IS NULL OR r.provider_id = $1) AND ($2::int IS NULL OR r.run_id = $2) AND ($3::int IS NULL OR r.run_id < $3)
     ORDER BY r.run_id DESC LIMIT $4`,
    [filter.providerId ?? null, filter.runId ?? null, filter.before ?? null, filter.limit],
  );
}

export interface SnapshotRow {
  snapshotId: number;
  runId: number;
  state: 'used' | 'refused';
  /** Why it was refused. */
  detail: string | null;
  asOfBatch: number | null;
  asOfSeq: number | null;
  lines: number | null;
  /** By the provider's clock. */
  takenAt: Date | null;
  bytes: number;
  at: Date;
}

/** Whole lists that were used or refused, newest first. */
export function listSnapshots(source: DataSource, providerId: number, limit: number): Promise<SnapshotRow[]> {
  return query<SnapshotRow>(
    source,
    `SELECT snapshot_id AS "snapshotId", run_id AS "runId", state, detail, as_of_batch AS "asOfBatch", as_of_seq AS "asOfSeq",
       lines, taken_at AS "takenAt", bytes, at FROM snapshot WHERE provider_id = $1 ORDER BY snapshot_id DESC LIMIT $2`,
    [providerId, limit],
  );
}

export interface DriftGroup {
  kind: DriftKind;
  cause: DriftCause;
  count: number;
  /** Of these, seen often enough to be acted on. */
  confirmed: number;
  since: Date;
}

export function groupDrift(source: DataSource, providerId: number): Promise<DriftGroup[]> {
  return query<DriftGroup>(
    source,
    `SELECT d.kind, d.cause, count(*) AS count, count(*) FILTER (WHERE d.seen >= ${SEEN_ENOUGH}) AS confirmed, min(r.created_at) AS since
     FROM drift d JOIN reconciliation r ON r.run_id = d.first_run WHERE d.provider_id = $1 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`,
    [providerId],
  );
}

export interface DriftRow {
  ref: string;
  kind: DriftKind;
  cause: DriftCause;
  seen: number;
  since: Date;
  /** The entry's latest change; null when the ref is none of our entries. */
  seq: number | null;
  /** For its opaque id; null when the ref is none of our entries. */
  lineId: number | null;
}

/** In the order of refs, after the cursor. */
export function listDrift(
  source: DataSource,
  filter: { providerId: number; kind?: DriftKind; after?: string; limit: number },
): Promise<DriftRow[]> {
  return query<DriftRow>(
    source,
    `SELECT d.ref, d.kind, d.cause, d.seen, r.created_at AS since, nullif(d.seq, 0) AS seq, e.line_id AS "lineId"
     FROM drift d JOIN reconciliation r ON r.run_id = d.first_run
     LEFT JOIN entry e ON e.provider_id = d.provider_id AND e.entry_ref = CASE WHEN d.kind <> 'unknown' THEN d.ref::uuid END
     WHERE d.provider_id = $1 AND ($2::text IS NULL OR d.kind = $2) AND ($3::text IS NULL OR d.ref > $3) ORDER BY d.ref LIMIT $4`,
    [filter.providerId, filter.kind ?? null, filter.after ?? null, filter.limit],
  );
}

/** Newest first. */
export function listPlans(
  source: DataSource,
  filter: { providerId?: number; planId?: number; limit: number },
): Promise<RepairPlan[]> {
  return query<RepairPlan>(
    source,
    `SELECT l.plan_id AS "planId", p.code AS provider, encode(l.sha256, 'hex') AS sha256, l.additions, l.removals, l.state, l.reason,
       a.name AS "createdBy", l.created_at AS "createdAt", b.name AS "approvedBy", l.approved_at AS "approvedAt", l.appended, l.superseded
     FROM repair_plan l JOIN provider p USING (provider_id) JOIN actor a ON a.actor_id = l.actor_id
     LEFT JOIN actor b ON b.actor_id = l.approved_by
     WHERE ($1::smallint IS NULL OR l.provider_id = $1) AND ($2::int IS NULL OR l.plan_id = $2) ORDER BY l.plan_id DESC LIMIT $3`,
    [filter.providerId ?? null, filter.planId ?? null, filter.limit],
  );
}
