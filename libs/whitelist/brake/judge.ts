// The removal brake as a plain judgement: which removals may go, on what account, and which are held.
import type { Cause } from '#contracts';

/** Removals that may always go, so that small lists can be worked on. */
export const LEAST_BUDGET = 200;

/** What a provider may lose in any 24 hours: 1 % of what it was acknowledged to hold, at least 200. */
export function dailyBudget(acknowledged: number): number {
  return Math.max(LEAST_BUDGET, Math.floor(acknowledged / 100));
}

/** Never held, only counted: the person's own word, and the day that was registered. */
export type FreeKind = 'withdrawn' | 'expired';
export function freeKind(cause: Cause): FreeKind | null {
  return cause === 'withdrawn' || cause === 'expired' ? cause : null;
}

/** A removal that is about to be appended. */
export interface Removal {
  lineId: number;
  /** The planned hand-over that it is part of, if any. */
  handOver: number | null;
}

/** What is left on each account of one provider. */
export interface Room {
  /** Of the day's budget; may be below 0 when the list shrank. */
  budget: number;
  /** Of planned mass removals, in the order in which they are drawn on. */
  planned: readonly { id: number; left: number }[];
  /** Of the provider's own hand-overs, by id. */
  handOvers: ReadonlyMap<number, number>;
}

/** So many removals on one account. */
export interface Draw {
  kind: 'budget' | 'planned' | 'handOver';
  subject: number | null;
  lines: number;
}

/**
 * Shares out the room: a hand-over's removals to its own reservation first, what is left to planned removals, then to the
 * day's budget, in the order given. As many go as there is room for, not one more; `held` are the lines that do not.
 */
export function judgeRemovals(removals: readonly Removal[], room: Room): { draws: Draw[]; held: number[] } {
  const draws = new Map<string, Draw>();
  const handOvers = new Map(room.handOvers);
  const planned = room.planned.map((each) => ({ ...each }));
  let budget = Math.max(0, room.budget);
  const draw = (kind: Draw['kind'], subject: number | null): void => {
    const key = `${kind} ${subject}`;
    const known = draws.get(key);
    if (known) known.lines += 1;
    else draws.set(key, { kind, subject, lines: 1 });
  };
  const held: number[] = [];
  for (const { lineId, handOver } of removals) {
    const own = handOver === null ? 0 : (handOvers.get(handOver) ?? 0);
    const plan = planned.find(({ left }) => left > 0);
    if (handOver !== null && own > 0) {
      handOvers.set(handOver, own - 1);
      draw('handOver', handOver);
    } else if (plan) {
      plan.left -= 1;
      draw('planned', plan.id);
    } else if (budget > 0) {
      budget -= 1;
      draw('budget', null);
    } else {
      held.push(lineId);
    }
  }
  return { draws: [...draws.values()], held };
}
