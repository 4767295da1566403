// What an attempt's result means for its batch and for the provider's stream.
import type { AskResult, HandOverResult, StopCause } from '#contracts';
import { canaryPauseS, isAway } from './slow-start.js';

export type Verdict =
  /** The provider has it. */
  | { verdict: 'accepted' }
  /** Refused as a whole: closed with its number, its halves are sealed next. */
  | { verdict: 'refused' }
  /** Nothing was applied; again after a pause. `counts` false: waiting is not failing. */
  | { verdict: 'again'; afterS: number; counts: boolean }
  /** It may have it: the resend rule decides after a pause. */
  | { verdict: 'unclear'; afterS: number }
  /** The provider never got it: the batch is closed and what is still latest is appended again. */
  | { verdict: 'close' }
  /** A person must act; the reason in words. */
  | { verdict: 'stop'; cause: StopCause; reason: string };

/**
 * The pause before the next attempt, in seconds: the schedule's step for this many failures in a row (the last one
 * repeats), with up to 20 % jitter so that providers that failed together do not come back together.
 * @param failures in a row before this one
 * @param random a number in [0, 1)
 */
export function pauseS(schedule: readonly number[], failures: number, random: number): number {
  const step = schedule[Math.min(failures, schedule.length - 1)] ?? 60;
  return step * (1 + 0.2 * random);
}

/** The same, and for whoever is taken for away with this failure the longer pauses between canaries; in seconds. */
export function waitS(schedule: readonly number[], failures: number, random: number): number {
  return isAway(failures + 1) ? canaryPauseS(schedule, failures + 1, random) : pauseS(schedule, failures, random);
}

/** Retry-After is honoured within these bounds, in seconds: a provider may not stop us for ever by mistake. */
const RETRY_AFTER = { least: 1, most: 3600 };

const OTHER_BYTES = 'the provider knows this number with other bytes';

export interface AttemptContext {
  /** Hash of our bytes, lower-case hex. */
  sha256: string;
  /** Failures in a row before this one. */
  failures: number;
  schedule: readonly number[];
  random: number;
  laterHanded: boolean;
  /** Least pause in seconds after an unclear fate: the request must be over before the provider is asked about it. */
  unclearLeastS: number;
}

export function afterHandOver(result: HandOverResult, context: AttemptContext): Verdict {
  switch (result.result) {
    case 'accepted':
      return { verdict: 'accepted' };
    case 'known':
      return result.sha256 !== null && result.sha256 !== context.sha256
        ? { verdict: 'stop', cause: 'otherBytes', reason: OTHER_BYTES }
        : { verdict: 'accepted' };
    case 'refused':
      return { verdict: 'refused' };
    case 'later':
      return {
        verdict: 'again',
        afterS:
          result.retryAfterS === null
            ? pauseS(context.schedule, 0, context.random)
            : Math.min(Math.max(result.retryAfterS, RETRY_AFTER.least), RETRY_AFTER.most),
        counts: false,
      };
    case 'notSent':
      return { verdict: 'again', afterS: waitS(context.schedule, context.failures, context.random), counts: true };
    case 'unclear':
      return {
        verdict: 'unclear',
        afterS: Math.max(context.unclearLeastS, waitS(context.schedule, context.failures, context.random)),
      };
    case 'forbidden':
      return {
        verdict: 'stop',
        cause: result.about ?? 'credentials',
        reason: `the provider refuses us: ${result.detail}`,
      };
  }
}

export function afterAsking(result: AskResult, context: AttemptContext): Verdict {
  switch (result.answer) {
    case 'has':
      return result.sha256 !== null && result.sha256 !== context.sha256
        ? { verdict: 'stop', cause: 'otherBytes', reason: OTHER_BYTES }
        : { verdict: 'accepted' };
    case 'hasNot':
      return { verdict: 'close' };
    case 'refused':
      return { verdict: 'refused' };
    case 'cannotTell':
      return { verdict: 'unclear', afterS: waitS(context.schedule, context.failures, context.random) };
  }
}
