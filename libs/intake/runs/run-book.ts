// What people do with runs: look, start, stop, undo. Each move is one guarded statement; workers do the rest.
import type { DataSource } from 'typeorm';
import { Problem, type ProblemItem } from '#contracts';
import { inTransaction, query } from '#platform';
import { rowProblemTable, type RowProblemCode } from '../reading/index.js';
import {
  NO_COUNTS,
  RUN_MOVES,
  type KeptProblem,
  type RunCounts,
  type RunMode,
  type RunRow,
  type RunSource,
  type RunState,
} from './run.js';

/** A run as the API shows it. */
export interface RunView {
  runId: number;
  mode: RunMode;
  source: RunSource;
  agency: string | null;
  dryRun: boolean;
  state: RunState;
  /** A stop was asked for and comes with the end of the chunk at hand. */
  stopping: boolean;
  fileSize: number | null;
  understood: unknown;
  /** Number of the last row that is done, as a spreadsheet counts. */
  rowsDone: number;
  counts: RunCounts;
  failure: unknown;
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
  createdBy: string;
}

const VIEW = `
SELECT r.*, a.code AS agency, w.name AS created_by FROM import_run r LEFT JOIN agency a USING (agency_id) JOIN actor w ON w.actor_id = r.actor_id`;

type ViewRow = RunRow & { agency: string | null; created_by: string };

const ENDED: readonly RunState[] = ['stopped', 'completed', 'failed', 'undone'];

function viewOf(row: ViewRow): RunView {
  return {
    runId: row.run_id,
    mode: row.mode,
    source: row.source,
    agency: row.agency,
    dryRun: row.dry_run,
    state: row.state,
    stopping: row.stop_asked,
    fileSize: row.file_size,
    understood: row.understood?.file ?? null,
    rowsDone: row.rows_done,
    counts: { ...NO_COUNTS, ...row.counts },
    failure: row.failure,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    endedAt: ENDED.includes(row.state) ? (row.ended_at?.toISOString() ?? null) : null,
    createdBy: row.created_by,
  };
}

/** Newest first, at most 100, those before `beforeRunId`. */
export async function listRuns(source: DataSource, beforeRunId = 2 ** 31 - 1): Promise<RunView[]> {
  const rows = await query<ViewRow>(source, `${VIEW} WHERE r.run_id < $1 ORDER BY r.run_id DESC LIMIT 100`, [
    beforeRunId,
  ]);
  return rows.map(viewOf);
}

/** @throws Problem 404 */
export async function showRun(source: DataSource, runId: number): Promise<RunView> {
  return viewOf(await findRun(source, runId));
}

/** @throws Problem 404 */
export async function findRun(source: DataSource, runId: number): Promise<ViewRow> {
  const [row] =
    Number.isInteger(runId) && runId > 0 && runId < 2 ** 31
      ? await query<ViewRow>(source, `${VIEW} WHERE r.run_id = $1`, [runId])
      : [];
  if (row) return row;
  throw new Problem(404, 'unknown-import', 'No such import', 'No import has this number.', {
    detailTh: 'ไม่พบการนำเข้าหมายเลขนี้',
  });
}

/** The first rejected rows with their reasons, 100 at a time. */
export async function rejectedRows(
  source: DataSource,
  runId: number,
  afterRow = 0,
  most = 100,
): Promise<ProblemItem[]> {
  const rows = await query<{ row_no: number; problems: KeptProblem[] }>(
    source,
    'SELECT row_no, problems FROM import_problem WHERE run_id = $1 AND row_no > $2 ORDER BY row_no LIMIT $3',
    [runId, afterRow, most],
  );
  return rows.flatMap(({ row_no: row, problems }) =>
    problems.map(({ field, code, en, th }) => ({ row, field, code, detail: en, detailTh: th, ...remedyOf(code) })),
  );
}

/** What to do about a reason, from the table of reasons. */
export function remedyOf(code: string): { remedy?: string; remedyTh?: string } {
  if (!Object.hasOwn(rowProblemTable, code)) return {};
  const { remedyEn, remedyTh } = rowProblemTable[code as RowProblemCode];
  return { remedy: remedyEn, remedyTh };
}

