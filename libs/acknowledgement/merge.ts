// Merging what was heard of one line: a set of words, so that order and repetition cannot matter.
import { RESULT_CODE_ORDER, RESULT_CODES, type LineOutcome, type OutcomeWord, type ResultCode } from '#contracts';

/** Everything heard of one line so far. The empty set is silence. */
export interface Heard {
  applied?: true;
  already?: true;
  retryLater?: ResultCode;
  rejected?: ResultCode;
}

/** What the set means now. */
export type Resolution =
  | { word: 'unknown' }
  | { word: 'applied' | 'already' }
  | { word: 'retryLater' | 'rejected'; code: ResultCode }
  | { word: 'uncertain'; code: ResultCode };

function firstCode(a: ResultCode | undefined, b: ResultCode | undefined): ResultCode | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return RESULT_CODE_ORDER.indexOf(a) <= RESULT_CODE_ORDER.indexOf(b) ? a : b;
}

/** Codes that mean: the provider does not have this line. */
export const REROUTE_CODES: readonly ResultCode[] = RESULT_CODE_ORDER.filter(
  (code) => RESULT_CODES[code].retry === 'reroute',
);

/**
 * What an outcome means for the change that it speaks of: a line that the provider does not have is off its list already,
 * so that a removal rejected for that is done. Depends on nothing heard before, and so on no order.
 */
export function meantFor(change: { present: boolean }, item: LineOutcome): LineOutcome {
  if (change.present || item.outcome !== 'rejected' || !item.code || !REROUTE_CODES.includes(item.code)) return item;
  return { n: item.n, ref: item.ref, outcome: 'already' };
}

/** One word as a set. A rejection or delay without a code counts as the provider's own error. */
export function heardOf(outcome: Exclude<OutcomeWord, 'unknown'>, code?: LineOutcome['code']): Heard {
  switch (outcome) {
    case 'applied':
      return { applied: true };
    case 'already':
      return { already: true };
    case 'rejected':
      return { rejected: code ?? 'PROVIDER_ERROR' };
    case 'retryLater':
      return { retryLater: code ?? 'PROVIDER_ERROR' };
  }
}

/** Union: commutative, associative, idempotent. Of two codes the first in the table stays. */
export function merge(a: Heard, b: Heard): Heard {
  const result: Heard = {};
  if (a.applied || b.applied) result.applied = true;
  if (a.already || b.already) result.already = true;
  const retryLater = firstCode(a.retryLater, b.retryLater);
  if (retryLater !== undefined) result.retryLater = retryLater;
  const rejected = firstCode(a.rejected, b.rejected);
  if (rejected !== undefined) result.rejected = rejected;
  return result;
}

/**
 * The one meaning of a set: applied beats retryLater, and it beats "already" (both mean that it is there); a rejection
 * beats a delay; applied together with a rejection is uncertain, since only the provider can say which came last.
 */
export function resolve(heard: Heard): Resolution {
  const there = heard.applied ? 'applied' : heard.already ? 'already' : null;
  if (there && heard.rejected) return { word: 'uncertain', code: heard.rejected };
  if (there) return { word: there };
  if (heard.rejected) return { word: 'rejected', code: heard.rejected };
  if (heard.retryLater) return { word: 'retryLater', code: heard.retryLater };
  return { word: 'unknown' };
}
