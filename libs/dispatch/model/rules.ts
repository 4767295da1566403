// The rules that decide in the model: the real functions, as an object, so that each can be taken away by itself.
import { heardOf, meantFor, merge, resolve } from '../../acknowledgement/merge.js';
import { afterAsking, afterHandOver } from '../rules/after-attempt.js';
import { pushFate } from '../rules/ahead.js';
import { isLatest, overtaken, stillDue } from '../rules/append-again.js';
import { awaited } from '../rules/awaited.js';
import { stateAfter, useOfAnswer } from '../rules/batch-state.js';
import { halve } from '../rules/halves.js';
import { nextStep } from '../rules/next-step.js';
import { selectLines } from '../rules/select-lines.js';

export const REAL_RULES = {
  afterAsking,
  afterHandOver,
  awaited,
  halve,
  heardOf,
  isLatest,
  meantFor,
  merge,
  nextStep,
  overtaken,
  pushFate,
  resolve,
  selectLines,
  stateAfter,
  stillDue,
  useOfAnswer,
  /** Every append writes the entry's current desired state, whatever the change that caused it said. */
  contentToAppend: (current: string | null, _ofTheCause: string | null): string | null => current,
  /** What waited for an outcome is appended again when it arrives. */
  appendsWhatWaited: true,
  /** What an attempt that lost its lease may have overtaken is repeated when its end is recorded. */
  repeatsAtLostEnd: true,
  /** The same for an attempt that is found open after its lease was lost. */
  repeatsWhenFoundOpen: true,
  /** Only an attempt whose lease is held moves the batch's state. */
  checksLease: true,
  /** What is due is looked at again in the transaction that seals. */
  decidesAgainWhenSealing: true,
  /** A full list is sealed with everything up to its position; later batches start after it. */
  fullListMovesPosition: true,
  /** A full list that arrives late overtakes every entry, not only those that stand in it. */
  fullListOvertakesAll: true,
  /** Exceptions that a full list overrules end when it is settled. */
  fullListCoversExceptions: true,
  /** Silence is uncertain, never taken for an outcome. */
  silenceIsUncertain: true,
};

export type Rules = typeof REAL_RULES;
