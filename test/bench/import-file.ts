// A sample file made, sent through the API like any agency's, and followed until all six providers acknowledged it.
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import path from 'node:path';
import { generateSample, loadAgencies } from '#intake';
import { bangkokDay, query } from '#platform';
import { settled } from './settle.js';
import type { BenchSystem } from './system.js';

export interface SampleFile {
  file: string;
  lines: number;
  bytes: number;
}

/** The same seed gives the same file. `mess` is the share of damaged rows. */
export async function makeSample(dir: string, lines: number, seed: number, mess: number): Promise<SampleFile> {
  const file = path.join(dir, `sample-${lines}-${seed}.csv`);
  await generateSample(
    { lines, seed, mess, agencies: loadAgencies(), format: 'csv', today: bangkokDay(new Date()) },
    createWriteStream(file, { mode: 0o600 }),
  );
  return { file, lines, bytes: statSync(file).size };
}

/** Times in milliseconds since the upload began. */
export interface ImportFigures {
  uploadedMs: number;
  importedMs: number;
  acknowledgedMs: number;
  counts: Record<string, number>;
}

interface Run {
  runId: number;
  state: string;
  counts: Record<string, number>;
}

interface Ends {
  imported: Date | null;
  acknowledged: Date | null;
}

const ENDS = `
SELECT (SELECT ended_at FROM import_run WHERE run_id = $1) AS imported, (SELECT max(ended_at) FROM batch) AS acknowledged`;

/** Imports the file and waits until nothing is under way. The times are the database's own, on this machine's clock. */
export async function importFile(system: BenchSystem, { file }: SampleFile, withinS: number): Promise<ImportFigures> {
  const began = Date.now();
  const { data: started } = await system.http.post<Run>('/v1/imports', createReadStream(file), {
    headers: { 'content-type': 'text/csv' },
  });
  const uploadedMs = Date.now() - began;
  let run = started;
  for (const end = began + withinS * 1000; !['completed', 'failed', 'stopped'].includes(run.state);) {
    if (Date.now() > end) throw new Error(`the import is not done after ${withinS} s: ${JSON.stringify(run)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    run = (await system.http.get<Run>(`/v1/imports/${started.runId}`)).data;
  }
  if (run.state !== 'completed') throw new Error(`the import ended as ${run.state}: ${JSON.stringify(run)}`);
  await settled(system.source, withinS);
  const [ends] = await query<Ends>(system.source, ENDS, [started.runId]);
  const since = (at: Date | null | undefined): number => (at ? at.getTime() - began : Number.NaN);
  return {
    uploadedMs,
    importedMs: since(ends?.imported),
    acknowledgedMs: since(ends?.acknowledged),
    counts: run.counts,
  };
}
