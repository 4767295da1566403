// How a batch's state moves: forward only, whatever the order in which attempts end and answers arrive.
import type { BatchState } from '#contracts';
import type { Verdict } from './after-attempt.js';

/**
 * The state after a verdict of an attempt whose lease is still held (of any other, only outcomes count), or after a
 * refusal that came by itself.
 * @param heard lines with an outcome so far: whoever answered lines has the batch, whatever else was said
 */
export function stateAfter(state: BatchState, verdict: Verdict['verdict'], heard: number): BatchState {
  const open = state === 'handed' || state === 'accepted';
  switch (verdict) {
    case 'accepted':
      return open ? 'accepted' : state;
    case 'again':
      return state === 'handed' ? 'sealed' : state;
    case 'refused':
      return open && heard === 0 ? 'refused' : state;
    case 'close':
      return open && heard === 0 ? 'closed' : state;
    case 'unclear':
    case 'stop':
      return state;
  }
}

/** What an answer about a batch may do. */
export type AnswerUse =
  /** It refers to nothing that could have been answered: counted, shown, moves nothing. */
  | 'setAside'
  /** Its outcomes are merged. */
  | 'merge'
  /** Merged, and entries with newer changes are appended again, because it may have been applied after them. */
  | 'mergeAndRepeat';

/**
 * How an answer is used.
 * @param everHanded whether an attempt was ever begun
 * @param suspect whether the batch was closed, given up, or had an attempt that lost its lease: then its answer may
 *   tell of an application that came after newer batches
 */
export function useOfAnswer(state: BatchState, everHanded: boolean, suspect: boolean): AnswerUse {
  if (!everHanded || state === 'refused') return 'setAside';
  return suspect ? 'mergeAndRepeat' : 'merge';
}
