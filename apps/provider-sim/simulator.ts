// Starts any subset of the six simulated providers in this process, each with its own servers, book and dial.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forget, type Forget, openControl } from './control.js';
import type { Dial, DialChange } from './dial.js';
import type { FileSettings } from './files/form.js';
import { Journal } from './journal.js';
import { assertLoopbackHost, loopbackUrl } from './loopback.js';
import { Provider } from './provider.js';
import { DEFAULT_STYLE, STYLES } from './styles/index.js';
import type { RunningStyle, StyleAddress, StyleName } from './styles/style.js';
import type { Witness } from './tmf641/witness.js';
import { addressOf, closed } from './webhook/http.js';
import { newSecret, type SignatureCheck } from './webhook/signature.js';
import { PROVIDER_CODES, type ProviderCode } from './words.js';

export interface ProviderSettings {
  style?: StyleName;
  dial?: DialChange;
  /** Standard Webhooks secrets (`whsec_…`) the hub signs with; made when absent. */
  hubSecrets?: string[];
  /** The provider's own secret; made when absent. */
  ownSecret?: string;
  /** Shared with the hub; without it no digests are offered. */
  digestSecret?: string;
  /** Its API key at the hub, for the style that fetches; may be told later with setFeedKey. */
  feedKey?: string;
  sftpUser?: string;
  /** OpenSSH public keys of the hub. */
  sftpClientKeys?: string[];
  /** Text of files and PGP keys; read anew for each file, so that a test can change keys over. */
  files?: FileSettings;
  /** Sees every message of the service order protocol. */
  witness?: Witness;
  /** What becomes of service orders without a signature; absent: they are taken, as the standard knows none. */
  unsigned?: 'taken' | 'refused';
}

export interface SimulatorOptions {
  providers?: ProviderCode[];
  settings?: Partial<Record<ProviderCode, ProviderSettings>>;
  /** Base address of the hub for callbacks; may be told later with setHub. */
  hub?: string;
  /** Loopback address to bind; 127.0.0.1 when absent. */
  host?: string;
  /** First of twelve ports: provider i (in the order of PROVIDER_CODES) gets basePort+2i, its control basePort+2i+1. 0 or absent: any. */
  basePort?: number;
  /** Folder that keeps books, keys and files over restarts; without it all is gone at the end. */
  data?: string;
  seed?: number;
  signatureCheck?: SignatureCheck;
  now?: () => number;
}

export interface SimulatedProvider {
  code: ProviderCode;
  style: StyleName;
  address: StyleAddress;
  /** Address of the control endpoint. */
  control: string;
  hubSecrets: string[];
  ownSecret: string;
  /** Where the secrets are that were not given: JSON of hubSecrets and ownSecret. */
  secretsFile: string;
  provider: Provider;
  /** What GET /state answers. */
  state: () => Record<string, unknown>;
  turn: (change: DialChange) => Dial;
  /** Plays a restore from a backup; returns how many batches were lost. */
  forget: (what: Forget) => number;
  /** Tells it its API key at the hub. */
  setFeedKey: (key: string) => void;
}

export interface Simulator {
  providers: Map<ProviderCode, SimulatedProvider>;
  /** The provider of that code; throws when it was not started. */
  get: (code: ProviderCode) => SimulatedProvider;
  setHub: (address: string) => void;
  /** Ends all servers; with a data folder everything is written first. */
  stop: () => Promise<void>;
}

interface Running {
  simulated: SimulatedProvider;
  style: RunningStyle;
  control: Server;
  journal: Journal | undefined;
  timer: NodeJS.Timeout;
}

const TICK_MS = 250;
const SECRETS_FILE = 'secrets.json';

