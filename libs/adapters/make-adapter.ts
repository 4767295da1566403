// Puts one provider's adapter together from its profile: transport x format x acknowledgement.
import type { PeerCertificate } from 'node:tls';
import type {
  KeyEnd,
  ProviderAdapter,
  ProviderProfile,
  SetAside,
  SftpTransport,
  Unusable,
  WebhookTransport,
} from '#contracts';
import { readCallback } from './acknowledgement/callback.js';
import { FileCollector } from './acknowledgement/files.js';
import { makeDestinationSender } from './destinations/make-sender.js';
import type { BatchExchange } from './exchange/exchange.js';
import { FileExchange } from './exchange/file-exchange.js';
import { foldersBelow, type FileForm, type Folders } from './exchange/folders.js';
import { WebhookExchange } from './exchange/webhook-exchange.js';
import { cloudEvents } from './formats/cloudevents.js';
import { batchFileName } from './formats/file-names.js';
import type { BatchFormat } from './formats/format.js';
import { hdtIn, type Charset } from './formats/hdt.js';
import { thin } from './formats/thin.js';
import { LONGEST_OBSERVED_BYTES, makeObservers } from './observing/make-observers.js';
import type { AdapterNotice, AdapterOptions } from './options.js';
import { keyEndsOf } from './key-ends.js';
import { probe } from './probe.js';
import { validateProfile } from './profiles/validate.js';
import { ThinExchange } from './pull/thin-exchange.js';
import { pgpSealing } from './sealing/pgp.js';
import { unsealed } from './sealing/sealing.js';
import { readTmfCallback, tokenOf } from './tmf641/callback.js';
import { Tmf641Exchange } from './tmf641/exchange.js';
import { tmf641 } from './tmf641/format.js';
import { Subscription } from './tmf641/subscription.js';
import { SftpConnection } from './transports/sftp.js';
import { makeTargetGuard, type TargetGuard } from './transports/target-guard.js';
import { WebhookClient } from './transports/webhook.js';

const FORMATS: Record<Exclude<ProviderProfile['format'], 'hdt'>, BatchFormat> = {
  cloudevents: cloudEvents,
  tmf641,
  thin,
};

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

  const notice: Notice = (kind, text, setAside) =>
    options.notice?.({ provider: profile.code, kind, text, ...(setAside ? { setAside } : {}) });
  const guard = makeTargetGuard(options.allowedNetworks ?? []);
  let serverEnds: KeyEnd | null = null;
  const shown = ({ valid_to: endsAt }: PeerCertificate): void => {
    const name = new URL((profile.transport as WebhookTransport).target).host;
    if (endsAt) serverEnds = { purpose: 'server', name, endsAt: new Date(endsAt) };
  };
  const { exchange, collector, enclose, files } =
    profile.transport.kind === 'webhook'
      ? {
          exchange: byWebhook(profile, profile.transport, { guard, format, secrets, clock, options, notice, shown }),
          collector: null,
          enclose: null,
          files: null,
        }
      : byFiles(profile, profile.transport, { guard, charset, secrets, clock, options, notice });

  /** An answer that cannot be used is counted and shown, whatever is made of its not being there. */
  const tell = <Result extends { unusable?: Unusable } | object>(result: Result, number: number): Result => {
    const unusable = 'unusable' in result ? result.unusable : undefined;
    if (unusable) {
      const { reason, detail } = unusable;
      notice('answerSetAside', detail, { reason, number, detail, items: 1 });
    }
    return result;
  };

  const adapter: ProviderAdapter = {
    profile,
    render: (header, lines) => format.render(header, lines),
    handOver: async (batch, parts, signal) => tell(await exchange.handOver(batch, parts, signal), batch.number),
    ask: async (batch, signal) =>
      profile.canBeAsked
        ? tell(await exchange.ask(batch, signal), batch.number)
        : { answer: 'cannotTell', detail: 'this provider cannot be asked about a batch' },
    highestNumber: (above, signal) =>
      profile.canBeAsked ? exchange.highestNumber(above, signal) : Promise.resolve({ said: 'cannotTell' }),
    keyEnds: async () => [
      ...(await keyEndsOf(profile, (name) => options.secrets.secret(name))),
      ...(serverEnds ? [serverEnds] : []),
    ],
    probe: (signal) =>
      probe(
        profile,
        {
          guard,
          clock,
          secret: (name) => options.secrets.secret(name),
          sshKey: () => (profile.secrets.sshKey === null ? undefined : options.secrets.secret(profile.secrets.sshKey)),
          client: () =>
            new WebhookClient(profile.transport as WebhookTransport, {
              guard,
              secrets: () => secrets(profile.secrets.signing),
              secret: (name) => options.secrets.secret(name),
              clock,
              maxAnswerBytes: ANSWER_BYTES_BESIDES,
              maxSockets: 1,
              ...(options.ca ? { ca: options.ca } : {}),
            }),
          ...(options.ca ? { ca: options.ca } : {}),
        },
        signal,
      ),
    close: () => exchange.close(),
  };
  if (profile.acknowledgement === 'files' && collector) {
    adapter.collect = (take, signal) => collector.collect(take, signal);
  }
  if (enclose) adapter.enclose = enclose;
  const observers = makeObservers(profile, {
    client: () =>
      new WebhookClient(profile.transport as WebhookTransport, {
        guard,
        secrets: () => secrets(profile.secrets.signing),
        secret: (name) => options.secrets.secret(name),
        clock,
        maxAnswerBytes: LONGEST_OBSERVED_BYTES,
        maxSockets: 1,
        ...(options.ca ? { ca: options.ca } : {}),
      }),
    files: files ? { form: files, ...placeOf(profile.transport as SftpTransport, profile, { guard, options }) } : null,
    clock,
  });
  if (observers.observer) adapter.observer = observers.observer;
  if (observers.snapshots) adapter.snapshots = observers.snapshots;
  adapter.close = async () => {
    await observers.close();
    await exchange.close();
  };
  if (exchange instanceof Tmf641Exchange) adapter.keepSubscribed = (signal) => exchange.keepSubscribed(signal);
  if (exchange instanceof ThinExchange)
    adapter.remind = (batch, reminder, signal) => exchange.remind(batch, reminder, signal);
  if (profile.acknowledgement === 'callback' || profile.acknowledgement === 'pull') {
    const own = (): string[] => secrets(profile.secrets.callback);
    adapter.readCallback =
      profile.format === 'tmf641'
        ? (headers, body) => readTmfCallback(profile, own(), headers, body)
        : (headers, body) => readCallback(profile, own(), headers, body, clock());
  }
  const lists = makeDestinationSender(profile, { guard, secrets, clock, options, files });
  if (lists) {
    adapter.sendDestinations = (version, delivery, signal) => lists.send(version, delivery, signal);
    if (lists.readReport) adapter.readDestinationsReport = (token, body) => lists.readReport!(token, body);
    const closeRest = adapter.close;
    adapter.close = async () => {
      await lists.close();
      await closeRest();
    };
  }
  return adapter;
}

