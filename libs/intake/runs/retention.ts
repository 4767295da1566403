// What intake keeps only for a time: originals, uploads that broke off with their process, answers under idempotency keys.
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
