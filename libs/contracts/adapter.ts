// The adapter port: how a sealed batch reaches a provider, and how answers come back. dispatch knows only this.
import type { Outcomes } from './outcomes.js';
import type { ProviderProfile } from './profile.js';
import type { ResultCode } from './result-codes.js';
import type { Access, BatchKind, Day, Operation, ProviderCode } from './words.js';

/** One line as it is rendered into a batch. */
export interface BatchLine {
  n: number;
  op: Operation;
  ref: string;
  seq: number;
  access: Access;
  /** E.164 with plus, or the circuit number. Never logged. */
  line: string;
  package: string | null;
  from: Day | null;
  to: Day | null;
  /** What the provider calls this entry, from an earlier outcome's `handle`; only protocols that refer to it read it. */
  handle?: string | null;
}

/** What is known of a batch before its lines. `sealedAt` is part of the bytes, so that they can never differ. */
export interface BatchHeader {
  provider: ProviderCode;
  number: number;
  kind: BatchKind;
  fromSeq: number;
  toSeq: number;
  part: number;
  parts: number;
  /** Lines in this part. */
  count: number;
  sealedAt: Date;
}

/** A part of a batch ready to travel: exact bytes (before transport compression) and their hash. */
export interface SealedPart {
  part: number;
  parts: number;
  /** First and last position in this part. */
  first: number;
  last: number;
  bytes: Buffer;
  /** SHA-256 of `bytes`, lower-case hex. */
  sha256: string;
}

export interface SealedBatch {
  provider: ProviderCode;
  number: number;
  kind: BatchKind;
  fromSeq: number;
  toSeq: number;
  lineCount: number;
  sealedAt: Date;
  /** SHA-256 over the bytes of all parts, one after another, lower-case hex. */
  sha256: string;
}

/**
 * How one attempt ended, in words that say which side failed.
 * - `accepted`: the provider has it (receipt), with outcomes if it gave them. `receiptAwaited`: it lies with the provider
 *   whole (a file, read back), whose own receipt comes later by `collect`.
 * - `known`: it says that it has this number already, with the hash it holds if it told.
 * - `refused`: refused as a whole, nothing applied.
 * - `notSent`: we never reached it (connection refused, DNS, TLS, our fault): nothing can have been applied.
 * - `later`: it asked to come back later, nothing applied.
 * - `forbidden`: credentials or host key are wrong; a person is needed.
 * - `unclear`: it may or may not have it (time-out, reset, 5xx): ask before anything is sent again.
 */
export type HandOverResult =
  | { result: 'accepted'; outcomes: Outcomes | null; status: number | null; receiptAwaited?: true }
  | { result: 'known'; sha256: string | null; outcomes: Outcomes | null; status: number | null }
  | { result: 'refused'; code: ResultCode; detail: string; status: number | null }
  | { result: 'notSent'; detail: string }
  | { result: 'later'; retryAfterS: number | null; detail: string; status: number | null }
  | { result: 'forbidden'; detail: string; status: number | null }
  | { result: 'unclear'; detail: string; status: number | null };

/** What the provider says when asked for one batch number. `cannotTell`: no answer, or it has no way to say. */
export type AskResult =
  | { answer: 'has'; sha256: string | null; outcomes: Outcomes | null }
  | { answer: 'hasNot' }
  | { answer: 'cannotTell'; detail: string };

/** An answer that arrived by itself (result file, callback), already verified and translated. */
export interface IncomingAnswer {
  provider: ProviderCode;
  number: number;
  receipt: 'accepted' | 'refused' | null;
  code?: ResultCode;
  detail?: string;
  outcomes: Outcomes | null;
  /** In a receipt by file: hash of the file that the provider read, to compare with the part that was sent. */
  sha256?: string;
}

export interface ProviderAdapter {
  readonly profile: ProviderProfile;
  /** Renders one part. Pure: the same header and lines always give the same bytes. */
  render(header: BatchHeader, lines: BatchLine[]): Buffer;
  /** Hands the parts over in order; stops at the first that is not accepted. Never throws for what a provider did. */
  handOver(batch: SealedBatch, parts: AsyncIterable<SealedPart>, signal: AbortSignal): Promise<HandOverResult>;
  /** Asks what became of a number. */
  ask(batch: SealedBatch, signal: AbortSignal): Promise<AskResult>;
  /** The highest number that it has, or null when it cannot say. */
  highestNumber(signal: AbortSignal): Promise<number | null>;
  /** For acknowledgement by files: reads what is new and hands each answer over; an answer is done when `take` resolves. */
  collect?(
    take: (answer: IncomingAnswer) => Promise<void>,
    signal: AbortSignal,
  ): Promise<{ taken: number; setAside: number }>;
  /** For acknowledgement by callback: verifies the signature over the raw body and translates. Throws Problem. */
  readCallback?(headers: Record<string, string | undefined>, body: Buffer): IncomingAnswer;
  close(): Promise<void>;
}

/** All adapters of the running process by provider code. */
export interface AdapterRegistry {
  get(provider: ProviderCode): ProviderAdapter;
  codes(): ProviderCode[];
}
export const ADAPTERS = Symbol('AdapterRegistry');
