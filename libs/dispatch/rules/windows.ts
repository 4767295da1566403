// Delivery windows: whether a provider may be sent to at a moment, and when the next window opens.
import type { DeliveryWindow } from '#contracts';

/** Bangkok is UTC+7 all year round. */
export const BANGKOK_MS = 7 * 3_600_000;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** `HH:MM` (also `24:00`) as milliseconds after midnight. */
export function timeOfDayMs(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return (hours * 60 + minutes) * MINUTE_MS;
}

/** Midnight in Bangkok before a moment, on a clock that shows Bangkok's time as if it were UTC; milliseconds. */
export function dayStartMs(now: number): number {
  return Math.floor((now + BANGKOK_MS) / DAY_MS) * DAY_MS;
}

/** 1 (Monday) to 7 (Sunday); 1 January 1970 was a Thursday. */
function weekday(dayStart: number): number {
  return ((dayStart / DAY_MS + 3) % 7) + 1;
}

/**
 * When it may be sent: null for at once, else the moment (milliseconds) at which the next window opens. Without windows
 * it is always open. A window belongs to the day on which it opens, also when it runs over midnight.
 * @param now milliseconds since 1970, UTC
 */
export function nextOpening(windows: readonly DeliveryWindow[] | undefined, now: number): number | null {
  if (!windows || windows.length === 0) return null;
  const local = now + BANGKOK_MS;
  const today = dayStartMs(now);
  let next = Infinity;
  // From yesterday, whose window may still be open, to the same weekday of next week.
  for (let day = today - DAY_MS; day <= today + 7 * DAY_MS; day += DAY_MS) {
    for (const { from, to, days } of windows) {
      if (days && !days.includes(weekday(day))) continue;
      const opens = day + timeOfDayMs(from);
      const length = timeOfDayMs(to) - timeOfDayMs(from);
      const closes = opens + (length > 0 ? length : length + DAY_MS);
      if (opens <= local && local < closes) return null;
      if (opens > local) next = Math.min(next, opens);
    }
  }
  return next - BANGKOK_MS;
}
