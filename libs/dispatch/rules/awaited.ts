// The predecessor rule's other half: what must be heard before anything newer of an entry may be sent.
import { ENDED_STATES, type BatchState } from '#contracts';

/** What became of one change once its range was sealed. */
export type Fate =
  /** It travelled, in the batch that last took it up. `answered`: an outcome was heard, or it was given up. */
  | { role: 'line'; state: BatchState; answered: boolean }
  /** It is said by a full list through its absence. */
  | { role: 'absent'; state: BatchState }
  /** It waits for another change, or (null) it did: whatever it waited for has happened. */
  | { role: 'omitted'; waitsFor: number | null }
  /** A newer change of the entry speaks for it. */
  | { role: 'collapsed' };

/**
 * The seq whose outcome must be heard before anything newer than `seq` of its entry may be sent, or null when the way
 * is free. A change of a refused batch is awaited until a half has taken it up: `refused` ends the batch, not the
 * change.
 */
export function awaited(seq: number, fate: Fate): number | null {
  switch (fate.role) {
    case 'line':
      return fate.answered || isOver(fate.state) ? null : seq;
    case 'absent':
      return isOver(fate.state) ? null : seq;
    case 'omitted':
      return fate.waitsFor;
    case 'collapsed':
      return null;
  }
}

function isOver(state: BatchState): boolean {
  return state !== 'refused' && ENDED_STATES.includes(state);
}
