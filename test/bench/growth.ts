// Whether 1,000 changes take longer beside many entries than beside few.
import { query } from '#platform';
import { importFile, makeSample } from './import-file.js';
import type { BenchSystem } from './system.js';

export const CHANGES = 1000;
/** Files of one measurement; their median counts. */
const ROUNDS = 5;

export interface GrowthFigures {
  entries: number;
  /** Of each file of 1,000 new lines, from upload to acknowledged by all six, in milliseconds. */
  rounds: number[];
  medianMs: number;
}

/** @param firstSeed of the files; every file has a seed of its own, so that its lines are new */
export async function measureChanges(system: BenchSystem, dir: string, firstSeed: number): Promise<GrowthFigures> {
  const [row] = await query<{ entries: number }>(system.source, 'SELECT count(*) AS entries FROM entry');
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { acknowledgedMs } = await importFile(system, await makeSample(dir, CHANGES, firstSeed + round, 0), 120);
    rounds.push(acknowledgedMs);
  }
  return {
    entries: row?.entries ?? 0,
    rounds,
    medianMs: rounds.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN,
  };
}
