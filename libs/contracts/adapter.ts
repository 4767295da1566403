// The adapter port: how a sealed batch reaches a provider, and how answers come back. dispatch knows only this.
import type {
  DestinationDelivery,
  DestinationsReport,
  DestinationsResult,
  DestinationVersion,
} from './destinations.js';
import type { KeyEnd, StopCause } from './health.js';
import type { ListObserver, SnapshotObserver } from './observer.js';
import type { Outcomes } from './outcomes.js';
import type { ProviderProfile } from './profile.js';
import type { ResultCode } from './result-codes.js';
import type { SetAsideReason } from './set-aside.js';
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
  /** What really travels when that is not `bytes`: signed and encrypted once, at sealing, and the same in every attempt. */
  enclosed?: Buffer;
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

/** An answer came, and it cannot be used, or its outcomes cannot: it is set aside. */
export interface Unusable {
  reason: SetAsideReason;
  /** What is wrong, without any line. */
  detail: string;
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
  | { result: 'known'; sha256: string | null; outcomes: Outcomes | null; status: number | null; unusable?: Unusable }
  | { result: 'refused'; code: ResultCode; detail: string; status: number | null }
  | { result: 'notSent'; detail: string }
  | { result: 'later'; retryAfterS: number | null; detail: string; status: number | null }
  | {
      result: 'forbidden';
      detail: string;
      status: number | null;
      /** What is wrong, when it is not our credentials. */
      about?: Extract<StopCause, 'hostKey' | 'keyNotUsable'>;
    }
  | { result: 'unclear'; detail: string; status: number | null; unusable?: Unusable };

/** What the provider says when asked for one batch number. `refused`: it refused it as a whole. `cannotTell`: no answer, or it has no way to say. */
export type AskResult =
  | { answer: 'has'; sha256: string | null; outcomes: Outcomes | null; unusable?: Unusable }
  | { answer: 'hasNot' }
  | { answer: 'refused'; code: ResultCode; detail: string }
  | { answer: 'cannotTell'; detail: string; unusable?: Unusable };

/**
 * What the provider says its highest number is; 0 when it has none. `sha256`: of that batch, `appliedSeq`: the last change
 * that it applied, each null when it does not tell. `cannotTell`: it has no way to say; `forbidden`: it refuses us,
 * a person is needed; `notReached`: try again later.
 */
export type HighestAnswer =
  | { said: 'number'; number: number; sha256: string | null; appliedSeq: number | null }
  | { said: 'cannotTell' }
  | { said: 'forbidden'; detail: string; about?: StopCause }
  | { said: 'notReached'; detail: string };

/** An answer that arrived by itself (result file, callback), already verified and translated. */
export interface IncomingAnswer {
  provider: ProviderCode;
  number: number;
  receipt: 'accepted' | 'refused' | null;
  code?: ResultCode;
  detail?: string;
  outcomes: Outcomes | null;
  /**
   * A refusal that no other cut of the lines mends. `otherBytes`: it knows this number with other bytes. `needsPerson`:
   * keys, numbering or addresses do not fit (docs/result-codes.md).
   */
  because?: 'otherBytes' | 'needsPerson';
  /** In a receipt by file: hash of the file that the provider read, to compare with the part that was sent. */
  sha256?: string;
}

/** One look at a provider's answer files. */
export interface Collected {
  taken: number;
  setAside: number;
  /** What was set aside, each with what is wrong. Names and reasons hold nothing of persons. */
  problems: { file: string; number: number | null; reason: string }[];
  /** Files set aside at any time that nobody has dealt with: neither sent again in good order nor cleared away. */
  unresolved: number;
  /** Numbers without a receipt although a later one has one, as ranges; empty when there is no gap. */
  missing: { from: number; to: number }[];
}

/** A field of a line holds something that the provider's format cannot carry. Names field and position, never the content. */
export class FieldNotAllowed extends Error {
  /** @param others further faults of the same part, when the format looked for all of them */
  constructor(
    readonly field: string,
    readonly n: number | null,
    readonly reason: string,
    readonly others: readonly FieldNotAllowed[] = [],
  ) {
    super(`${n === null ? 'header' : `position ${n}`}, field "${field}": ${reason}`);
    this.name = 'FieldNotAllowed';
  }
}

/** A key that is missing, unreadable or expired: a person is needed. The text never holds key material. */
export class KeyNotUsable extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'KeyNotUsable';
  }
}

