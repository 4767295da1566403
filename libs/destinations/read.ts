// What people and providers see: drafts, versions, who enforces which. Reading only.
import type { DataSource } from 'typeorm';
import { Problem, type Destination } from '#contracts';
import { query } from '#platform';
import { warningsOf, type Denied } from './curate.js';
import { diffLists, type ListDiff } from './list.js';
import type { Selection } from './propose.js';

export interface DraftSummary {
  draftId: number;
  state: 'proposed' | 'approved' | 'published' | 'withdrawn';
  reason: string;
  destinations: number;
  deniedCount: number;
  collapsed: number;
  effectiveAt: Date | null;
  contentSha256: string;
  rollbackOf: number | null;
  proposedBy: string;
  proposedAt: Date;
  approvedBy: string | null;
  approvedAt: Date | null;
  version: number | null;
}

export interface Draft extends DraftSummary {
  selections: Selection[];
  entries: Destination[];
  denied: Denied[];
  warnings: string[];
  /** Against the version in force, or that waits for its day last. */
  diff: ListDiff & { since: number | null };
}

const DRAFT = `
d.draft_id AS "draftId", d.state, d.reason, jsonb_array_length(d.entries) AS destinations, jsonb_array_length(d.denied) AS "deniedCount",
d.collapsed, d.effective_at AS "effectiveAt", d.content_sha256 AS "contentSha256", d.rollback_of AS "rollbackOf", p.name AS "proposedBy",
d.proposed_at AS "proposedAt", a.name AS "approvedBy", d.approved_at AS "approvedAt", d.version`;
const DRAFT_FROM = `FROM destination_draft d JOIN actor p ON p.actor_id = d.proposed_by LEFT JOIN actor a ON a.actor_id = d.approved_by`;

/** Newest first. */
export function listDrafts(source: DataSource, limit: number): Promise<DraftSummary[]> {
  return query<DraftSummary>(source, `SELECT ${DRAFT} ${DRAFT_FROM} ORDER BY d.draft_id DESC LIMIT $1`, [limit]);
}

/** One draft whole, with the difference that it would make. Throws Problem 404. */
export async function findDraft(source: DataSource, draftId: number): Promise<Draft> {
  const [row] = await query<Omit<Draft, 'diff' | 'warnings'>>(
    source,
    `SELECT ${DRAFT}, d.selections, d.entries, d.denied ${DRAFT_FROM} WHERE d.draft_id = $1`,
    [draftId],
  );
  if (!row)
    throw new Problem(
      404,
      'unknown-draft',
      'Unknown draft',
      'No draft has this id; GET /v1/destinations/drafts lists them.',
    );
  const before = await latest(source, row.version);
  return {
    ...row,
    warnings: warningsOf(row.entries),
    diff: { since: before?.version ?? null, ...diffLists(before?.entries ?? [], row.entries) },
  };
}

/** The newest version that is not taken back, before `version` when that is given. */
async function latest(
  source: DataSource,
  version: number | null,
): Promise<{ version: number; entries: Destination[] } | undefined> {
  const [row] = await query<{ version: number; entries: Destination[] }>(
    source,
    `SELECT version, entries FROM destination_version WHERE cancelled_at IS NULL AND ($1::bigint IS NULL OR version < $1)
     ORDER BY effective_at DESC, version DESC LIMIT 1`,
    [version],
  );
  return row;
}

export interface VersionSummary {
  version: number;
  state: 'scheduled' | 'inForce' | 'replaced' | 'cancelled';
  destinations: number;
  sha256: string;
  effectiveAt: Date;
  publishedAt: Date;
  reason: string;
  rollbackOf: number | null;
  draftId: number;
  proposedBy: string;
  approvedBy: string;
  publishedBy: string;
}

export interface Version extends VersionSummary {
  entries: Destination[];
}

const VERSION = `
v.version, jsonb_array_length(v.entries) AS destinations, v.sha256, v.effective_at AS "effectiveAt", v.published_at AS "publishedAt",
v.reason, v.rollback_of AS "rollbackOf", v.draft_id AS "draftId", p.name AS "proposedBy", a.name AS "approvedBy", u.name AS "publishedBy",
CASE WHEN v.cancelled_at IS NOT NULL THEN 'cancelled' WHEN v.in_force_at IS NULL THEN 'scheduled'
  WHEN v.version = (SELECT version FROM destination_version WHERE in_force_at IS NOT NULL ORDER BY effective_at DESC, version DESC LIMIT 1) THEN 'inForce'
  ELSE 'replaced' END AS state`;
