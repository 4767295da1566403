// An import whose process is killed with SIGKILL at marked steps goes on elsewhere and ends with the same counts.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { askForUndo, showRun, unfinishedRuns } from '#intake';
import { query } from '#platform';
import { csv, faults, fileOf, present, startIntake, type TestIntake } from './intake-kit.js';

const program = fileURLToPath(new URL('./import-process.js', import.meta.url));

describe('an import that is killed', () => {
  let intake: TestIntake;
  before(async () => {
    intake = await startIntake();
  });
  after(() => intake.close());

  /** Runs it in a process of its own until that ends; returns how. */
  async function work(runId: number, fault = ''): Promise<{ signal: string | null; said: string }> {
    const env = {
      ...process.env,
      DATABASE_URL: intake.url,
      SAPHAN_MASTER_KEY: intake.masterKey,
      SAPHAN_ALLOW_PRIVATE_TARGETS: 'yes',
      SAPHAN_FAULT: fault,
    };
    const child = spawn(process.execPath, [program, String(runId)], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (data: Buffer) => (said += data.toString()));
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    return { signal, said: said.trim() };
  }

  /** The lease of the killed process runs out: a fact of the database, not a guess. */
  async function takeable(runId: number): Promise<void> {
    while ((await unfinishedRuns(intake.source, runId)).length === 0) await sleep(50);
  }

  for (const [n, fault] of ['import.beforeCommit:2', 'import.afterChunk:1', 'import.afterChunk:3'].entries()) {
    test(`at ${fault}: what was committed stays, the rest follows, and every job id is a new one`, async () => {
      const bad = csv([{ reference: 'bad', number: '1' }]).split('\n')[1]!;
      const runId = await intake.upload(`${fileOf(6500, 10_000 * n)}${bad}\n`);
      const [first] = await unfinishedRuns(intake.source, runId);
      assert.equal((await work(runId, fault)).signal, 'SIGKILL');
      const { counts, rowsDone } = await showRun(intake.source, runId);
      assert.equal(counts.created, fault === 'import.afterChunk:3' ? 6000 : 2000);
      assert.equal(rowsDone, counts.rows + 1);
      await takeable(runId);
      const [second] = await unfinishedRuns(intake.source, runId);
      assert.notEqual(second?.jobId, first?.jobId);
      assert.equal((await work(runId)).said, 'completed');
      const end = (await showRun(intake.source, runId)).counts;
      assert.deepEqual([end.rows, end.created, end.rejected, end.same], [6501, 6500, 1, 0]);
      assert.deepEqual(await faults(intake.source), []);
      assert.equal((await query(intake.source, 'SELECT 1 FROM import_problem WHERE run_id = $1', [runId])).length, 1);
    });
  }

  test('an undo that is killed goes on, too', async () => {
    const before = (await present(intake.source)).length;
    const { runId } = await intake.import(fileOf(5000, 100_000));
    await askForUndo(intake.source, runId, 1, 400);
    assert.equal((await work(runId, 'import.afterUndoChunk:1')).signal, 'SIGKILL');
    await takeable(runId);
    assert.equal((await work(runId)).said, 'undone');
    assert.deepEqual((await showRun(intake.source, runId)).counts.undone, { cancelled: 5000, restored: 0, kept: 0 });
    assert.equal((await present(intake.source)).length, before);
    assert.deepEqual(await faults(intake.source), []);
  });

  test('two workers on one run: one does it, the other leaves it', async () => {
    const runId = await intake.upload(fileOf(4000, 200_000));
    const both = await Promise.all([work(runId), work(runId)]);
    assert.deepEqual(both.map((each) => each.said).sort(), ['completed', 'notMine']);
    assert.equal((await showRun(intake.source, runId)).counts.created, 4000);
  });
});
