// Coming back by degrees: how large batches are and how far apart, from the canary to full pace.

/** From so many failures in a row a provider counts as away, not as unlucky. */
export const QUARANTINED_FROM = 5;

/** Lines in a canary batch: enough to be a real one, few enough to be no loss of time. */
export const CANARY_LINES = 10;

/** Batches after which it has full pace again; each may have four times the lines of the one before. */
export const RAMP_STEPS = 6;

const GROWTH = 4;

export interface Pace {
  /** Most lines of the next batch. */
  maxLines: number;
  /** Least pause after it was taken, in seconds. */
  gapS: number;
}

/**
 * @param failures attempts failed in a row
 * @param ramp batches accepted since it came back; null: it was not away
 * @param maxLines of its profile
 * @param schedule of its profile, in seconds: a provider that wants patience in retries gets it here too
 * @param random a number in [0, 1): up to 20 % jitter, so that providers that were away together do not step together
 */
export function paceOf(
  failures: number,
  ramp: number | null,
  maxLines: number,
  schedule: readonly number[],
  random = 0,
): Pace {
  if (isAway(failures)) return { maxLines: Math.min(maxLines, CANARY_LINES), gapS: 0 };
  if (ramp === null || ramp > RAMP_STEPS) return { maxLines, gapS: 0 };
  const base = schedule[Math.min(1, schedule.length - 1)] ?? 1;
  return {
    maxLines: Math.min(maxLines, CANARY_LINES * GROWTH ** ramp),
    gapS: (base / 2 ** Math.max(0, ramp - 1)) * (1 + 0.2 * random),
  };
}

export function isAway(failures: number): boolean {
  return failures >= QUARANTINED_FROM;
}

/** The ramp after a batch was taken; null at full pace. */
export function nextRamp(failures: number, ramp: number | null): number | null {
  if (isAway(failures)) return 1;
  return ramp === null || ramp >= RAMP_STEPS ? null : ramp + 1;
}

/** Longest pause between canaries, in seconds (1 hour), and as a multiple of the schedule's last pause. */
const LONGEST_S = 3600;
const LONGEST_TIMES = 6;

/**
 * The pause before the next canary, in seconds: twice the one before, from the schedule's last pause on, with up to 50 %
 * jitter, since providers behind one exchange go away together.
 * @param failures attempts failed in a row, the newest included
 */
export function canaryPauseS(schedule: readonly number[], failures: number, random: number): number {
  const last = schedule.at(-1) ?? 60;
  const most = Math.max(last, Math.min(LONGEST_S, LONGEST_TIMES * last));
  return Math.min(most, last * 2 ** Math.max(0, failures - QUARANTINED_FROM)) * (1 + 0.5 * random);
}
