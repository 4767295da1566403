// Who works on a run now: a lease in the database, so that a killed worker's run is taken over and never worked twice.
import { randomBytes } from 'node:crypto';
import os from 'node:os';
import type { DataSource } from 'typeorm';
import { query, type CopyTx } from '#platform';
import { NO_COUNTS, WORKED_STATES, type RunCounts, type RunRow, type RunState } from './run.js';

/** Somebody else works on the run now; what was not committed is theirs to do. */
export class LeaseLost extends Error {
  constructor() {
    super('another worker has taken this import over');
    this.name = 'LeaseLost';
  }
}

const COLUMNS = `run_id, mode, source, agency_id, dry_run, state, stop_asked, file_size, understood, rows_done, counts, failure,
  actor_id, created_at, started_at, ended_at`;

/** A run held by this process. Renews itself until it is released. */
export class RunLease {
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly source: DataSource,
    readonly run: RunRow,
    private readonly owner: string,
    private readonly seconds: number,
  ) {
    // Opening a large original takes longer than a lease lasts, and commits nothing meanwhile.
    this.timer = setInterval(() => void this.renew().catch(() => undefined), (seconds * 1000) / 3);
    this.timer.unref();
  }

  /** Null when there is nothing to do, or another worker is at it. */
  static async take(source: DataSource, runId: number, seconds: number): Promise<RunLease | null> {
    const owner = `${os.hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
    const [run] = await query<RunRow>(
      source,
      `WITH taken AS (
         UPDATE import_run SET lease_owner = $2, lease_until = now() + make_interval(secs => $3),
           state = CASE WHEN state = 'waiting' THEN 'running' ELSE state END, started_at = coalesce(started_at, now())
         WHERE run_id = $1 AND state = ANY($4) AND (lease_until IS NULL OR lease_until < now())
         RETURNING *
       ) SELECT ${COLUMNS} FROM taken`,
      [runId, owner, seconds, WORKED_STATES],
    );
    return run ? new RunLease(source, run, owner, seconds) : null;
  }

  get counts(): RunCounts {
    return { ...NO_COUNTS, ...this.run.counts };
  }

  private renew(): Promise<unknown> {
    return query(
      this.source,
      'UPDATE import_run SET lease_until = now() + make_interval(secs => $3) WHERE run_id = $1 AND lease_owner = $2',
      [this.run.run_id, this.owner, this.seconds],
    );
  }

  /** Writes progress in the caller's transaction, which must fail with LeaseLost when the run is no longer ours. */
  async progress(tx: CopyTx, counts: RunCounts, rowsDone: number | null): Promise<{ stopAsked: boolean }> {
    const [row] = await tx.query<{ stop_asked: boolean }>(
      `WITH moved AS (
         UPDATE import_run SET counts = $3, rows_done = coalesce($4, rows_done), lease_until = now() + make_interval(secs => $5)
         WHERE run_id = $1 AND lease_owner = $2 RETURNING stop_asked
       ) SELECT stop_asked FROM moved`,
      [this.run.run_id, this.owner, JSON.stringify(counts), rowsDone, this.seconds],
    );
    if (!row) throw new LeaseLost();
    return { stopAsked: row.stop_asked };
  }

  /** Records what was understood of the file. */
  async understood(file: unknown): Promise<void> {
    await query(
      this.source,
      `UPDATE import_run SET understood = coalesce(understood, '{}') || jsonb_build_object('file', $3::jsonb) WHERE run_id = $1 AND lease_owner = $2`,
      [this.run.run_id, this.owner, JSON.stringify(file)],
    );
  }

  /** Ends the work and gives the lease back. Does nothing when the lease was lost. */
  async end(
    state: Extract<RunState, 'completed' | 'stopped' | 'failed' | 'undone'>,
    failure: unknown = null,
  ): Promise<void> {
    clearInterval(this.timer);
    await query(
      this.source,
      `UPDATE import_run SET state = $3, failure = $4, stop_asked = false, lease_owner = NULL, lease_until = NULL, ended_at = now()
       WHERE run_id = $1 AND lease_owner = $2`,
      [this.run.run_id, this.owner, state, failure === null ? null : JSON.stringify(failure)],
    );
  }

  /** Gives the lease back with the work undone; another try may begin after `afterS` seconds. */
  async release(afterS: number): Promise<void> {
    clearInterval(this.timer);
    await query(
      this.source,
      'UPDATE import_run SET lease_owner = NULL, lease_until = now() + make_interval(secs => $3) WHERE run_id = $1 AND lease_owner = $2',
      [this.run.run_id, this.owner, afterS],
    );
  }
}