type Notice = (kind: AdapterNotice['kind'], text: string, setAside?: SetAside) => void;

interface WebhookParts {
  guard: TargetGuard;
  format: BatchFormat;
  secrets: (names: readonly string[]) => string[];
  clock: () => Date;
  options: AdapterOptions;
  notice: Notice;
  shown: (certificate: PeerCertificate) => void;
}

function byWebhook(profile: ProviderProfile, transport: WebhookTransport, parts: WebhookParts): BatchExchange {
  const { guard, format, secrets, clock, options, notice, shown } = parts;
  const perLine = profile.format === 'tmf641' ? ORDER_BYTES_PER_LINE : ANSWER_BYTES_PER_LINE;
  const client = new WebhookClient(transport, {
    guard,
    secrets: () => secrets(profile.secrets.signing),
    secret: (name) => options.secrets.secret(name),
    clock,
    maxAnswerBytes: ANSWER_BYTES_BESIDES + profile.maxLines * perLine,
    // Hand-overs in flight, a status query and a look at the highest number beside them.
    maxSockets: profile.maxInFlight + 2,
    shown,
    ...(options.ca ? { ca: options.ca } : {}),
  });
  if (profile.format === 'thin') return new ThinExchange(profile, client, () => options.hubAddress?.(), clock);
  if (profile.format !== 'tmf641') return new WebhookExchange(profile, client, format.contentType, clock);
  const callback = (): string | undefined => {
    const base = options.callbackBase?.(profile.code);
    const [secret] = secrets(profile.secrets.callback);
    return base === undefined || secret === undefined ? undefined : `${base}/tmf641/${tokenOf(secret, profile.code)}`;
  };
  const store = options.subscriptions?.(profile.code);
  const subscription = new Subscription(client, callback, clock, (text) => notice('subscription', text), store);
  return new Tmf641Exchange(profile, client, subscription, clock);
}

/** The provider's server and folders, reached anew by whoever asks. */
function placeOf(
  transport: SftpTransport,
  profile: ProviderProfile,
  { guard, options }: Pick<FileParts, 'guard' | 'options'>,
): { connection: () => SftpConnection; folders: Folders } {
  const name = profile.secrets.sshKey;
  return {
    connection: () =>
      new SftpConnection(transport, {
        guard,
        privateKey: () => (name === null ? undefined : options.secrets.secret(name)),
      }),
    folders: foldersBelow(transport.root),
  };
}

interface FileParts {
  guard: TargetGuard;
  charset: Charset;
  secrets: (names: readonly string[]) => string[];
  clock: () => Date;
  options: AdapterOptions;
  notice: Notice;
}

function byFiles(
  profile: ProviderProfile,
  transport: SftpTransport,
  { guard, charset, secrets, clock, options, notice }: FileParts,
): { exchange: BatchExchange; collector: FileCollector; enclose: ProviderAdapter['enclose'] | null; files: FileForm } {
  const { connection: connect, folders } = placeOf(transport, profile, { guard, options });
  const connection = connect();
  const { pgp } = profile.secrets;
  const sealing = pgp ? pgpSealing({ ours: () => secrets(pgp.ours), theirs: () => secrets(pgp.theirs) }) : unsealed;
  const files: FileForm = { charset, sealing };
  const mostBytes = ANSWER_BYTES_BESIDES + profile.maxLines * ANSWER_BYTES_PER_LINE;
  return {
    exchange: new FileExchange(profile, connection, folders, files),
    collector: new FileCollector(profile, connection, folders, files, mostBytes, notice, clock),
    files,
    enclose: pgp ? (header, bytes) => sealing.seal(batchFileName(profile, header, header), bytes) : null,
  };
}
