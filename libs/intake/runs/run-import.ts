// Works a run to its end: reads the original, writes it chunk by chunk, and can be killed at any step.
import type { DataSource } from 'typeorm';
import { Problem } from '#contracts';
import { faultPoint, inTransaction, type CopyTx, type Logger } from '#platform';
import type { IntakeParts } from '../register.js';
import { rowOf, type RegistrationRow } from '../registration-row.js';
import { CHUNK_ROWS, compareChunk, writeChunk, type ChunkCounts } from '../write-chunk.js';
import { LeaseLost, RunLease } from './lease.js';
import { openRun, type OpenedRun } from './open-run.js';
import { removeAbsent, scanRoster } from './roster.js';
import type { KeptProblem, RunCounts } from './run.js';
import { undoRun } from './undo.js';

/** `notMine`: nothing to do, or another worker is at it. `interrupted`: this process is stopping; the run goes on later. */
export type RunEnd = 'completed' | 'stopped' | 'failed' | 'undone' | 'interrupted' | 'notMine';

export interface RunnerOptions {
  /** Seconds a killed worker's run waits until another takes it over. */
  leaseS: number;
}

/** Most problems a dry run keeps; a person reads the first ones. */
const DRY_RUN_PROBLEMS = 200;
/** Seconds before a run that failed on its surroundings is tried again. */
const AGAIN_AFTER_S = 5;

/** Ways in which the database is away for a while: connection lost, shutting down, out of connections, deadlock. */
const PASSING = /^(?:08|53|57P|40|ECONN|EPIPE|ETIMEDOUT)/;

interface Chunk {
  rows: RegistrationRow[];
  problems: { row: number; problems: KeptProblem[] }[];
  repaired: number;
  /** Number of the last row taken in. */
  lastRow: number;
}

class Interrupted extends Error {}

export class ImportRunner {
  constructor(
    private readonly parts: IntakeParts,
    private readonly log: Logger,
    private readonly options: RunnerOptions = { leaseS: 30 },
  ) {}

  private get source(): DataSource {
    return this.parts.source;
  }

  /** Works on the run until it ends, is stopped, or `signal` fires between two chunks. Safe to call for any id, any time. */
  async run(runId: number, signal: AbortSignal): Promise<RunEnd> {
    const lease = await RunLease.take(this.source, runId, this.options.leaseS);
    if (!lease) return 'notMine';
    const began = Date.now();
    try {
      const end = lease.run.state === 'undoing' ? await this.undo(lease, signal) : await this.import(lease, signal);
      await lease.end(end);
      this.log.info({ event: 'import ended', run: runId, end, counts: lease.run.counts, ms: Date.now() - began });
      return end;
    } catch (error) {
      return this.failed(lease, error);
    }
  }

  private async failed(lease: RunLease, error: unknown): Promise<RunEnd> {
    const run = lease.run.run_id;
    if (error instanceof LeaseLost) {
      await lease.release(0);
      return 'notMine';
    }
    if (error instanceof Interrupted) {
      await lease.release(0);
      return 'interrupted';
    }
    if (error instanceof Problem) {
      await lease.end('failed', error.toJSON());
      this.log.warn({ event: 'import failed', run, type: error.type });
      return 'failed';
    }
    const code =
      (error as { driverError?: { code?: string } }).driverError?.code ?? (error as { code?: string }).code ?? '';
    if (PASSING.test(code) || code === '') {
      await lease.release(AGAIN_AFTER_S).catch(() => undefined);
      throw error;
    }
    await lease.end('failed', {
      type: 'urn:saphan:problem:internal',
      title: 'The import failed',
      status: 500,
      detail: `The hub failed at row ${lease.run.rows_done}; ask ops with the run's number.`,
    });
    throw error;
  }

  private async undo(lease: RunLease, signal: AbortSignal): Promise<'undone'> {
    await undoRun(this.parts, lease, () => stopIfAborted(signal));
    return 'undone';
  }

  private async import(lease: RunLease, signal: AbortSignal): Promise<'completed' | 'stopped'> {
    const opened = await openRun(this.source, this.parts.vault, lease.run);
    try {
      await lease.understood(opened.understood);
      const absent =
        lease.run.mode === 'roster'
          ? await scanRoster(this.source, lease.run, opened, () => stopIfAborted(signal))
          : null;
      if ((await this.importRows(lease, opened, signal)) === 'stop') return 'stopped';
      if (!absent) return 'completed';
      return (await removeAbsent(this.parts, lease, absent, () => stopIfAborted(signal))) === 'stop'
        ? 'stopped'
        : 'completed';
    } finally {
      await opened.close();
    }
  }