/** Moves a run if its state allows it now; `set` is further SQL. */
async function move(
  source: DataSource,
  runId: number,
  to: RunState,
  set: string,
  act: { actorId: number; name: string },
): Promise<void> {
  const from = (Object.keys(RUN_MOVES) as RunState[]).filter((state) => RUN_MOVES[state].includes(to));
  const moved = await inTransaction(source, (tx) =>
    tx.query(
      `WITH moved AS (
         UPDATE import_run SET state = $2, stop_asked = false, ${set} WHERE run_id = $1 AND state = ANY($3) RETURNING run_id
       ), audited AS (
         INSERT INTO audit (actor_id, act, subject) SELECT $4, $5, 'import ' || run_id FROM moved
       )
       SELECT 1 FROM moved`,
      [runId, to, from, act.actorId, act.name],
    ),
  );
  if (moved.length === 1) return;
  const { state } = await findRun(source, runId);
  throw new Problem(
    409,
    'import-state',
    'The import is not in a state for this',
    `It is ${state}; this needs one of: ${from.join(', ')}.`,
    {
      detailTh: `สถานะปัจจุบันคือ ${state} จึงดำเนินการนี้ไม่ได้`,
    },
  );
}

/**
 * Starts a dry run for real, from its first row; or lets a stopped or failed run go on after its last row.
 * @throws Problem 409
 */
export async function startRun(source: DataSource, runId: number, actorId: number): Promise<RunView> {
  const { state, dry_run: dryRun } = await findRun(source, runId);
  if (state === 'completed' && !dryRun) {
    throw new Problem(
      409,
      'import-state',
      'The import is complete',
      'Send the file again to import it again; unchanged rows change nothing.',
      {
        detailTh: 'การนำเข้านี้เสร็จสิ้นแล้ว',
      },
    );
  }
  await query(
    source,
    'DELETE FROM import_problem p USING import_run r WHERE p.run_id = $1 AND r.run_id = $1 AND r.dry_run AND r.lease_until IS NULL',
    [runId],
  );
  // What a dry run counted is not what the real one will have done.
  const set = `rows_done = CASE WHEN dry_run THEN 0 ELSE rows_done END, counts = CASE WHEN dry_run THEN '{}' ELSE counts END, dry_run = false, failure = NULL`;
  await move(source, runId, 'waiting', set, { actorId, name: 'import.start' });
  return showRun(source, runId);
}

/** Stops after the chunk at hand. What was written stays, and can be undone. @throws Problem 409 */
export async function stopRun(source: DataSource, runId: number, actorId: number): Promise<RunView> {
  const asked = await inTransaction(source, (tx) =>
    tx.query(
      `WITH asked AS (
         UPDATE import_run SET stop_asked = state = 'running',
           state = CASE WHEN state = 'waiting' THEN 'stopped' ELSE state END, ended_at = CASE WHEN state = 'waiting' THEN now() ELSE ended_at END
         WHERE run_id = $1 AND state IN ('waiting', 'running') RETURNING run_id
       ), audited AS (
         INSERT INTO audit (actor_id, act, subject) SELECT $2, 'import.stop', 'import ' || run_id FROM asked
       )
       SELECT 1 FROM asked`,
      [runId, actorId],
    ),
  );
  if (asked.length === 0) {
    const { state } = await findRun(source, runId);
    throw new Problem(409, 'import-state', 'The import is not running', `It is ${state}.`, {
      detailTh: `สถานะปัจจุบันคือ ${state}`,
    });
  }
  return showRun(source, runId);
}

/** Asks for an undo; a worker does it. A dry run wrote nothing, and history is kept for a time. @throws Problem 409 */
export async function askForUndo(
  source: DataSource,
  runId: number,
  actorId: number,
  keepDays: number,
): Promise<RunView> {
  const { dry_run: dryRun, ended_at: endedAt } = await findRun(source, runId);
  if (endedAt !== null && endedAt.getTime() < Date.now() - keepDays * 86_400_000) {
    throw new Problem(
      409,
      'import-too-old',
      'The import is too old to be undone',
      `What was before it is kept for ${keepDays} days; send a sheet that says what should be.`,
      { detailTh: `ระบบเก็บข้อมูลก่อนการนำเข้าไว้ ${keepDays} วัน โปรดส่งไฟล์ใหม่ที่ระบุสถานะที่ถูกต้อง` },
    );
  }
  if (dryRun)
    throw new Problem(409, 'import-state', 'A dry run wrote nothing', 'There is nothing to undo.', {
      detailTh: 'การทดลองนำเข้าไม่ได้บันทึกข้อมูล',
    });
  await move(source, runId, 'undoing', 'failure = NULL', { actorId, name: 'import.undo' });
  return showRun(source, runId);
}
