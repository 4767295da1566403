// The empty daily batch: a day on which nothing was sent by the agreed time gets a batch without lines.
import { BANGKOK_MS, dayStartMs, timeOfDayMs } from './windows.js';

/**
 * Whether the proof of life of this day in Bangkok is due. Any batch sealed on the day is proof, so that there is at most
 * one; a day that was missed altogether is not made up for, since a proof of yesterday proves nothing.
 * @param timeOfDay `HH:MM` in Bangkok, or null for none
 * @param lastSealedAt when the newest batch was sealed (milliseconds), null when there is none
 * @param now milliseconds
 */
export function proofOfLifeDue(timeOfDay: string | null, lastSealedAt: number | null, now: number): boolean {
  const today = dayStartMs(now) - BANGKOK_MS;
  if (timeOfDay === null || now < today + timeOfDayMs(timeOfDay)) return false;
  return lastSealedAt === null || lastSealedAt < today;
}
