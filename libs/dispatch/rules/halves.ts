// Refused batches: which part of a range is sealed next, so that the offending lines end up alone.

export interface Range {
  fromSeq: number;
  toSeq: number;
}

/**
 * The two halves of a refused batch by its lines. Every seq of the range falls into exactly one of them.
 * @param lineSeqs seqs of the lines that were sent, ascending, at least two
 */
export function halve(range: Range, lineSeqs: readonly number[]): [Range, Range] {
  const middle = lineSeqs[Math.ceil(lineSeqs.length / 2) - 1];
  if (middle === undefined || lineSeqs.length < 2) throw new Error('only a batch of two lines or more has halves');
  return [
    { fromSeq: range.fromSeq, toSeq: middle },
    { fromSeq: middle + 1, toSeq: range.toSeq },
  ];
}

/** Lines found guilty alone, out of one refused batch, before the provider is stopped for a person to look. */
export const MOST_OFFENDERS = 5;
