// Undoes an import through the log: what it made is cancelled, what it changed is as before, unless changed since.
import { bangkokDay, faultPoint, inTransaction, query, type CopyTx } from '#platform';
import { lockLinesOf } from '../end-registrations.js';
import type { IntakeParts } from '../register.js';
import { CHUNK_ROWS } from '../write-chunk.js';
import type { RunLease } from './lease.js';
import type { UndoCounts } from './run.js';

/** What the run wrote and somebody changed since: left alone, and counted. */
const CHANGED_SINCE = `
SELECT count(DISTINCT h.registration_id) AS kept FROM registration_history h JOIN registration r USING (registration_id)
WHERE r.run_id IS DISTINCT FROM $1 AND (h.replaced_by_run = $1 OR (h.before ->> 'run_id')::int = $1)`;

const NEXT = `
SELECT registration_id FROM registration WHERE run_id = $1 AND registration_id > $2::uuid ORDER BY registration_id LIMIT $3`;

/**
 * The content before the run is the newest one that the run itself replaced and did not write. A registration without
 * one was made by the run. A restored one carries the import that wrote that content, so that it can be undone in turn.
 */
const UNDO = `
WITH undoing AS MATERIALIZED (
  SELECT r.*, l.withdrawn_at FROM registration r JOIN line l USING (line_id)
  WHERE r.registration_id = ANY($1::uuid[]) AND r.run_id = $2::int
), before_run AS MATERIALIZED (
  SELECT DISTINCT ON (h.registration_id) h.registration_id, b.*
  FROM undoing u JOIN registration_history h USING (registration_id)
  CROSS JOIN LATERAL jsonb_to_record(h.before) AS b (
    provider_id smallint, package text, valid_from date, valid_to date, apps int, state text, confirmed_at timestamptz,
    confirmed_by text, document_ref text, name_cipher bytea, run_id int, row_no bigint)
  WHERE h.replaced_by_run = $2::int AND b.run_id IS DISTINCT FROM $2::int
  ORDER BY h.registration_id, h.revision DESC
), after AS MATERIALIZED (
  SELECT u.registration_id, u.line_id, u.state AS was, b.registration_id IS NOT NULL AS restored,
    CASE WHEN b.registration_id IS NULL THEN CASE WHEN u.state = 'withdrawn' THEN 'withdrawn' ELSE 'cancelled' END
         WHEN b.state = 'confirmed' AND b.confirmed_at <= u.withdrawn_at THEN 'withdrawn' ELSE b.state END AS becomes
  FROM undoing u LEFT JOIN before_run b USING (registration_id)
), kept AS (
  INSERT INTO registration_history (registration_id, revision, before, replaced_by_run, actor_id)
  SELECT registration_id, revision, to_jsonb(undoing) - 'withdrawn_at', NULL, $3::int FROM undoing
), cancelled AS (
  UPDATE registration r SET state = a.becomes, run_id = NULL, revision = r.revision + 1, actor_id = $3::int, updated_at = now()
  FROM after a WHERE r.registration_id = a.registration_id AND NOT a.restored
), restored AS (
  UPDATE registration r SET package = b.package, valid_from = b.valid_from, valid_to = b.valid_to,
    -- A line that was handed over or re-routed since stays where it is.
    provider_id = coalesce((SELECT m.to_provider FROM move m WHERE m.line_id = r.line_id AND m.from_provider = b.provider_id
      AND (m.hand_over_id IS NOT NULL OR m.confirmed_at IS NOT NULL)), b.provider_id),
    apps = b.apps, state = a.becomes, confirmed_at = b.confirmed_at, confirmed_by = b.confirmed_by, document_ref = b.document_ref,
    name_cipher = b.name_cipher, run_id = b.run_id, row_no = b.row_no, revision = r.revision + 1, actor_id = $3::int, updated_at = now()
  FROM before_run b JOIN after a USING (registration_id) WHERE r.registration_id = b.registration_id
)
SELECT line_id, restored, was, becomes FROM after`;

interface Undone {
  line_id: number;
  restored: boolean;
  was: string;
  becomes: string;
}

/** Goes through what the run still stands behind, in chunks; what is done is no longer the run's, so a resumed undo goes on. */
export async function undoRun(parts: IntakeParts, lease: RunLease, stopIfAborted: () => void): Promise<void> {
  const { run } = lease;
  if (!lease.counts.undone) {
    const [row] = await query<{ kept: number }>(parts.source, CHANGED_SINCE, [run.run_id]);
    run.counts = { ...lease.counts, undone: { cancelled: 0, restored: 0, kept: row?.kept ?? 0 } };
    await inTransaction(parts.source, (tx) => lease.progress(tx, lease.counts, null));
  }
  let last = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    stopIfAborted();
    const found = await query<{ registration_id: string }>(parts.source, NEXT, [run.run_id, last, CHUNK_ROWS]);
    if (found.length === 0) return;
    last = found.at(-1)!.registration_id;
    let undone: UndoCounts = lease.counts.undone!;
    const providerIds = await inTransaction(parts.source, async (tx) => {
      const result = await undoChunk(
        tx,
        parts,
        lease,
        found.map((row) => row.registration_id),
      );
      undone = result.undone;
      return result.providerIds;
    });
    run.counts = { ...lease.counts, undone };
    await faultPoint('import.afterUndoChunk');
    await parts.wakeUp.wake(providerIds);
  }
}

async function undoChunk(
  tx: CopyTx,
  parts: IntakeParts,
  lease: RunLease,
  ids: string[],
): Promise<{ undone: UndoCounts; providerIds: number[] }> {
  const { run } = lease;
  await lockLinesOf(tx, ids);
  const rows = await tx.query<Undone>(UNDO, [ids, run.run_id, run.actor_id]);
  const restored = rows.filter((row) => row.restored).length;
  const before = lease.counts.undone!;
  // A row that somebody changed between finding and locking it is theirs now.
  const undone = {
    cancelled: before.cancelled + rows.length - restored,
    restored: before.restored + restored,
    kept: before.kept + ids.length - rows.length,
  };
  await lease.progress(tx, { ...lease.counts, undone }, null);
  const known = [
    ...new Set(rows.filter((row) => row.was === 'confirmed' || row.becomes === 'confirmed').map((row) => row.line_id)),
  ];
  if (known.length === 0) return { undone, providerIds: [] };
  const context = { cause: 'undone' as const, actorId: run.actor_id, runId: run.run_id, today: bangkokDay(new Date()) };
  const { appended } = await parts.derivation.derive(tx, { fresh: [], known }, context);
  return { undone, providerIds: [...appended.keys()] };
}
