// What the conformance suite needs of the other side: a provider whose temper can be turned and who can be asked.
import type { IncomingAnswer, LineOutcome, ProviderAdapter } from '#contracts';

/**
 * How the provider behaves from now on. `rejects`: some lines are rejected with a code. `refuses`: every batch is refused
 * as a whole. `losesRequest`, `losesAnswer`: the connection is cut before or after it applied the batch. `hangs`: it
 * applies and never answers. `busy`: it asks to come back later. `forbids`: it does not accept the credentials.
 * `talksNonsense`: what it answers is no answer of the contract.
 */
export type Temper =
  'good' | 'rejects' | 'refuses' | 'losesRequest' | 'losesAnswer' | 'hangs' | 'busy' | 'forbids' | 'talksNonsense';

/** What not every provider has: it checks keys itself, takes a full list as one batch, tells its highest number. */
export type Ability = 'checksKeys' | 'takesFullLists' | 'tellsHighest';

export interface Counterpart {
  readonly adapter: ProviderAdapter;
  /** An adapter that shows credentials that the provider does not know. */
  stranger(): ProviderAdapter;
  turn(temper: Temper): void;
  /** A batch number that was never used. */
  nextNumber(): number;
  /** SHA-256 over what the provider received under a number, null when it has nothing or cannot tell. */
  holds(number: number): string | null | Promise<string | null>;
  /** Resolves when answers that came by themselves satisfy the condition; rejects after a limit. */
  until(condition: (answers: readonly IncomingAnswer[]) => boolean): Promise<void>;
  answers(): readonly IncomingAnswer[];
}

/** The provider's words on each position of a batch, from answers in any order and number. */
export function wordsOf(answers: readonly IncomingAnswer[], number: number, lines: number): Map<number, LineOutcome> {
  const words = new Map<number, LineOutcome>();
  for (const { outcomes } of answers.filter((one) => one.number === number)) {
    if (!outcomes) continue;
    if (outcomes.default) {
      for (let n = outcomes.first ?? 1; n <= (outcomes.last ?? lines); n++) {
        if (!words.has(n)) words.set(n, { n, ref: '', outcome: outcomes.default });
      }
    }
    for (const line of outcomes.except) words.set(line.n, line);
  }
  return words;
}
