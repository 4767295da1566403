// Bulk: a file of N lines from disk to acknowledged by all six, and the floor program over the same file.
import type { EmbeddedPostgres } from '../../apps/standalone/embedded-postgres.js';
import { importFile, type ImportFigures, type SampleFile } from './import-file.js';
import { startProcess } from './processes.js';
import { compareHeld, withServer, type BenchSystem } from './system.js';
import path from 'node:path';

export interface BulkFigures extends ImportFigures {
  lines: number;
  linesPerS: number;
  held: number;
  wanted: number;
  /** Largest resident memory in bytes by process; null where the system does not tell. */
  peaks: Record<string, number | null>;
}

/** Seconds a bulk run may take: far beyond what is wanted, so that a slow run still yields a figure. */
const patienceS = (lines: number): number => 120 + lines / 500;

export async function measureBulk(system: BenchSystem, sample: SampleFile): Promise<BulkFigures> {
  const figures = await importFile(system, sample, patienceS(sample.lines));
  const peaks = Object.fromEntries(system.processes.map((one) => [one.name, one.peakBytes()]));
  return { ...figures, lines: sample.lines, linesPerS: sample.lines / (figures.acknowledgedMs / 1000), ...(await compareHeld(system)), peaks };
}

export interface FloorFigures {
  lines: number;
  copyMs: number;
  totalMs: number;
  linesPerS: number;
}

export async function measureFloor(server: EmbeddedPostgres, sample: SampleFile, dir: string): Promise<FloorFigures> {
  await withServer(server, (client) => client.query('CREATE DATABASE floor'));
  const receiver = startProcess('floor-receiver', { script: 'test/bench/floor-receiver.js', logFile: path.join(dir, 'floor.log') });
  try {
    const { port } = (await receiver.announced) as { port: number };
    const floor = startProcess('floor', {
      script: 'test/bench/floor.js', args: [sample.file, String(port)], env: { ...process.env, DATABASE_URL: server.url('floor') },
      logFile: path.join(dir, 'floor.log'),
    });
    const figures = new Promise<Omit<FloorFigures, 'linesPerS'>>((resolve, reject) => {
      floor.onLine((line) => resolve(line as unknown as Omit<FloorFigures, 'linesPerS'>));
      floor.announced.catch(reject);
    });
    const { lines, copyMs, totalMs } = await figures;
    return { lines, copyMs, totalMs, linesPerS: lines / (totalMs / 1000) };
  } finally {
    await receiver.stop();
    await withServer(server, (client) => client.query('DROP DATABASE IF EXISTS floor WITH (FORCE)'));
  }
}
