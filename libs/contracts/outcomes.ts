// What a provider may say of a batch, in one shape for every protocol; adapters translate into it.
import type { ResultCode } from './result-codes.js';
import type { SetAsideReason } from './set-aside.js';
import type { OutcomeWord } from './words.js';

/** One line's outcome. `n` is the position in the batch from 1; `ref` the entry it must match. */
export interface LineOutcome {
  n: number;
  ref: string;
  outcome: Exclude<OutcomeWord, 'unknown'>;
  code?: ResultCode;
  /** Seconds the provider asked to wait before trying this line again. */
  retryAfter?: number;
  /**
   * What the provider calls this entry from now on (TMF641's service id), to be given back in later batches; null when
   * it does not know what it was called before.
   */
  handle?: string | null;
}

/**
 * The provider's word on positions `first`..`last` (both ends included; absent: the whole batch). `default` speaks for
 * every position that is not in `except`; without it only what is listed is answered and the rest stays unknown.
 */
export interface Outcomes {
  default?: 'applied' | 'already';
  except: LineOutcome[];
  first?: number;
  last?: number;
}

/** What was accepted of an answer, and what was set aside because it matches nothing that was sent. */
export interface RecordedOutcomes {
  accepted: number;
  setAside: number;
  /** True when every line of the batch now has an outcome. */
  settled: boolean;
  /** Why something was set aside. */
  because?: { reason: SetAsideReason; detail: string };
}
