// Runs that want a worker: asked at start-up and in every sweep, so that a lost job costs seconds and nothing else.
import type { Queue } from 'bullmq';
import type { DataSource } from 'typeorm';
import { query } from '#platform';
import { WORKED_STATES } from './run.js';

export const IMPORT_QUEUE = 'import';

/** A job carries the run's number and nothing else. */
export interface ImportJob {
  runId: number;
}

export interface UnfinishedRun {
  runId: number;
  /** The same while nobody took the run since; another one for each try, since a finished job's id is never taken again. */
  jobId: string;
}

/** Runs with work left and no live lease; all of them, or the one that is named. */
export async function unfinishedRuns(source: DataSource, runId: number | null = null): Promise<UnfinishedRun[]> {
  const rows = await query<{ run_id: number; state: string; moved: number }>(
    source,
    `SELECT run_id, state, (extract(epoch FROM greatest(lease_until, ended_at, created_at)) * 1000)::bigint AS moved FROM import_run
     WHERE state = ANY($1) AND (lease_until IS NULL OR lease_until < now()) AND ($2::int IS NULL OR run_id = $2) ORDER BY run_id`,
    [WORKED_STATES, runId],
  );
  return rows.map((row) => ({ runId: row.run_id, jobId: `run-${row.run_id}-${row.state}-${row.moved}` }));
}

/** A worker that takes a job takes its run at once: a job older than this whose run nobody has is a dead worker's, in milliseconds. */
const DEAD_MS = 2_000;

/**
 * Puts a job into the queue for each of them; a job that is there already is not added again, unless it is in the hands of a
 * worker that died before it took the run: the queue would believe in that one for a minute and more.
 */
export async function queueUnfinishedRuns(
  source: DataSource,
  queue: Queue<ImportJob>,
  runId: number | null = null,
): Promise<number> {
  const runs = await unfinishedRuns(source, runId);
  for (const run of runs) {
    await queue.add('import', { runId: run.runId }, { jobId: run.jobId });
    const job = await queue.getJob(run.jobId);
    const now = Date.now();
    if (!job?.processedOn || job.finishedOn || now - job.processedOn < DEAD_MS) continue;
    const again = `${run.jobId}-${Math.floor(now / DEAD_MS)}`;
    await queue.add('import', { runId: run.runId }, { jobId: again });
  }
  return runs.length;
}
