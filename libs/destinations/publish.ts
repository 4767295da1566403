// Publishing: an approved draft becomes a numbered version that takes effect now or on its day; rolling back.
import type { DataSource } from 'typeorm';
import { Problem, type Destination, type Tx } from '#contracts';
import { bangkokDay, faultPoint, inTransaction } from '#platform';
import { listHash } from './list.js';
import { insertDraft } from './propose.js';
import { recordAct } from './record-act.js';

/** One key for all publishing: numbers and order of effect are decided one after another. */
const PUBLISHING = 7_240_300;
const MOST_A_DAY = 99;

interface Approved {
  state: string;
  entries: Destination[];
  content_sha256: string;
  approved_sha256: string | null;
  proposed_by: number;
  approved_by: number;
  effective_at: Date | null;
  rollback_of: number | null;
  version: number | null;
}

/** Publishes a draft once; again, it gives the version that it became. Throws Problem 404 or 409. */
export async function publish(
  source: DataSource,
  draftId: number,
  actorId: number,
  reason: string,
  now: Date,
): Promise<{ result: 'published' | 'was published'; version: number }> {
  const done = await inTransaction(
    source,
    async (tx): Promise<{ result: 'published' | 'was published'; version: number }> => {
      await tx.query('SELECT pg_advisory_xact_lock($1)', [PUBLISHING]);
      const [draft] = await tx.query<Approved>(
        `SELECT state, entries, content_sha256, approved_sha256, proposed_by, approved_by, effective_at, rollback_of, version
       FROM destination_draft WHERE draft_id = $1 FOR UPDATE`,
        [draftId],
      );
      if (!draft)
        throw new Problem(
          404,
          'unknown-draft',
          'Unknown draft',
          'No draft has this id; GET /v1/destinations/drafts lists them.',
        );
      if (draft.version !== null) return { result: 'was published', version: draft.version };
      if (draft.state !== 'approved' || draft.approved_sha256 !== draft.content_sha256) {
        throw new Problem(
          409,
          'not-approved',
          'The draft is not approved',
          `It is ${draft.state}; a second person approves its content ${draft.content_sha256} first.`,
          { detailTh: 'ร่างนี้ยังไม่ได้รับอนุมัติจากบุคคลที่สอง' },
        );
      }
      const effectiveAt = draft.effective_at && draft.effective_at > now ? draft.effective_at : now;
      await refuseBeforeScheduled(tx, effectiveAt);
      const version = await nextVersion(tx, effectiveAt);
      await tx.query(
        `INSERT INTO destination_version (version, draft_id, entries, sha256, effective_at, rollback_of, reason, proposed_by, approved_by, published_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [
          version,
          draftId,
          JSON.stringify(draft.entries),
          listHash(draft.entries),
          effectiveAt,
          draft.rollback_of,
          reason,
          draft.proposed_by,
          draft.approved_by,
          actorId,
        ],
      );
      await tx.query(`UPDATE destination_draft SET state = 'published', version = $2 WHERE draft_id = $1`, [
        draftId,
        version,
      ]);
      await recordAct(tx, {
        actorId,
        act: 'destinations.publish',
        subject: `destinations:version:${version}`,
        reason,
        detail: { draft: draftId, effectiveAt: effectiveAt.toISOString() },
      });
      return { result: 'published', version };
    },
  );
  await faultPoint('destinations.published');
  return done;
}

/** Versions take effect in the order of their numbers; so nothing is put before one that waits for its day. */
async function refuseBeforeScheduled(tx: Tx, effectiveAt: Date): Promise<void> {
  const [later] = await tx.query<{ version: number; effective_at: Date }>(
    `SELECT version, effective_at FROM destination_version
     WHERE in_force_at IS NULL AND cancelled_at IS NULL AND effective_at > $1 ORDER BY effective_at DESC LIMIT 1`,
    [effectiveAt],
  );
  if (later) {
    throw new Problem(
      409,
      'later-version-scheduled',
      'A later version waits for its day',
      `Version ${later.version} takes effect at ${later.effective_at.toISOString()}; cancel it first, or choose a later time.`,
    );
  }
}

async function nextVersion(tx: Tx, effectiveAt: Date): Promise<number> {
  const first = Number(bangkokDay(effectiveAt).replaceAll('-', '')) * 100;
  const [row] = await tx.query<{ last: number | null }>(
    'SELECT max(version) AS last FROM destination_version WHERE version > $1 AND version <= $2',
    [first, first + MOST_A_DAY],
  );
  const next = (row?.last ?? first) + 1;
  if (next > first + MOST_A_DAY)
    throw new Problem(
      409,
      'too-many-versions',
      'Too many versions',
      `A day has at most ${MOST_A_DAY} versions; choose another day of effect.`,
    );
  return next;
}

/** Takes back a version that has not taken effect yet; its number is not used again. */
export async function cancelVersion(
  source: DataSource,
  version: number,
  actorId: number,
  reason: string,
): Promise<'cancelled'> {
  return inTransaction<'cancelled'>(source, async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [PUBLISHING]);
    const rows = await tx.query(
      'UPDATE destination_version SET cancelled_at = now() WHERE version = $1 AND in_force_at IS NULL AND cancelled_at IS NULL RETURNING 1',
      [version],
    );
    if (rows.length === 0) {
      throw new Problem(
        409,
        'not-cancellable',
        'The version cannot be cancelled',
        'It is unknown, cancelled, or in force; what is in force is replaced by a rollback.',
      );
    }
    await recordAct(tx, { actorId, act: 'destinations.cancel', subject: `destinations:version:${version}`, reason });
    return 'cancelled';
  });
}

/** A draft with the content of an older version; it is approved and published like any other. Returns its id. */
export async function rollBack(
  source: DataSource,
  version: number,
  actorId: number,
  reason: string,
  effectiveAt: Date | null = null,
): Promise<number> {
  return inTransaction(source, async (tx) => {
    const [row] = await tx.query<{ entries: Destination[] }>(
      'SELECT entries FROM destination_version WHERE version = $1 AND in_force_at IS NOT NULL',
      [version],
    );
    if (!row) {
      throw new Problem(
        404,
        'unknown-version',
        'Unknown version',
        'No version with this number was ever in force; GET /v1/destinations/versions lists them.',
      );
    }
    return insertDraft(
      tx,
      { selections: [], entries: row.entries, denied: [], collapsed: 0, effectiveAt, rollbackOf: version },
      actorId,
      reason,
    );
  });
}