  /** One chunk is read and judged while the one before it is being written. */
  private async importRows(lease: RunLease, opened: OpenedRun, signal: AbortSignal): Promise<'goOn' | 'stop'> {
    let chunk = emptyChunk(lease.run.rows_done);
    let writing: Promise<'goOn' | 'stop'> = Promise.resolve('goOn');
    const write = async (): Promise<'goOn' | 'stop'> => {
      if ((await writing) === 'stop') return 'stop';
      stopIfAborted(signal);
      writing = this.commit(lease, chunk);
      // Its failure is seen when it is waited for.
      writing.catch(() => undefined);
      chunk = emptyChunk(chunk.lastRow);
      return 'goOn';
    };
    for await (const block of opened.rows(lease.run.rows_done)) {
      for (const judged of block) {
        chunk.lastRow = judged.row;
        if ('problems' in judged) chunk.problems.push({ row: judged.row, problems: judged.problems });
        else {
          const { registration } = judged;
          const providerId = opened.catalogue.providers.get(registration.provider)!.providerId;
          // Names in files are left behind: nothing the hub does needs them.
          chunk.rows.push({
            ...rowOf(registration, providerId, judged.row),
            name: null,
            onlyRevision: judged.onlyRevision ?? null,
          });
          if (registration.repairs.length > 0) chunk.repaired += 1;
        }
        if (chunk.rows.length + chunk.problems.length >= CHUNK_ROWS && (await write()) === 'stop') return 'stop';
      }
    }
    if (chunk.rows.length + chunk.problems.length > 0 && (await write()) === 'stop') return 'stop';
    return writing;
  }

  /** One transaction: rows, what follows from them, problems, and the run's progress. */
  private async commit(lease: RunLease, chunk: Chunk): Promise<'goOn' | 'stop'> {
    const { run } = lease;
    const before = lease.counts;
    let after = before;
    let stopAsked = false;
    const progress = async (tx: CopyTx, counts: ChunkCounts): Promise<void> => {
      after = added(before, counts, chunk);
      ({ stopAsked } = await lease.progress(tx, after, chunk.lastRow));
    };
    const providerIds = await inTransaction(this.source, async (tx) => {
      await keepProblems(
        tx,
        run.run_id,
        chunk,
        run.dry_run ? Math.max(0, DRY_RUN_PROBLEMS - before.rejected) : chunk.problems.length,
      );
      if (run.dry_run) {
        await progress(tx, await compareChunk(tx, chunk.rows, this.parts.vault));
        return [];
      }
      const context = { actorId: run.actor_id, runId: run.run_id, now: new Date() };
      const written = await writeChunk(tx, chunk.rows, context, this.parts, (counts) => progress(tx, counts));
      await faultPoint('import.beforeCommit');
      return written.providerIds;
    });
    run.counts = after;
    run.rows_done = chunk.lastRow;
    await faultPoint('import.afterChunk');
    await this.parts.wakeUp.wake(providerIds);
    return stopAsked ? 'stop' : 'goOn';
  }
}

function stopIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new Interrupted();
}

function emptyChunk(lastRow: number): Chunk {
  return { rows: [], problems: [], repaired: 0, lastRow };
}

function added(before: RunCounts, counts: ChunkCounts, chunk: Chunk): RunCounts {
  return {
    ...before,
    rows: before.rows + chunk.rows.length + chunk.problems.length,
    created: before.created + counts.created,
    amended: before.amended + counts.amended,
    same: before.same + counts.same,
    drafts: before.drafts + counts.drafts,
    withdrawn: before.withdrawn + counts.withdrawn,
    rejected: before.rejected + chunk.problems.length,
    repaired: before.repaired + chunk.repaired,
  };
}

async function keepProblems(tx: CopyTx, runId: number, chunk: Chunk, most: number): Promise<void> {
  const kept = chunk.problems.slice(0, most).map(({ row, problems }) => ({ row_no: row, problems }));
  if (kept.length === 0) return;
  await tx.query(
    `INSERT INTO import_problem (run_id, row_no, problems)
     SELECT $1, row_no, problems FROM json_to_recordset($2) AS kept (row_no bigint, problems jsonb) ON CONFLICT DO NOTHING`,
    [runId, JSON.stringify(kept)],
  );
}
