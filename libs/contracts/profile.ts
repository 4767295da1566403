// A provider's profile: everything that makes one provider different from another, as data.
import type { Access, ProviderCode } from './words.js';

export type AcknowledgementMode =
  | 'response' // outcomes in the answer to the hand-over
  | 'callback' // a receipt at once, outcomes later by signed callback
  | 'files' // receipt and outcomes as files
  | 'pull'; // the provider fetches the lines and posts outcomes

/** How a request proves who sends it, beside the signature over its body. Secrets by name. */
export type Authentication =
  | { kind: 'apiKey'; /** Name of the header that carries it. */ header: string; secret: string }
  /** OAuth 2.0 client credentials (RFC 6749 section 4.4); the token is kept until shortly before it ends. */
  | { kind: 'oauth2'; tokenUrl: string; clientId: string; secret: string; scope: string | null };

/** Names of the secrets for mutual TLS, each in PEM. `authority`: what the provider's own certificate is judged by. */
export interface MutualTls {
  certificate: string;
  key: string;
  authority: string | null;
}

export interface WebhookTransport {
  kind: 'webhook';
  /** Base address; `/whitelist/batches` and the rest of the contract are below it. */
  target: string;
  /** Whole-request limit in milliseconds, connection included. */
  timeoutMs: number;
  /** Bodies are gzipped when the provider said that it takes them. */
  gzip: boolean;
  authentication?: Authentication | null;
  mutualTls?: MutualTls | null;
}

export interface SftpTransport {
  kind: 'sftp';
  host: string;
  port: number;
  username: string;
  /** Folder on the server below which `outbound/` and `inbound/` are. */
  root: string;
  /** `SHA256:…` fingerprints that are accepted; the transport refuses to start without one. */
  hostKeys: string[];
  timeoutMs: number;
  /** How often `inbound/` is looked at, in milliseconds. */
  pollMs: number;
  /** Text of the files in both directions; absent: UTF-8. A character that it does not have is an error before sending. */
  charset?: 'utf-8' | 'windows-874';
}

/**
 * When files or requests may be handed over, in Asia/Bangkok. `to` before `from` runs over midnight; `days` are 1 (Monday)
 * to 7 (Sunday) of the day on which it opens, absent: every day. Outside of all windows changes wait; waiting is no failure.
 */
export interface DeliveryWindow {
  /** `HH:MM` */
  from: string;
  /** `HH:MM`, not included. */
  to: string;
  days?: number[];
}

/**
 * How destination lists reach the provider. `event`: a signed JSON event by webhook. `file`: a `DST` file. `feed`: it pulls.
 * `t8`: 3GPP T8 PfdManagement below `apiRoot`, one application a vendor.
 */
export type DestinationsForm =
  | { form: 'event' | 'file' | 'feed' }
  | { form: 't8'; apiRoot: string; scsAsId: string; /** Seconds. */ allowedDelayS: number };

/** How the provider hands its whole list over (docs/providers/snapshots.md). */
export interface SnapshotForm {
  /** `file`: an SNP file by SFTP. `api`: a stream of NDJSON, or the pages of a TMF638 service inventory. */
  by: 'file' | 'api';
  /** Seconds from one whole list to the next; null: only when somebody asks, or when digests cannot tell. */
  everyS: number | null;
  /** For files: it takes a request file; false: its files come by themselves. */
  onRequest?: boolean;
  /** For files: seconds to wait for one that was asked for. */
  waitS?: number;
  /** Percent of what it was acknowledged to hold that a list must have at least; below that it is not believed. */
  leastPercent: number;
  /** Longest list in bytes, unpacked. */
  maxBytes: number;
}

/** How it can be asked what it holds. `digests` needs `secrets.digest`. */
export interface Observation {
  digests: boolean;
  snapshot: SnapshotForm | null;
}

/** A line that the provider itself named for tests; nothing else is ever sent by a test of a provider. */
export interface TestLine {
  access: Access;
  /** E.164 with plus, or the circuit number. Never logged. */
  line: string;
}

export interface Contact {
  role: 'technical' | 'operations' | 'business';
  name: string;
  email: string;
}

/** What a key of a provider is for. `hostKey`: its SSH server's. `tls`: our certificate with its key. */
export type KeyPurpose =
  | 'signing'
  | 'callback'
  | 'digest'
  | 'sshKey'
  | 'hostKey'
  | 'pgpOurs'
  | 'pgpTheirs'
  | 'apiKey'
  | 'oauth2'
  | 'tls'
  | 'authority';

/** Names of secrets in the vault, never the secrets. */
export interface ProfileSecrets {
  /** Standard Webhooks secrets (`whsec_…`) that sign what is sent; several during rotation. */
  signing: string[];
  /** Standard Webhooks secrets that the provider signs its callbacks with. */
  callback: string[];
  /** OpenSSH private key for SFTP. */
  sshKey: string | null;
  /**
   * OpenPGP keys (armoured) for files that are signed and encrypted; absent or null: they travel as they are. `ours` are
   * private keys: the first signs, all decrypt. `theirs` are the provider's public keys: files are encrypted to all of
   * them, and signed by any. So both sides change over while two are listed.
   */
  pgp?: { ours: string[]; theirs: string[] } | null;
  /** The secret that both sides digest their lists with (docs/providers/digests.md); absent or null: no digests. */
  digest?: string | null;
}

