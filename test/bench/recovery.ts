// The worker is killed in the middle of an import: how long until a new one sends again, and until all is acknowledged.
import { setTimeout as sleep } from 'node:timers/promises';
import { query } from '#platform';
import { importFile, type SampleFile } from './import-file.js';
import type { BenchSystem } from './system.js';

export interface RecoveryFigures {
  /** Milliseconds from the start of the new process to the first attempt that it made, and to the next chunk imported. */
  firstAttemptMs: number;
  firstChunkMs: number;
}

/** Kills the worker when a third of the import is done, starts another at once. */
export async function measureRecovery(system: BenchSystem, sample: SampleFile): Promise<RecoveryFigures> {
  const importing = importFile(system, sample, 600);
  importing.catch(() => undefined);
  const done = async (): Promise<number> =>
    (await query<{ rows: number }>(system.source, 'SELECT coalesce(max(rows_done), 0) AS rows FROM import_run'))[0]
      ?.rows ?? 0;
  while ((await done()) < sample.lines / 3) await sleep(50);
  await system.killWorker();
  const before = await done();
  const [{ last } = { last: '' }] = await query<{ last: string }>(
    system.source,
    'SELECT clock_timestamp()::text AS last',
  );
  const began = Date.now();
  system.startWorker();
  const figures = { firstAttemptMs: 0, firstChunkMs: 0 };
  while (figures.firstAttemptMs === 0 || figures.firstChunkMs === 0) {
    if (Date.now() - began > 120_000) throw new Error('the new worker did not go on within two minutes');
    const [{ attempts } = { attempts: 0 }] = await query<{ attempts: number }>(
      system.source,
      'SELECT count(*) AS attempts FROM attempt WHERE started_at > $1::timestamptz',
      [last],
    );
    if (attempts > 0 && figures.firstAttemptMs === 0) figures.firstAttemptMs = Date.now() - began;
    if ((await done()) > before && figures.firstChunkMs === 0) figures.firstChunkMs = Date.now() - began;
    await sleep(20);
  }
  await importing;
  return figures;
}
