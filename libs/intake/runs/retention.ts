// What intake keeps only for a time: originals, broken uploads, answers under idempotency keys, and history.
import type { DataSource } from 'typeorm';
import { query } from '#platform';

/** Days after which the original of an ended run is erased; the run, its counts and reasons remain. */
const ORIGINAL_DAYS = 30;
/** Hours after which an upload without an end is taken to have died with its process. */
const UPLOAD_HOURS = 24;
/** Days within which a repeated request gets its first answer. */
const ANSWER_DAYS = 7;

interface Erased {
  originals: number;
  uploads: number;
  answers: number;
}

// What was before an amendment serves undoing. A registration that ended long ago says nothing about any list any more;
// a withdrawal stays, for it keeps the line off. Reasons of rejected rows go with the time in which a sheet is mended.
const FORGET_HISTORY = `
WITH history AS (
  DELETE FROM registration_history WHERE at < $1::timestamptz RETURNING 1
), ended AS (
  DELETE FROM registration r WHERE r.updated_at < $1::timestamptz
    AND (r.state = 'cancelled' OR (r.state = 'confirmed' AND r.valid_to < ($1::timestamptz AT TIME ZONE 'Asia/Bangkok')::date))
    AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.line_id = r.line_id AND e.present AND NOT EXISTS (
      SELECT 1 FROM registration o WHERE o.line_id = r.line_id AND o.registration_id <> r.registration_id AND o.state = 'confirmed'))
  RETURNING 1
), problems AS (
  DELETE FROM import_problem p USING import_run r WHERE p.run_id = r.run_id AND r.ended_at < $1::timestamptz RETURNING 1
)
SELECT (SELECT count(*) FROM history) AS revisions, (SELECT count(*) FROM ended) AS registrations, (SELECT count(*) FROM problems) AS problems`;

interface Forgotten {
  revisions: number;
  registrations: number;
  problems: number;
}

/** Forgets what ended more than `keepDays` before `now`; imports of that time cannot be undone any more. */
export async function forgetHistory(source: DataSource, keepDays: number, now: Date): Promise<Forgotten> {
  const before = new Date(now.getTime() - keepDays * 86_400_000).toISOString();
  const [row] = await query<Forgotten>(source, FORGET_HISTORY, [before]);
  return row!;
}

/** Erases what is over its time as of `now`. Harmless to repeat, and in several processes at once. */
export async function eraseOld(source: DataSource, now: Date): Promise<Erased> {
  const [row] = await query<Erased>(
    source,
    `WITH pieces AS (
       DELETE FROM import_file f USING import_run r
       WHERE f.run_id = r.run_id AND r.state NOT IN ('uploading', 'waiting', 'running', 'undoing')
         AND r.ended_at < $1::timestamptz - make_interval(days => $2)
       RETURNING f.run_id
     ), uploads AS (
       DELETE FROM import_run WHERE state = 'uploading' AND created_at < $1::timestamptz - make_interval(hours => $3) RETURNING 1
     ), answers AS (
       DELETE FROM idempotency_key WHERE created_at < $1::timestamptz - make_interval(days => $4) RETURNING 1
     )
     SELECT (SELECT count(DISTINCT run_id) FROM pieces) AS originals, (SELECT count(*) FROM uploads) AS uploads, (SELECT count(*) FROM answers) AS answers`,
    [now.toISOString(), ORIGINAL_DAYS, UPLOAD_HOURS, ANSWER_DAYS],
  );
  return row!;
}
