// What of a run is given, and what it tells at its end.
import type { BatchState } from '#contracts';
import type { ModelProfile, Temperament } from './temperament.js';
import type { FaultPoint } from './worker.js';

export interface RunResult {
  seed: number;
  temperament: Temperament;
  batches: number;
  changes: number;
  /** Entries that ended with a named reason before an operator replayed the uncertain ones. */
  rejected: number;
  uncertain: number;
  faults: Record<string, number>;
  /** Batches by the state in which they ended. */
  ends: Partial<Record<BatchState, number>>;
  fullLists: number;
  /** Batches around something that was sealed ahead. */
  pushed: number;
  /** Proofs of life. */
  empty: number;
}

/** What of a run is not left to the seed. */
export interface Setting {
  temperament?: Partial<Temperament>;
  profile?: Partial<ModelProfile>;
  /** How often a worker is killed at a fault point, or stopped for longer than its lease; 3 % where nothing is said. */
  killed?: Partial<Record<FaultPoint, number>>;
  stopped?: Partial<Record<FaultPoint, number>>;
  answersLost?: number;
  /** No network fault from the start. */
  calm?: boolean;
  entries?: number;
  /** Most seconds between two desires. */
  pace?: number;
  /** Share of desires that are to go now. */
  pushing?: number;
  /** Most seconds between two wishes for a full list; 0 for none. */
  fullLists?: number;
}
