// What a style is: the way one provider is spoken to. Each style is one file that knows nothing of the others.
import type { DialChange } from '../dial.js';
import type { FileSettings } from '../files/form.js';
import type { Provider } from '../provider.js';
import type { Witness } from '../tmf641/witness.js';
import type { IncomingPart } from '../words.js';
import type { SignatureCheck } from '../webhook/signature.js';

export const STYLE_NAMES = ['response', 'callback', 'sftp', 'tmf641', 'pull'] as const;
export type StyleName = (typeof STYLE_NAMES)[number];

export interface StyleContext {
  provider: Provider;
  /** Loopback address to bind, and port (0: any). */
  host: string;
  port: number;
  /** Secrets the hub may sign with (several during rotation), and the provider's own. */
  hubSecrets: string[];
  ownSecret: string;
  signatureCheck: SignatureCheck;
  /** Base address of the hub, undefined while it is not known. */
  hub: () => string | undefined;
  /** Its API key at the hub, undefined while it is not known; for the style that fetches. */
  feedKey: () => string | undefined;
  /** Folder for what must survive: keys, files. */
  folder: string;
  /** OpenSSH public keys that may log in by SFTP, and as whom. */
  sftpUser: string;
  sftpClientKeys: string[];
  /** Text and keys of files, for the style that has files. */
  files: FileSettings;
  /** What becomes of requests without a signature, for the style whose standard knows none. */
  unsigned: 'taken' | 'refused';
  /** Sees every message of the protocol, for the style that has schemas of a standard. */
  witness: Witness;
  /** Notes in the journal that a part's outcomes were delivered. */
  told: (batch: number, part: number) => void;
}

/** Where the hub has to go; members that a style does not have are absent. */
export interface StyleAddress {
  target?: string;
  sftp?: { host: string; port: number; user: string; root: string; hostKeyFingerprint: string; folder: string };
}

export interface RunningStyle {
  address: StyleAddress;
  /** Figures for GET /state. */
  figures: () => Record<string, unknown>;
  /** Called when the hub's address has changed. */
  wake: () => void;
  stop: () => Promise<void>;
}

export interface Style {
  name: StyleName;
  /** What of the dial is another default in this style. */
  dial?: DialChange;
  /** Reads a body that was taken before, for the journal. */
  read: (provider: Provider, body: Buffer, files?: FileSettings) => IncomingPart;
  start: (context: StyleContext) => Promise<RunningStyle>;
}
