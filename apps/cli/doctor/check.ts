// What the doctor found at one place, and what to do about it.
import type { Words } from '../language.js';

type Verdict = 'ok' | 'warning' | 'wrong' | 'skipped';

export interface Check {
  check: string;
  verdict: Verdict;
  found: string;
  /** What to do; empty when all is well. */
  todo: Words;
}

export const NOTHING: Words = { th: '', en: '' };
/** Standard Webhooks signatures are good for five minutes; a clock this wrong is on the way there. */
export const CLOCK_S = 5;
