// Bulk: a file of N lines from disk to acknowledged by all six, and the floor program over the same file.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { EmbeddedPostgres } from '../../apps/standalone/embedded-postgres.js';
import { cpuSeconds, familyCpuSeconds, machineCpuSeconds } from './cpu.js';
import { importFile, type ImportFigures, type SampleFile } from './import-file.js';
import { startProcess } from './processes.js';
import { compareHeld, withServer, type BenchSystem } from './system.js';

export interface BulkFigures extends ImportFigures {
  lines: number;
  linesPerS: number;
  held: number;
  wanted: number;
  /** Processor seconds by process during the run, `postgres` and `others` (not of this run) among them. */
  cpu: Record<string, number | null>;
  /** Largest resident memory in bytes by process; null where the system does not tell. */
  peaks: Record<string, number | null>;
}

/** Seconds a bulk run may take: far beyond what is wanted, so that a slow run still yields a figure. */
const patienceS = (lines: number): number => 120 + lines / 500;

export async function measureBulk(
  server: EmbeddedPostgres,
  system: BenchSystem,
  sample: SampleFile,
): Promise<BulkFigures> {
  const before = cpuNow(server, system);
  const figures = await importFile(system, sample, patienceS(sample.lines));
  const after = cpuNow(server, system);
  const used = Object.fromEntries(Object.entries(after).map(([name, at]) => [name, minus(at, before[name] ?? null)]));
  const ours = Object.entries(used).reduce((sum, [name, took]) => (name === 'machine' ? sum : sum + (took ?? 0)), 0);
  const { machine = null, ...cpu } = used;
  const peaks = Object.fromEntries(system.processes.map((one) => [one.name, one.peakBytes()]));
  return {
    ...figures,
    lines: sample.lines,
    linesPerS: sample.lines / (figures.acknowledgedMs / 1000),
    ...(await compareHeld(system)),
    peaks,
    cpu: { ...cpu, others: minus(machine, ours) },
  };
}

function cpuNow(server: EmbeddedPostgres, system: BenchSystem): Record<string, number | null> {
  const postmaster = Number(readFileSync(path.join(server.dataDir, 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
  return {
    ...Object.fromEntries(system.processes.map((one) => [one.name, cpuSeconds(one.pid)])),
    postgres: familyCpuSeconds(postmaster),
    bench: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
    machine: machineCpuSeconds(),
  };
}

const minus = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : Math.max(0, a - b);

export interface FloorFigures {
  lines: number;
  copyMs: number;
  totalMs: number;
  linesPerS: number;
}

export async function measureFloor(server: EmbeddedPostgres, sample: SampleFile, dir: string): Promise<FloorFigures> {
  await withServer(server, (client) => client.query('CREATE DATABASE floor'));
  const receiver = startProcess('floor-receiver', {
    script: 'test/bench/floor-receiver.js',
    logFile: path.join(dir, 'floor.log'),
  });
  try {
    const { port } = (await receiver.announced) as { port: number };
    const floor = startProcess('floor', {
      script: 'test/bench/floor.js',
      args: [sample.file, String(port)],
      env: { ...process.env, DATABASE_URL: server.url('floor') },
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