const VERSION_FROM = `FROM destination_version v JOIN actor p ON p.actor_id = v.proposed_by JOIN actor a ON a.actor_id = v.approved_by
JOIN actor u ON u.actor_id = v.published_by`;

/** Newest first. */
export function listVersions(source: DataSource, limit: number): Promise<VersionSummary[]> {
  return query<VersionSummary>(
    source,
    `SELECT ${VERSION} ${VERSION_FROM} ORDER BY v.effective_at DESC, v.version DESC LIMIT $1`,
    [limit],
  );
}

/** One version whole. Throws Problem 404. */
export async function findVersion(source: DataSource, version: number): Promise<Version> {
  const [row] = await query<Version>(source, `SELECT ${VERSION}, v.entries ${VERSION_FROM} WHERE v.version = $1`, [
    version,
  ]);
  if (!row)
    throw new Problem(
      404,
      'unknown-version',
      'Unknown version',
      'No version has this number; GET /v1/destinations/versions lists them.',
    );
  return row;
}

/** What is different in `version` from `since`, or from the version before it. */
export async function diffVersions(
  source: DataSource,
  version: number,
  since: number | undefined,
): Promise<ListDiff & { version: number; since: number | null }> {
  const after = await findVersion(source, version);
  const before = since === undefined ? await latest(source, version) : await findVersion(source, since);
  return { version, since: before?.version ?? null, ...diffLists(before?.entries ?? [], after.entries) };
}

/** The version in force, for providers that fetch it. Throws Problem 404 when there is none yet. */
export async function versionInForce(source: DataSource): Promise<Version> {
  const [row] = await query<Version>(
    source,
    `SELECT ${VERSION}, v.entries ${VERSION_FROM} WHERE v.in_force_at IS NOT NULL ORDER BY v.effective_at DESC, v.version DESC LIMIT 1`,
  );
  if (!row)
    throw new Problem(
      404,
      'no-version',
      'There is no destination list yet',
      'None has been published; ask again later.',
    );
  return row;
}

export interface ListStanding {
  provider: string;
  /** Null: it takes no lists. */
  form: string | null;
  /** The version that is due there. */
  version: number | null;
  state: string | null;
  toldAt: Date | null;
  acknowledged: number | null;
  enforcedSince: Date | null;
  attempts: number;
  detail: string | null;
  paused: boolean;
}

/** Which provider enforces which version, and what became of the one that is due. */
export function listStandings(source: DataSource): Promise<ListStanding[]> {
  return query<ListStanding>(
    source,
    `SELECT r.code AS provider, r.profile->'destinations'->>'form' AS form, d.version, d.state, d.told_at AS "toldAt", p.acknowledged,
       p.enforced_since AS "enforcedSince", coalesce(d.attempts, 0) AS attempts, d.detail, s.paused_at IS NOT NULL AS paused
     FROM provider r JOIN provider_stream s USING (provider_id) LEFT JOIN destination_provider p USING (provider_id)
     LEFT JOIN LATERAL (SELECT * FROM destination_delivery d WHERE d.provider_id = r.provider_id AND d.state <> 'superseded'
       ORDER BY d.created_at DESC, d.version DESC LIMIT 1) d ON true
     ORDER BY r.provider_id`,
  );
}

export interface ListAttempt {
  version: number;
  attempt: number;
  startedAt: Date;
  endedAt: Date | null;
  result: string | null;
  status: number | null;
  detail: string | null;
}

/** Tries at one provider, newest first. */
export function listAttempts(source: DataSource, providerId: number, limit: number): Promise<ListAttempt[]> {
  return query<ListAttempt>(
    source,
    `SELECT version, attempt_no AS attempt, started_at AS "startedAt", ended_at AS "endedAt", result, status, detail
     FROM destination_attempt WHERE provider_id = $1 ORDER BY started_at DESC LIMIT $2`,
    [providerId, limit],
  );
}

/** Notes that a provider fetched the list in force by its own key: it was told. */
export async function noteFetched(source: DataSource, providerId: number, version: number): Promise<void> {
  await query(
    source,
    `UPDATE destination_delivery SET told_at = coalesce(told_at, now()) WHERE provider_id = $1 AND version = $2 AND state = 'offered'`,
    [providerId, version],
  );
}
