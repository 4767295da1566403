// Pure: what the outcomes told for one batch say together, and what is wrong with them.
import type { BatchLine, LineOutcome, Outcomes } from '#contracts';
import type { Fault } from './faults.js';

export interface SpokenOutcomes {
  /** The word on each position that got one. */
  words: Map<number, LineOutcome['outcome']>;
  /** Codes of positions that were not applied. */
  codes: Map<number, string>;
  /** Positions without a word. */
  missing: number;
  faults: { fault: Fault; seen: string }[];
}

/** Two words on one position contradict each other unless one is a later try of what was put off, or both mean "there". */
function contradict(one: LineOutcome['outcome'], other: LineOutcome['outcome']): boolean {
  return one !== other && [one, other].includes('rejected');
}

/** `told` are all answers about the batch, in any order; a default without ends speaks for all positions. */
export function judgeOutcomes(lines: readonly BatchLine[], told: readonly Outcomes[]): SpokenOutcomes {
  const words = new Map<number, LineOutcome['outcome']>();
  const codes = new Map<number, string>();
  const faults = new Map<Fault, string>();
  const tell = (fault: Fault, seen: string): void => {
    if (!faults.has(fault)) faults.set(fault, seen);
  };
  const say = (n: number, word: LineOutcome['outcome']): void => {
    const before = words.get(n);
    if (before !== undefined && contradict(before, word))
      tell('outcomesContradict', `position ${n} is ${before} and ${word}`);
    words.set(n, word);
  };
  for (const { default: word, except, first = 1, last = lines.length } of told) {
    const listed = new Set(except.map((one) => one.n));
    if (first < 1 || last > lines.length)
      tell('positionsWrong', `positions ${first} to ${last} were answered, 1 to ${lines.length} were sent`);
    else if (word) for (let n = first; n <= last; n++) if (!listed.has(n)) say(n, word);
    for (const { n, ref, outcome, code } of except) {
      const line = lines[n - 1];
      if (!line) tell('positionsWrong', `position ${n} was answered, 1 to ${lines.length} were sent`);
      else if (line.ref !== ref) tell('positionsWrong', `position ${n} came back with another ref`);
      else {
        say(n, outcome);
        if (code) codes.set(n, code);
      }
    }
  }
  return {
    words,
    codes,
    missing: lines.length - words.size,
    faults: [...faults].map(([fault, seen]) => ({ fault, seen })),
  };
}
