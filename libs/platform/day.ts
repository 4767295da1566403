// Days in Asia/Bangkok: UTC+7 all year, no daylight saving.
import type { Day } from '#contracts';

const OFFSET_MS = 7 * 3_600_000;

/** The calendar day in Bangkok at this moment. */
export function bangkokDay(at: Date): Day {
  return new Date(at.getTime() + OFFSET_MS).toISOString().slice(0, 10);
}

/** Milliseconds until the next midnight in Bangkok. */
export function untilMidnight(at: Date): number {
  const local = at.getTime() + OFFSET_MS;
  return 86_400_000 - (local % 86_400_000);
}
