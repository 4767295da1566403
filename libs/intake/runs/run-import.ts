// Works a run to its end: reads the original, writes it chunk by chunk, and can be killed at any step.
import type { DataSource } from 'typeorm';
import { Problem } from '#contracts';
import { faultPoint } from '#platform';
import type { Logger } from '#platform';
import { receiverOf, type Catalogue } from '../catalogue.js';
import type { IntakeParts } from '../register.js';
import { rowOf } from '../registration-row.js';
import { CHUNK_ROWS } from '../write-chunk.js';
import { commitChunk, emptyChunk, type Chunk } from './commit-chunk.js';
import { LeaseLost, RunLease } from './lease.js';
import { openRun, type JudgedRow, type OpenedRun } from './open-run.js';
import { removeAbsent, scanRoster } from './roster.js';
import { TwoAtOnce, type Turn } from './two-at-once.js';
import { undoRun } from './undo.js';

/** `notMine`: nothing to do, or another worker is at it. `interrupted`: this process is stopping; the run goes on later. */
export type RunEnd = 'completed' | 'stopped' | 'failed' | 'undone' | 'interrupted' | 'notMine';

export interface RunnerOptions {
  /** Seconds a killed worker's run waits until another takes it over. */
  leaseS: number;
}

/** Seconds before a run that failed on its surroundings is tried again. */
const AGAIN_AFTER_S = 5;

/**
 * What passes by itself or is put right by whoever looks after the machine: the database away for a while (connection lost,
 * shutting down, out of connections, deadlock, a transaction that was idle too long), a full disk, too many open files.
 */
const PASSING = /^(?:08|53|57P|40|25P03|ECONN|EPIPE|ETIMEDOUT|ENOSPC|EDQUOT|EFBIG|EMFILE|ENFILE|EIO)/;

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
    await faultPoint('import.taken');
    try {
      const end = lease.run.state === 'undoing' ? await this.undo(lease, signal) : await this.import(lease, signal);
      await faultPoint('import.allRead');
      await lease.end(end);
      await faultPoint('import.ended');
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

  /** Chunks are read and judged while those before them are being written. */
  private async importRows(lease: RunLease, opened: OpenedRun, signal: AbortSignal): Promise<Turn> {
    const line = new TwoAtOnce();
    let chunk = emptyChunk(lease.run.rows_done);
    const write = (): Promise<Turn> => {
      stopIfAborted(signal);
      const whole = chunk;
      chunk = emptyChunk(whole.lastRow);
      return line.begin((place) => commitChunk(this.parts, lease, whole, place));
    };
    try {
      for await (const block of opened.rows(lease.run.rows_done)) {
        for (const judged of block) {
          take(chunk, judged, opened.catalogue);
          if (chunk.rows.length + chunk.problems.length >= CHUNK_ROWS && (await write()) === 'stop') return 'stop';
        }
      }
      if (chunk.rows.length + chunk.problems.length > 0 && (await write()) === 'stop') return 'stop';
    } finally {
      // Whatever happened: nothing of this run is being written when its lease goes back.
      await line.end().catch(() => undefined);
    }
    return line.end();
  }
}

function take(chunk: Chunk, judged: JudgedRow, catalogue: Catalogue): void {
  chunk.lastRow = judged.row;
  if ('problems' in judged) {
    chunk.problems.push({ row: judged.row, problems: judged.problems });
    return;
  }
  const { registration, onlyRevision = null } = judged;
  const named = catalogue.providers.get(registration.provider)!;
  const { providerId } = receiverOf(catalogue, named, registration.lineKey);
  // Names in files are left behind: nothing the hub does needs them.
  chunk.rows.push({ ...rowOf(registration, providerId, judged.row), name: null, onlyRevision });
  if (registration.repairs.length > 0) chunk.repaired += 1;
}

function stopIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new Interrupted();
}