/** One step of trying the way to a provider, in words and without a line. */
export interface ProbeStep {
  step: 'address' | 'connection' | 'authentication';
  outcome: 'passed' | 'failed' | 'skipped';
  text: string;
  ms: number;
}

export interface ProviderAdapter {
  readonly profile: ProviderProfile;
  /** Renders one part. Pure: the same header and lines always give the same bytes. */
  render(header: BatchHeader, lines: BatchLine[]): Buffer;
  /**
   * For files that travel signed and encrypted: closes a rendered part. Each call gives other bytes, so dispatch calls it
   * once, when the batch is sealed, and stores what comes out. Throws `KeyNotUsable`.
   */
  enclose?(header: BatchHeader, bytes: Buffer): Promise<Buffer>;
  /** Hands the parts over in order; stops at the first that is not accepted. Never throws for what a provider did. */
  handOver(batch: SealedBatch, parts: AsyncIterable<SealedPart>, signal: AbortSignal): Promise<HandOverResult>;
  /** For a provider that pulls: tells it once more of a batch that it has not fetched. Counts as no attempt. */
  remind?(batch: SealedBatch, reminder: number, signal: AbortSignal): Promise<HandOverResult>;
  /** For protocols with a subscription to events: makes or renews it when that is due. Never throws. */
  keepSubscribed?(signal: AbortSignal): Promise<void>;
  /** Asks what became of a number. */
  ask(batch: SealedBatch, signal: AbortSignal): Promise<AskResult>;
  /** When certificates and keys of this provider end; none that never ends. Never throws. */
  keyEnds?(): Promise<KeyEnd[]>;
  /** Tries the way step by step; changes nothing at the provider. Never throws. */
  probe(signal: AbortSignal): Promise<ProbeStep[]>;
  /**
   * The highest number that it has. `above`: the highest that is known here; who would have to read a long list may look
   * only for the next one, and answers `above` when it is not there. Never throws for what a provider did.
   */
  highestNumber(above: number, signal: AbortSignal): Promise<HighestAnswer>;
  /** For acknowledgement by files: reads what is new and hands each answer over; an answer is done when `take` resolves. */
  collect?(take: (answer: IncomingAnswer) => Promise<void>, signal: AbortSignal): Promise<Collected>;
  /** For acknowledgement by callback: verifies the signature over the raw body and translates. Throws Problem. */
  readCallback?(headers: Record<string, string | undefined>, body: Buffer): IncomingAnswer;
  /**
   * For profiles that take destination lists: delivers a version in the provider's own form, or asks whether it is
   * enforced by now. Idempotent; never throws for what a provider did.
   */
  sendDestinations?(
    version: DestinationVersion,
    delivery: DestinationDelivery,
    signal: AbortSignal,
  ): Promise<DestinationsResult>;
  /** For 3GPP T8: verifies the token in the address and reads reports of applications that failed later. Throws Problem. */
  readDestinationsReport?(token: string, body: Buffer): DestinationsReport;
  /** For profiles with a digest secret: what the provider says that it holds. */
  observer?: ListObserver;
  /** For profiles that name a snapshot: its whole list. */
  snapshots?: SnapshotObserver;
  close(): Promise<void>;
}

/** All adapters of the running process by provider code. */
export interface AdapterRegistry {
  get(provider: ProviderCode): ProviderAdapter;
  codes(): ProviderCode[];
  /** The version of the profile that the adapter was made from; 0 when there is none. */
  version(provider: ProviderCode): number;
}
export const ADAPTERS = Symbol('AdapterRegistry');
