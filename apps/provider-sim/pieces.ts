// Cuts a part's outcomes into the pieces that are told one by one, and spoils some of them as the dial says.
import { randomUUID } from 'node:crypto';
import type { Dial } from './dial.js';
import type { Effects } from './effects.js';
import { between, type Random } from './random.js';
import type { Outcomes } from './words.js';

export type Twist = 'none' | 'repeat' | 'contradict' | 'unknownBatch' | 'shifted' | 'badSignature';

export interface Piece {
  /** Of the message; a repeated one has the id of the first. */
  id: string;
  batch: number;
  part: number;
  outcomes: Outcomes;
  /** Milliseconds from now. */
  delayMs: number;
  twist: Twist;
}

/** Outcomes of a run of positions as they stand in `whole`. */
function cut(whole: Outcomes, first: number, last: number): Outcomes {
  return { ...whole, first, last, except: whole.except.filter((one) => one.n >= first && one.n <= last) };
}

/** Who tells: its temper, its luck, and where it is counted what came of them. */
export interface Teller {
  dial: Dial;
  random: Random;
  effects: Effects;
}

/** Pieces of `whole`, in the order of their positions, followed each by its twisted copies. */
export function piecesOf(batch: number, part: number, whole: Outcomes, { dial, random, effects }: Teller): Piece[] {
  const { answer } = dial;
  const size = answer.partSize > 0 ? answer.partSize : Infinity;
  const pieces: Piece[] = [];
  for (let first = whole.first; first <= whole.last || pieces.length === 0; first += size) {
    const last = Math.min(first + size - 1, whole.last);
    const outcomes = size === Infinity ? whole : cut(whole, first, last);
    const omitted = random() < answer.omit;
    const kept = random() < answer.reorder ? between(random, 1, answer.reorderMs) : 0;
    const delayMs = between(random, answer.delayMs.min, answer.delayMs.max) + kept;
    const id = randomUUID();
    if (omitted) effects.count('answer.omit');
    else pieces.push({ id, batch, part, outcomes, delayMs, twist: 'none' });
    if (outcomes !== whole) effects.count('answer.partSize');
    if (kept > 0) effects.count('answer.reorder', 'answer.reorderMs');
    if (delayMs > kept) effects.count('answer.delayMs.max');
    if (answer.delayMs.min > 0) effects.count('answer.delayMs.min');
    for (const twist of ['repeat', 'contradict', 'unknownBatch', 'shifted', 'badSignature'] as const) {
      const extra = random() < answer[twist];
      if (extra && !omitted) {
        // Only lines that are listed can be contradicted or shifted, since the default carries no refs.
        const shows = (twist !== 'contradict' && twist !== 'shifted') || outcomes.except.length > 0;
        if (shows) effects.count(`answer.${twist}`);
        const copy = { id: twist === 'repeat' ? id : randomUUID(), batch, part, outcomes, twist };
        pieces.push(twisted({ ...copy, delayMs: delayMs + between(random, 0, answer.reorderMs) }));
      }
    }
    if (first + size > whole.last) break;
  }
  return pieces;
}

function twisted(piece: Piece): Piece {
  const { outcomes } = piece;
  switch (piece.twist) {
    case 'unknownBatch':
      return { ...piece, batch: piece.batch + 100_000 };
    case 'contradict':
      return { ...piece, outcomes: { ...outcomes, default: undefined, except: outcomes.except.map(contradicted) } };
    case 'shifted':
      return {
        ...piece,
        outcomes: { ...outcomes, default: undefined, except: outcomes.except.map((one) => ({ ...one, n: one.n + 1 })) },
      };
    default:
      return piece;
  }
}

function contradicted(one: Outcomes['except'][number]): Outcomes['except'][number] {
  return one.outcome === 'rejected'
    ? { n: one.n, ref: one.ref, outcome: 'applied' }
    : { n: one.n, ref: one.ref, outcome: 'rejected', code: 'PROVIDER_ERROR' };
}
