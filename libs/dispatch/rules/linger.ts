// Full batches under load: when changes pour in, the next batch waits a moment for more; a single one never does.

/** Longest wait for more lines, in milliseconds. */
export const LINGER_MS = 500;

/** A batch that would be at least this full after the wait is worth it. Measured: a hand-over costs as much as about 500 lines. */
const WORTH = 0.1;

/**
 * How long to wait before the next batch is sealed, in milliseconds; 0 is at once.
 * @param pending changes that came while the last batch was on its way
 * @param elapsedMs how long that took
 * @param maxLines of one batch
 */
export function lingerMs(pending: number, elapsedMs: number, maxLines: number): number {
  if (pending === 0 || pending >= maxLines) return 0;
  const perMs = pending / Math.max(elapsedMs, 1);
  if (pending + perMs * LINGER_MS < maxLines * WORTH) return 0;
  // No longer than it takes to fill the batch at this rate.
  return Math.min(LINGER_MS, Math.ceil((maxLines - pending) / perMs));
}
