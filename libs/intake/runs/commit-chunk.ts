// One chunk of a run in one transaction: its rows, what follows from them, its problems, and the run's progress.
import { faultPoint, inTransaction, type CopyTx } from '#platform';
import type { IntakeParts } from '../register.js';
import type { RegistrationRow } from '../registration-row.js';
import { compareChunk, writeChunk, type ChunkCounts } from '../write-chunk.js';
import type { RunLease } from './lease.js';
import type { KeptProblem, RunCounts } from './run.js';
import type { Place, Turn } from './two-at-once.js';

/** Most problems a dry run keeps; a person reads the first ones. */
const DRY_RUN_PROBLEMS = 200;

export interface Chunk {
  rows: RegistrationRow[];
  problems: { row: number; problems: KeptProblem[] }[];
  repaired: number;
  /** Number of the last row taken in. */
  lastRow: number;
}

export function emptyChunk(lastRow: number): Chunk {
  return { rows: [], problems: [], repaired: 0, lastRow };
}

/** Writes the chunk, or only counts it in a dry run; says whether a stop was asked for. @throws LeaseLost */
export async function commitChunk(parts: IntakeParts, lease: RunLease, chunk: Chunk, place: Place): Promise<Turn> {
  const { run } = lease;
  let after = lease.counts;
  let stopAsked = false;
  const progress = async (tx: CopyTx, counts: ChunkCounts): Promise<void> => {
    place.linesLocked();
    await place.waitForTurn();
    await keepProblems(tx, lease, chunk);
    after = added(lease.counts, counts, chunk);
    ({ stopAsked } = await lease.progress(tx, after, chunk.lastRow));
  };
  const providerIds = await inTransaction(parts.source, async (tx) => {
    try {
      if (run.dry_run) {
        await progress(tx, await compareChunk(tx, chunk.rows, parts.vault));
        return [];
      }
      const context = { actorId: run.actor_id, runId: run.run_id, now: new Date() };
      const written = await writeChunk(tx, chunk.rows, context, parts, (counts) => progress(tx, counts));
      await faultPoint('import.beforeCommit');
      return written.providerIds;
    } catch (error) {
      place.failed();
      throw error;
    }
  });
  run.counts = after;
  run.rows_done = chunk.lastRow;
  await faultPoint('import.afterChunk');
  await parts.wakeUp.wake(providerIds);
  return stopAsked ? 'stop' : 'goOn';
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

async function keepProblems(tx: CopyTx, lease: RunLease, chunk: Chunk): Promise<void> {
  const most = lease.run.dry_run ? Math.max(0, DRY_RUN_PROBLEMS - lease.counts.rejected) : chunk.problems.length;
  const kept = chunk.problems.slice(0, most).map(({ row, problems }) => ({ row_no: row, problems }));
  if (kept.length === 0) return;
  await tx.query(
    `INSERT INTO import_problem (run_id, row_no, problems)
     SELECT $1, row_no, problems FROM json_to_recordset($2) AS kept (row_no bigint, problems jsonb) ON CONFLICT DO NOTHING`,
    [lease.run.run_id, JSON.stringify(kept)],
  );
}