/** Starts the simulators. Throws NotLoopbackError, or an Error that says what to write instead. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const host = options.host ?? '127.0.0.1';
  assertLoopbackHost('the address to bind (--host)', host);
  let hub = options.hub === undefined ? undefined : loopbackUrl("the hub's address (--hub)", options.hub);
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'provider-sim-'));
  const running: Running[] = [];
  const setHub = (address: string): void => {
    hub = loopbackUrl("the hub's address", address);
    for (const one of running) one.style.wake();
  };
  const stop = async (): Promise<void> => {
    await Promise.all(running.map(stopOne));
    if (options.data === undefined) rmSync(data, { recursive: true, force: true });
  };
  try {
    for (const code of options.providers ?? PROVIDER_CODES) {
      const folder = join(data, code);
      running.push(await startOne(code, options, { host, folder, hub: () => hub, setHub }));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const providers = new Map(running.map((one) => [one.simulated.code, one.simulated]));
  const get = (code: ProviderCode): SimulatedProvider => {
    const found = providers.get(code);
    if (found === undefined) throw new Error(`the simulator of ${code} was not started`);
    return found;
  };
  return { providers, get, setHub, stop };
}

interface Place {
  host: string;
  folder: string;
  hub: () => string | undefined;
  setHub: (address: string) => void;
}

async function startOne(code: ProviderCode, options: SimulatorOptions, place: Place): Promise<Running> {
  const settings = options.settings?.[code] ?? {};
  const styleName = settings.style ?? DEFAULT_STYLE[code] ?? 'response';
  const style = STYLES[styleName];
  const provider = new Provider(code, options.seed ?? 1, options.now ?? Date.now, style.dial);
  provider.turn(settings.dial ?? {});
  provider.digestSecret = settings.digestSecret;
  provider.destinations.keepIn(place.folder);
  const journal =
    options.data === undefined
      ? undefined
      : Journal.open(place.folder, provider, (body) => style.read(provider, body, settings.files));
  const { hubSecrets, ownSecret } = secretsOf(place.folder, settings);
  const codes: readonly string[] = [...PROVIDER_CODES, ...(options.providers ?? [])];
  const port = options.basePort ? options.basePort + 2 * codes.indexOf(code) : 0;
  let feedKey = settings.feedKey;
  const setFeedKey = (key: string): void => {
    feedKey = key;
  };
  const started = await style.start({
    provider,
    host: place.host,
    port,
    hubSecrets,
    ownSecret,
    signatureCheck: options.signatureCheck ?? 'official',
    hub: place.hub,
    feedKey: () => feedKey,
    folder: place.folder,
    sftpUser: settings.sftpUser ?? 'saphan',
    sftpClientKeys: settings.sftpClientKeys ?? [],
    files: settings.files ?? {},
    witness: settings.witness ?? (() => undefined),
    unsigned: settings.unsigned ?? 'taken',
    told: (batch, part) => journal?.told(batch, part),
  });
  const state = (): Record<string, unknown> => stateOf(provider, styleName, started);
  try {
    const control = await openControl({
      provider,
      host: place.host,
      port: port === 0 ? 0 : port + 1,
      state,
      changed: () => {
        journal?.fold();
        started.wake();
      },
      setHub: place.setHub,
      setFeedKey,
    });
    const simulated: SimulatedProvider = {
      code,
      style: styleName,
      address: started.address,
      control: addressOf(control),
      hubSecrets,
      ownSecret,
      secretsFile: join(place.folder, SECRETS_FILE),
      provider,
      state,
      setFeedKey,
      turn: (change) => provider.turn(change),
      forget: (what) => {
        const lost = forget(provider, what);
        journal?.fold();
        // After a restore everything is started anew, a reader of a feed too.
        started.wake();
        return lost;
      },
    };
    const timer = setInterval(() => provider.tick(), TICK_MS);
    timer.unref();
    return { simulated, style: started, control, journal, timer };
  } catch (error) {
    await started.stop();
    throw error;
  }
}

/** The secrets given, and for those that were not, the ones made at the first start and kept in the folder. */
function secretsOf(folder: string, settings: ProviderSettings): { hubSecrets: string[]; ownSecret: string } {
  const file = join(folder, SECRETS_FILE);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(file, JSON.stringify({ hubSecrets: [newSecret()], ownSecret: newSecret() }), { mode: 0o600 });
  }
  const kept = JSON.parse(readFileSync(file, 'utf8')) as { hubSecrets: string[]; ownSecret: string };
  return { hubSecrets: settings.hubSecrets ?? kept.hubSecrets, ownSecret: settings.ownSecret ?? kept.ownSecret };
}

async function stopOne({ style, control, journal, timer }: Running): Promise<void> {
  clearInterval(timer);
  await Promise.all([style.stop(), closed(control)]);
  journal?.close();
}

function stateOf(provider: Provider, style: StyleName, running: RunningStyle): Record<string, unknown> {
  const { observer, applier } = provider;
  const lines = [...observer.state.batches.values()].reduce(
    (sum, batch) => sum + batch.seen.reduce((one, part) => one + part.count, 0),
    0,
  );
  return {
    provider: provider.code,
    style,
    ...running.address,
    held: applier.book.count,
    highestBatch: provider.highestBatch,
    appliedSeq: applier.appliedSeq,
    batches: observer.state.batches.size,
    linesReceived: lines,
    outcomes: applier.counts,
    parked: provider.parked,
    staged: applier.staged,
    missingNumbers: observer.missing(),
    violations: observer.state.violations,
    notices: observer.state.notices,
    ...running.figures(),
    effects: provider.effects.counts,
    destinations: provider.destinations.view(),
    dial: provider.dial,
  };
}