export interface ProviderProfile {
  code: ProviderCode;
  nameTh: string;
  nameEn: string;
  accesses: Access[];
  /** Anchored pattern of the provider's own circuit numbers (no national format exists), null for mobile only. */
  circuitPattern: string | null;
  environment: 'test' | 'live';
  /**
   * `tmf641` is also its own exchange: service orders instead of the feed contract's requests. `thin`: a webhook that only
   * says that there is something, after which the provider pulls the lines as NDJSON.
   */
  format: 'cloudevents' | 'hdt' | 'tmf641' | 'thin';
  transport: WebhookTransport | SftpTransport;
  acknowledgement: AcknowledgementMode;
  /** Most lines in one batch. */
  maxLines: number;
  /** Longest body or file in bytes, before compression and encryption: a batch ends earlier instead. Absent or null: lines alone bound it. */
  maxBytes?: number | null;
  /** Batches handed over whose outcomes are not all known, at most. */
  maxInFlight: number;
  /** What lets the next batch go: the provider's receipt, or all outcomes. */
  releasedBy: 'receipt' | 'outcomes';
  /**
   * True when the provider is proven to apply in number order, or only newer seqs (then also treating the position of a
   * full list as the newest word on what is absent from it); lifts the predecessor rule.
   */
  appliesInOrder: boolean;
  /** True when every number that it ever had is refused (or recognised) rather than applied again, not only its newest. */
  refusesKnownNumbers: boolean;
  /** Whether the hub can ask what became of a batch number. */
  canBeAsked: boolean;
  /** Whether it takes dates: then an entry of the future is sent at once, with them. */
  takesDates: boolean;
  /** Seconds until a receipt is overdue (default 15 minutes). */
  receiptDeadlineS: number;
  /** Seconds until outcomes are overdue (default 24 hours). */
  outcomeDeadlineS: number;
  /** Seconds after which a missing receipt is told to people, before it is overdue; absent or null: half of the deadline. */
  receiptSoftDeadlineS?: number | null;
  /** Likewise for outcomes. */
  outcomeSoftDeadlineS?: number | null;
  /** Why nothing is sent to it at all; absent or null: it is sent to. */
  disabled?: string | null;
  /**
   * Seconds of silence after which an accepted batch is asked about, again and again until its outcomes are overdue; for
   * providers whose word may get lost without a trace. Absent or null: it is asked about only when overdue.
   */
  askEveryS?: number | null;
  /** Pauses between attempts in seconds; the last one repeats. Jitter is added. */
  retryScheduleS: number[];
  /** Tries of one line that is answered retryLater before it needs a person. */
  maxLineTries: number;
  secrets: ProfileSecrets;
  /** When it may be sent to; absent or empty: always. */
  deliveryWindows?: DeliveryWindow[];
  /** `HH:MM` in Asia/Bangkok: a day without anything to send by then gets an empty batch, as proof of life. */
  proofOfLifeAt?: string | null;
  /** Absent or null: it takes no destination lists. */
  destinations?: DestinationsForm | null;
  /** Seconds from one comparison with what it holds to the next; absent or null: only when somebody asks for one. */
  reconcileEveryS?: number | null;
  /** How it is observed; absent or null: by digests when `secrets.digest` is named, else not at all. */
  observe?: Observation | null;
  testLines?: TestLine[];
  contacts?: Contact[];
  /** By what else it is called in agencies' files, beside its code and its two names. */
  otherNames?: string[];
  /** Whose lines they are now, after a completed hand-over; registrations that name this provider go to that one. */
  successor?: ProviderCode | null;
}

/** How a provider is observed, whatever of it the profile spells out. */
export function observationOf(profile: Pick<ProviderProfile, 'observe' | 'secrets'>): Observation {
  return profile.observe ?? { digests: Boolean(profile.secrets.digest), snapshot: null };
}

/**
 * Whether the protocol calls an entry by an id of the provider's own, which later batches must give back. (In TMF641 a
 * delete names the service, not the line.)
 */
export function givesHandles(profile: Pick<ProviderProfile, 'format'>): boolean {
  return profile.format === 'tmf641';
}

/**
 * Whether the protocol can say "this is all, the rest goes". A service order only speaks of what it names, so a full list
 * travels as ordinary changes (decision 6).
 */
export function takesFullLists(profile: Pick<ProviderProfile, 'format'>): boolean {
  return profile.format !== 'tmf641';
}

/** Deadlines in seconds: from the soft one on people are told, from the hard one on it is asked and then given up. */
export function deadlinesOf(
  profile: Pick<
    ProviderProfile,
    'receiptDeadlineS' | 'outcomeDeadlineS' | 'receiptSoftDeadlineS' | 'outcomeSoftDeadlineS'
  >,
): Record<'receipt' | 'outcomes', { softS: number; hardS: number }> {
  const { receiptDeadlineS, outcomeDeadlineS, receiptSoftDeadlineS, outcomeSoftDeadlineS } = profile;
  return {
    receipt: { softS: receiptSoftDeadlineS ?? receiptDeadlineS / 2, hardS: receiptDeadlineS },
    outcomes: { softS: outcomeSoftDeadlineS ?? outcomeDeadlineS / 2, hardS: outcomeDeadlineS },
  };
}
