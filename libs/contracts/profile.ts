// A provider's profile: everything that makes one provider different from another, as data.
import type { Access, ProviderCode } from './words.js';

export type AcknowledgementMode =
  | 'response' // outcomes in the answer to the hand-over
  | 'callback' // a receipt at once, outcomes later by signed callback
  | 'files' // receipt and outcomes as files
  | 'pull'; // the provider fetches the lines and posts outcomes

export interface WebhookTransport {
  kind: 'webhook';
  /** Base address; `/whitelist/batches` and the rest of the contract are below it. */
  target: string;
  /** Whole-request limit in milliseconds, connection included. */
  timeoutMs: number;
  /** Bodies are gzipped when the provider said that it takes them. */
  gzip: boolean;
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
}

export interface ProviderProfile {
  code: ProviderCode;
  nameTh: string;
  nameEn: string;
  accesses: Access[];
  /** Anchored pattern of the provider's own circuit numbers (no national format exists), null for mobile only. */
  circuitPattern: string | null;
  environment: 'test' | 'live';
  /** `tmf641` is also its own exchange: service orders instead of the feed contract's requests. */
  format: 'cloudevents' | 'hdt' | 'tmf641';
  transport: WebhookTransport | SftpTransport;
  acknowledgement: AcknowledgementMode;
  /** Most lines in one batch. */
  maxLines: number;
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
  /** Pauses between attempts in seconds; the last one repeats. Jitter is added. */
  retryScheduleS: number[];
  /** Tries of one line that is answered retryLater before it needs a person. */
  maxLineTries: number;
  secrets: ProfileSecrets;
}
