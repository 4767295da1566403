// RFC 9457 problem details as an error that every station may throw and the API answers with.

export interface ProblemItem {
  /** JSON pointer into the request, e.g. `#/lines/3/line`. */
  pointer?: string;
  /** Row in the file, counted as the person sees it. */
  row?: number;
  field?: string;
  code: string;
  detail: string;
  detailTh?: string;
  remedy?: string;
  remedyTh?: string;
}

/**
 * An expected failure, said so that the reader knows what to do. `type` is a stable slug; clients key on it.
 * Never put a number, circuit or ID into any text.
 */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    readonly title: string,
    readonly detail: string,
    readonly extra: { errors?: ProblemItem[]; retryAfterS?: number; detailTh?: string } = {},
  ) {
    super(`${title}: ${detail}`);
    this.name = 'Problem';
  }

  /** The body of the answer, `application/problem+json`. */
  toJSON(): Record<string, unknown> {
    const { errors, detailTh } = this.extra;
    return {
      type: `urn:saphan:problem:${this.type}`,
      title: this.title,
      status: this.status,
      detail: this.detail,
      detailTh,
      errors,
    };
  }
}
