// How a provider is asked what it holds, by its profile: digests, and its whole list by file, stream or pages.
import { observationOf, type ListObserver, type ProviderProfile, type SnapshotObserver } from '#contracts';
import type { FileForm, Folders } from '../exchange/folders.js';
import type { SftpConnection } from '../transports/sftp.js';
import type { WebhookClient } from '../transports/webhook.js';
import { ApiSnapshot } from './api-snapshot.js';
import { FileSnapshot } from './file-snapshot.js';
import { InventorySnapshot } from './inventory-snapshot.js';
import { WebhookObserver } from './webhook-observer.js';

/** All 65,536 leaf digests in base64 are 1.8 MB; the items of 256 leaves at 3 million entries about 1.3 MB; a page of services 1 MB. */
export const LONGEST_OBSERVED_BYTES = 8 * 1024 * 1024;

export interface ObserverParts {
  /** A connection of its own: a comparison stands in no hand-over's way, and its answers are longer. */
  client: () => WebhookClient;
  files: { connection: () => SftpConnection; folders: Folders; form: FileForm } | null;
  clock: () => Date;
}

export interface Observers {
  observer?: ListObserver;
  snapshots?: SnapshotObserver;
  close: () => Promise<void>;
}

/** Connects to nothing before it is used. */
export function makeObservers(profile: ProviderProfile, { client, files, clock }: ObserverParts): Observers {
  const { digests, snapshot } = observationOf(profile);
  if (files) {
    if (!snapshot) return { close: () => Promise.resolve() };
    const connection = files.connection();
    const snapshots = new FileSnapshot(profile, snapshot, connection, files.folders, files.form, clock);
    return { snapshots, close: () => connection.close() };
  }
  const offersDigests = digests && profile.format !== 'tmf641';
  if (!offersDigests && !snapshot) return { close: () => Promise.resolve() };
  const asking = client();
  const Snapshots = profile.format === 'tmf641' ? InventorySnapshot : ApiSnapshot;
  return {
    ...(offersDigests ? { observer: new WebhookObserver(profile.code, asking) } : {}),
    ...(snapshot ? { snapshots: new Snapshots(profile, snapshot, asking) } : {}),
    close: () => {
      asking.close();
      return Promise.resolve();
    },
  };
}
