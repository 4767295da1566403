// Puts together how a provider's profile wants destination lists: event, file, T8, or it fetches them.
import type { ProviderProfile } from '#contracts';
import { foldersBelow, type FileForm } from '../exchange/folders.js';
import type { AdapterOptions } from '../options.js';
import { SftpConnection } from '../transports/sftp.js';
import type { TargetGuard } from '../transports/target-guard.js';
import { WebhookClient } from '../transports/webhook.js';
import { EventSender } from './send-event.js';
import { FileSender } from './send-file.js';
import { reportTokenOf, T8Sender } from './send-t8.js';
import type { DestinationSender } from './sender.js';

/** Longest answer about a list: T8 gives back all that was sent. */
const LONGEST_ANSWER_BYTES = 4 * 1024 * 1024;

export interface SenderParts {
  guard: TargetGuard;
  secrets: (names: readonly string[]) => string[];
  clock: () => Date;
  options: AdapterOptions;
  /** How this provider's files look; null with a webhook. */
  files: FileForm | null;
}

/** Null when the profile takes no lists. Connections of its own: a list stands in no batch's way. */
export function makeDestinationSender(profile: ProviderProfile, parts: SenderParts): DestinationSender | null {
  const { destinations, transport } = profile;
  if (!destinations) return null;
  if (destinations.form === 'feed')
    return { send: () => Promise.resolve({ result: 'offered' }), close: () => Promise.resolve() };
  const { guard, secrets, clock, options, files } = parts;
  if (transport.kind === 'sftp') {
    const name = profile.secrets.sshKey;
    const privateKey = (): string | undefined => (name === null ? undefined : options.secrets.secret(name));
    const connection = new SftpConnection(transport, { guard, privateKey });
    if (!files) throw new Error('files without a form');
    return new FileSender(profile, connection, foldersBelow(transport.root), files);
  }
  const target = destinations.form === 't8' ? destinations.apiRoot : transport.target;
  const client = new WebhookClient(
    { ...transport, target },
    {
      guard,
      secrets: () => secrets(profile.secrets.signing),
      secret: (name) => options.secrets.secret(name),
      clock,
      maxAnswerBytes: LONGEST_ANSWER_BYTES,
      maxSockets: 1,
      ...(options.ca ? { ca: options.ca } : {}),
    },
  );
  if (destinations.form !== 't8') return new EventSender(profile, client, clock);
  const own = (): string[] => secrets(profile.secrets.callback);
  const notificationDestination = (): string | undefined => {
    const base = options.callbackBase?.(profile.code);
    const [secret] = own();
    if (base === undefined || secret === undefined) return undefined;
    return `${base}/v1/providers/${profile.code}/pfd-reports/${reportTokenOf(secret, profile.code)}`;
  };
  const { scsAsId, allowedDelayS } = destinations;
  return new T8Sender({ profile, client, scsAsId, allowedDelayS, notificationDestination, secrets: own, clock });
}
