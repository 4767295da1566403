// The shapes of the wire contract as this side reads them, written from docs/providers/contract.md and nothing else.

/** The providers that are simulated unless others are asked for. */
export const PROVIDER_CODES = ['AIS', 'TRUE', 'DTAC', 'CAT', 'TOT', '3BB'] as const;
/** Any provider can be simulated, in any style. */
export type ProviderCode = string;

export type Kind = 'delta' | 'full';
export type OutcomeWord = 'applied' | 'already' | 'rejected' | 'retryLater';

/** One line of a batch as it came; every member still has to be checked. */
export interface WireLine {
  n: number;
  op: string;
  ref: string;
  seq: number;
  access: string;
  line: string;
  package?: string;
  from?: string;
  to?: string;
  /** It changes what is held under the provider's own id, and cannot put it there. */
  mustHold?: true;
}

/** One part of one batch, read and found whole, not yet judged. */
export interface IncomingPart {
  batch: number;
  kind: Kind;
  part: number;
  parts: number;
  fromSeq: number;
  toSeq: number;
  /** Lower-case hex SHA-256 of the bytes as signed (before compression), or of the file. */
  sha256: string;
  /** Set when the protocol did not carry every seq, so that nothing can be held against the sender. */
  seqs?: 'guessed';
  lines: WireLine[];
}

export interface LineOutcome {
  n: number;
  ref: string;
  outcome: OutcomeWord;
  code?: string;
  retryAfter?: number;
}

export interface Outcomes {
  default?: 'applied' | 'already';
  except: LineOutcome[];
  first: number;
  last: number;
}

/** Why a batch is refused as a whole; `status` is HTTP's, `fileCode` the one of a file receipt. */
export interface Refusal {
  status: 400 | 413 | 422;
  code: string;
  fileCode: string;
  detail: string;
}

/** Thrown by the readers of messages and files. */
export class RefusedError extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.detail);
    this.name = 'RefusedError';
  }
}
