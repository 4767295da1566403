// What the provider says of one line, apart from the order of things: pure, and the same for the same seed and entry.
import type { Dial } from './dial.js';
import type { Effects } from './effects.js';
import { type Random, shareOf } from './random.js';
import type { LineOutcome, WireLine } from './words.js';

/** Salts, so that the shares do not fall on the same entries. */
const REJECT = 1;
const CODE = 2;
const LATER = 3;
const POISON = 4;

export interface Judge {
  dial: Dial;
  seed: number;
  random: Random;
  /** How often each ref was put off already. */
  putOff: Map<string, number>;
  effects: Effects;
}

/** The refusal of this line, or undefined when it may be applied. Counts a putting-off in `judge.putOff`. */
export function refusalOf(judge: Judge, line: WireLine): LineOutcome | undefined {
  const { effects } = judge;
  const { reject, retryLater } = judge.dial;
  const removal = line.op === 'REMOVE';
  if (reject.share > 0 && (!removal || reject.removes === 'too')) {
    const byRef = reject.decide === 'byRef';
    const chance = byRef ? shareOf(line.ref, judge.seed + REJECT) : judge.random();
    if (chance < reject.share) {
      const pick = byRef ? shareOf(line.ref, judge.seed + CODE) : judge.random();
      const code = reject.codes[Math.floor(pick * reject.codes.length)] as string;
      effects.count('reject.share', 'reject.codes', 'reject.decide');
      if (removal) effects.count('reject.removes');
      return { n: line.n, ref: line.ref, outcome: 'rejected', code };
    }
  }
  if (retryLater.share > 0 && shareOf(line.ref, judge.seed + LATER) < retryLater.share) {
    const times = judge.putOff.get(line.ref) ?? 0;
    if (times < retryLater.times) {
      judge.putOff.set(line.ref, times + 1);
      const { code, retryAfterSeconds } = retryLater;
      effects.count('retryLater.share', 'retryLater.code', 'retryLater.retryAfterSeconds');
      if (times > 0) effects.count('retryLater.times');
      return { n: line.n, ref: line.ref, outcome: 'retryLater', code, retryAfter: retryAfterSeconds };
    }
  }
  return undefined;
}

/** True when this line makes the provider refuse the whole batch. */
export function isPoison(judge: Judge, line: WireLine): boolean {
  return judge.dial.poison > 0 && shareOf(line.ref, judge.seed + POISON) < judge.dial.poison;
}
