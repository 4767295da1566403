// What every format of a batch must offer, so that any transport can carry any format.
import type { BatchHeader, BatchLine } from '#contracts';

/** Major and minor version of the feed contract (docs/providers/contract.md) that is written into every message. */
export const CONTRACT_VERSION = '1.0';

export interface BatchFormat {
  /** Value of `Content-Type` when a body in this format travels by HTTP. */
  readonly contentType: string;
  /**
   * Renders one part. Pure: the same header and lines always give the same bytes, because a batch number must never be
   * seen with two contents. Throws `FieldNotAllowed` when a field cannot be written in this format.
   */
  render(header: BatchHeader, lines: readonly BatchLine[]): Buffer;
}

/** A batch number as it stands in ids: nine digits, so that text order is number order. */
export function nineDigits(number: number): string {
  return String(number).padStart(9, '0');
}
