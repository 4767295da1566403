// Full batches under load: while an import fills the log, the next batch waits a moment for more; a single change never does.

/** Longest wait for more lines, in milliseconds. */
export const LINGER_MS = 500;

/**
 * How long to wait before the next batch is sealed, in milliseconds; 0 is at once. The rate of the last milliseconds is no
 * sign of a flood: registrations that arrive one by one are committed together, and would look like one.
 * @param pending changes that came while the last batch was on its way
 * @param imported whether the newest change of the log comes from an import
 * @param maxLines of one batch
 */
export function lingerMs(pending: number, imported: boolean, maxLines: number): number {
  return imported && pending < maxLines ? LINGER_MS : 0;
}
