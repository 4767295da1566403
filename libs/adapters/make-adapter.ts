// Puts one provider's adapter together from its profile: transport x format x acknowledgement.
import type { ProviderAdapter, ProviderProfile, SftpTransport, WebhookTransport } from '#contracts';
import { readCallback } from './acknowledgement/callback.js';
import { FileCollector } from './acknowledgement/files.js';
import type { BatchExchange } from './exchange/exchange.js';
import { FileExchange } from './exchange/file-exchange.js';
import { foldersBelow, type FileForm } from './exchange/folders.js';
import { WebhookExchange } from './exchange/webhook-exchange.js';
import { cloudEvents } from './formats/cloudevents.js';
import type { BatchFormat } from './formats/format.js';
import { hdtIn, type Charset } from './formats/hdt.js';
import type { AdapterNotice, AdapterOptions } from './options.js';
import { validateProfile } from './profiles/validate.js';
import { pgpSealing } from './sealing/pgp.js';
import { unsealed } from './sealing/sealing.js';
import { readTmfCallback, tokenOf } from './tmf641/callback.js';
import { Tmf641Exchange } from './tmf641/exchange.js';
import { tmf641 } from './tmf641/format.js';
import { Subscription } from './tmf641/subscription.js';
import { SftpConnection } from './transports/sftp.js';
import { makeTargetGuard, type TargetGuard } from './transports/target-guard.js';
import { WebhookClient } from './transports/webhook.js';

const FORMATS: Record<Exclude<ProviderProfile['format'], 'hdt'>, BatchFormat> = { cloudevents: cloudEvents, tmf641 };

/** Bytes that one line may take in an answer, and what surrounds them. */
const ANSWER_BYTES_PER_LINE = 256;
/** A service order comes back with all its items. */
const ORDER_BYTES_PER_LINE = 1_024;
const ANSWER_BYTES_BESIDES = 64 * 1024;

/** Throws `ProfileNotValid` when the profile cannot work. Connects to nothing before it is used. */
export function makeAdapter(candidate: ProviderProfile, options: AdapterOptions): ProviderAdapter {
  const profile = validateProfile(candidate);
  const clock = options.clock ?? ((): Date => new Date());
  const charset = (profile.transport.kind === 'sftp' && profile.transport.charset) || 'utf-8';
  const format = profile.format === 'hdt' ? hdtIn(charset) : FORMATS[profile.format];

  /** Secrets that are there; one that is missing is told, and the others still work. */
  const secrets = (names: readonly string[]): string[] =>
    names.flatMap((name) => {
      const secret = options.secrets.secret(name);
      if (secret !== undefined) return [secret];
      options.notice?.({
        provider: profile.code,
        kind: 'secretMissing',
        text: `the secret "${name}" is not in the vault`,
      });
      return [];
    });

  const notice: Notice = (kind, text) => options.notice?.({ provider: profile.code, kind, text });
  const guard = makeTargetGuard(options.allowedNetworks ?? []);
  const { exchange, collector } =
    profile.transport.kind === 'webhook'
      ? {
          exchange: byWebhook(profile, profile.transport, { guard, format, secrets, clock, options, notice }),
          collector: null,
        }
      : byFiles(profile, profile.transport, { guard, charset, secrets, options, notice });

  const adapter: ProviderAdapter = {
    profile,
    render: (header, lines) => format.render(header, lines),
    handOver: (batch, parts, signal) => exchange.handOver(batch, parts, signal),
    ask: (batch, signal) =>
      profile.canBeAsked
        ? exchange.ask(batch, signal)
        : Promise.resolve({ answer: 'cannotTell', detail: 'this provider cannot be asked about a batch' }),
    highestNumber: (signal) => (profile.canBeAsked ? exchange.highestNumber(signal) : Promise.resolve(null)),
    close: () => exchange.close(),
  };
  if (profile.acknowledgement === 'files' && collector) {
    adapter.collect = (take, signal) => collector.collect(take, signal);
  }
  if (profile.acknowledgement === 'callback') {
    const own = (): string[] => secrets(profile.secrets.callback);
    adapter.readCallback =
      profile.format === 'tmf641'
        ? (headers, body) => readTmfCallback(profile, own(), headers, body)
        : (headers, body) => readCallback(profile, own(), headers, body, clock());
  }
  return adapter;
}

type Notice = (kind: AdapterNotice['kind'], text: string) => void;

interface WebhookParts {
  guard: TargetGuard;
  format: BatchFormat;
  secrets: (names: readonly string[]) => string[];
  clock: () => Date;
  options: AdapterOptions;
  notice: Notice;
}

function byWebhook(profile: ProviderProfile, transport: WebhookTransport, parts: WebhookParts): BatchExchange {
  const { guard, format, secrets, clock, options, notice } = parts;
  const perLine = profile.format === 'tmf641' ? ORDER_BYTES_PER_LINE : ANSWER_BYTES_PER_LINE;
  const client = new WebhookClient(transport, {
    guard,
    secrets: () => secrets(profile.secrets.signing),
    clock,
    maxAnswerBytes: ANSWER_BYTES_BESIDES + profile.maxLines * perLine,
    // Hand-overs in flight, a status query and a look at the highest number beside them.
    maxSockets: profile.maxInFlight + 2,
    ...(options.ca ? { ca: options.ca } : {}),
  });
  if (profile.format !== 'tmf641') return new WebhookExchange(profile, client, format.contentType, clock);
  const callback = (): string | undefined => {
    const base = options.callbackBase?.(profile.code);
    const [secret] = secrets(profile.secrets.callback);
    return base === undefined || secret === undefined ? undefined : `${base}/tmf641/${tokenOf(secret, profile.code)}`;
  };
  const subscription = new Subscription(client, callback, clock, (text) => notice('subscription', text));
  return new Tmf641Exchange(profile, client, subscription, clock);
}

interface FileParts {
  guard: TargetGuard;
  charset: Charset;
  secrets: (names: readonly string[]) => string[];
  options: AdapterOptions;
  notice: Notice;
}

function byFiles(
  profile: ProviderProfile,
  transport: SftpTransport,
  { guard, charset, secrets, options, notice }: FileParts,
): { exchange: BatchExchange; collector: FileCollector } {
  const name = profile.secrets.sshKey;
  const connection = new SftpConnection(transport, {
    guard,
    privateKey: () => (name === null ? undefined : options.secrets.secret(name)),
  });
  const folders = foldersBelow(transport.root);
  const { pgp } = profile.secrets;
  const sealing = pgp ? pgpSealing({ ours: () => secrets(pgp.ours), theirs: () => secrets(pgp.theirs) }) : unsealed;
  const files: FileForm = { charset, sealing };
  const mostBytes = ANSWER_BYTES_BESIDES + profile.maxLines * ANSWER_BYTES_PER_LINE;
  return {
    exchange: new FileExchange(profile, connection, folders, files),
    collector: new FileCollector(profile, connection, folders, files, mostBytes, notice),
  };
}
