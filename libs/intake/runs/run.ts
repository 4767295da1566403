// An import run: its states as constants, its row, and how it is shown.
import type { ChunkCounts } from '../write-chunk.js';
import type { Encoding, RowProblem, Separator } from '../reading/index.js';
import type { Day } from '#contracts';

/**
 * `uploading` the original is coming in; `waiting` for a worker; `running`; `stopped` by a person, goes on when started;
 * `completed`; `failed` as a whole, with the reason; `undoing`, `undone`. A dry run ends as `completed` with `dry_run`.
 */
export type RunState = 'uploading' | 'waiting' | 'running' | 'stopped' | 'completed' | 'failed' | 'undoing' | 'undone';

/** What may follow on what; everything else is refused with 409. */
export const RUN_MOVES: Record<RunState, readonly RunState[]> = {
  uploading: ['waiting', 'failed'],
  waiting: ['running', 'stopped'],
  running: ['completed', 'stopped', 'failed'],
  stopped: ['waiting', 'undoing'],
  completed: ['waiting', 'undoing'],
  failed: ['waiting', 'undoing'],
  undoing: ['undone'],
  undone: [],
};

/** The states in which a worker has something to do. */
export const WORKED_STATES: readonly RunState[] = ['waiting', 'running', 'undoing'];

export type RunMode = 'add' | 'roster';
export type RunSource = 'csv' | 'xlsx' | 'ndjson';

/**
 * rows = created + amended + same + rejected; drafts, withdrawn and repaired say how many of them were that, too.
 * `removed` (roster) and `undone` are counted apart.
 */
export interface RunCounts extends ChunkCounts {
  rows: number;
  rejected: number;
  repaired: number;
  /** Roster: registrations cancelled because the file no longer has them; in a dry run, that would be. */
  removed: number;
  /** Roster: absent, but kept, because rejected rows may be theirs. */
  removalsWithheld: number;
  undone?: UndoCounts;
}

/** `kept`: changed again since the import, so that undoing it would undo somebody else's act. */
export interface UndoCounts {
  cancelled: number;
  restored: number;
  kept: number;
}

export const NO_COUNTS: RunCounts = {
  rows: 0,
  created: 0,
  amended: 0,
  same: 0,
  drafts: 0,
  withdrawn: 0,
  rejected: 0,
  repaired: 0,
  removed: 0,
  removalsWithheld: 0,
};

/** What the sender says about the file, for what the file itself leaves open. */
export interface RunOptions {
  encoding?: Encoding;
  separator?: Separator;
  sheet?: string;
  validFrom?: Day;
  validTo?: Day;
  /** The run was made by the hub itself to move the end of registrations; see extend.ts. */
  extension?: { endingOn: Day; to: Day };
}

export interface RunRow {
  run_id: number;
  mode: RunMode;
  source: RunSource;
  agency_id: number | null;
  dry_run: boolean;
  state: RunState;
  stop_asked: boolean;
  file_size: number | null;
  understood: { options: RunOptions; file?: unknown } | null;
  /** Number of the last row committed, as a spreadsheet counts; the run goes on after it. */
  rows_done: number;
  counts: Partial<RunCounts>;
  failure: unknown;
  actor_id: number;
  created_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
}

/** A rejected row's reason as it is kept: never with what the cell held. */
export type KeptProblem = Pick<RowProblem, 'field' | 'th' | 'en'> & { code: string };
