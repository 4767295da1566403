// Moves between providers, in every sweep of the provider that takes lines over, and the end of re-route tasks.
import { endReroutes } from '#acknowledgement';
import type { SweepTask } from '#dispatch';
import { runHandOvers } from '#intake';
import { bangkokDay, query } from '#platform';
import { closeMoves } from '#whitelist';
import type { SweepParts } from './sweep-tasks.js';

/** Runs the work unless another process is at it. */
type Alone = (key: number, work: () => Promise<void>) => Promise<void>;

/** So long a sweep works on hand-overs before the provider's other tasks have their turn again. */
const BUDGET_MS = 1_000;

/** Re-route tasks that end by themselves are nobody's hurry. */
const REROUTES_MS = 2_000;

/** Keys of the advisory locks, beside those of sweep-tasks.ts. */
const MOVES = 7_241_000;

const ANYTHING = `
SELECT EXISTS (SELECT 1 FROM move WHERE to_provider = $1 AND state = 'open') AS moves,
  EXISTS (SELECT 1 FROM hand_over WHERE to_provider = $1 AND (state IN ('running', 'paused') OR ended_at > now() - interval '1 hour')) AS "handOvers"`;

export function moveTasks(parts: SweepParts, alone: Alone): SweepTask[] {
  return [moves(parts, alone), reroutes(parts)];
}

function moves({ source, derivation, wakeUp, alerts, log }: SweepParts, alone: Alone): SweepTask {
  return async ({ providerId, code }, signal) => {
    const [due] = await query<{ moves: boolean; handOvers: boolean }>(source, ANYTHING, [providerId]);
    if (!due?.moves && !due?.handOvers) return;
    await alone(MOVES + providerId, async () => {
      const { ended, providerIds } = await closeMoves(source, derivation, providerId, bangkokDay(new Date()), signal);
      if (providerIds.size > 0) await wakeUp.wake(providerIds);
      if (ended.limit > 0) log.warn({ event: 'moves ended by their limit', provider: code, lines: ended.limit });
      await runHandOvers({ source, derivation, wakeUp, alerts }, providerId, BUDGET_MS, signal);
    });
  };
}

function reroutes({ source, log }: SweepParts): SweepTask {
  const last = new Map<number, number>();
  return async ({ providerId, code }) => {
    if (Date.now() - (last.get(providerId) ?? 0) < REROUTES_MS) return;
    last.set(providerId, Date.now());
    const closed = await endReroutes(source, providerId);
    if (closed > 0) log.info({ event: 're-route tasks over', provider: code, tasks: closed });
  };
}
