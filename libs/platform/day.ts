// Days in Asia/Bangkok: UTC+7 all year, no daylight saving.
import type { Day } from '#contracts';

const OFFSET_MS = 7 * 3_600_000;

/** The calendar day in Bangkok at this moment. */
export function bangkokDay(at: Date): Day {
  return new Date(at.getTime() + OFFSET_MS).toISOString().slice(0, 10);
}
