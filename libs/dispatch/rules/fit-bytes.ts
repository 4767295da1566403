// How much of a range fits into the longest body that a provider takes.

/** What one line takes at most in any format, in bytes; parts of a full list are counted out by it before they are written. */
const LONGEST_LINE_BYTES = 512;
/** What surrounds the lines of a part, in bytes. */
const AROUND_BYTES = 1_024;

/**
 * Where a range must end instead, after a rendering that is too large: about as many lines as fit, at least one and at
 * least one fewer. The same lines always give the same answer.
 * @param lineSeqs seqs of the lines that were rendered, ascending, at least two
 */
export function shorterRange(lineSeqs: readonly number[], bytes: number, maxBytes: number): number {
  // A little less than the proportion: lines differ by some bytes.
  const keep = Math.floor((lineSeqs.length * maxBytes * 0.99) / bytes);
  const seq = lineSeqs[Math.min(Math.max(keep, 1), lineSeqs.length - 1) - 1];
  if (seq === undefined || lineSeqs.length < 2) throw new Error('only a batch of two lines or more can be shorter');
  return seq;
}

/** Lines in a part of a full list, so that none can be too large whatever stands in it. */
export function linesPerPart({ maxLines, maxBytes }: { maxLines: number; maxBytes?: number | null }): number {
  if (!maxBytes) return maxLines;
  return Math.max(1, Math.min(maxLines, Math.floor((maxBytes - AROUND_BYTES) / LONGEST_LINE_BYTES)));
}
