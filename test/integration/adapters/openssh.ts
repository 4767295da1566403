// OpenSSH's own server as counterpart: real sshd with internal-sftp, and the simulator's file side on the same folder.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import {
  LOOPBACK_NETWORKS,
  makeAdapter,
  referenceProfile,
  withEndpoint,
  type AdapterNotice,
  type Endpoint,
} from '#adapters';
import type { IncomingAnswer, ProviderAdapter, ProviderProfile } from '#contracts';
import { fingerprint } from '../../../libs/adapters/transports/sftp.js';
import type { Ability, Counterpart, Temper } from '../../../libs/adapters/conformance/counterpart.js';
import { Outbox } from '../../../apps/provider-sim/files/outbox.js';
import { Provider } from '../../../apps/provider-sim/provider.js';
import { sshKeyPair } from './simulated.js';

export const SSHD = '/usr/sbin/sshd';
/** OpenSSH answers as it is; only the provider behind it has a temper. */
export const OPENSSH_TEMPERS: readonly (Temper | Ability)[] = [
  'good',
  'rejects',
  'checksKeys',
  'takesFullLists',
  'tellsHighest',
];

export const HAS_SSHD = existsSync(SSHD);

const LIMIT_MS = 20_000;

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export interface OpenSsh extends Counterpart {
  root: string;
  notices: AdapterNotice[];
  /** How to get in. */
  login: { endpoint: Endpoint; privateKey: string };
  /** An adapter of another profile at this server; `secrets` beside the key for the login. */
  adapterFor(of: ProviderProfile, secrets: Record<string, string>): ProviderAdapter;
  /** An adapter that pins another host key. */
  mistrustful(): ProviderAdapter;
  stop(): Promise<void>;
}

export async function opensshCounterpart(): Promise<OpenSsh> {
  const folder = mkdtempSync(join(tmpdir(), 'saphan-sshd-'));
  const root = join(folder, 'files');
  for (const name of ['outbound', 'inbound']) mkdirSync(join(root, name), { recursive: true });
  const host = sshKeyPair();
  const user = sshKeyPair();
  const strange = sshKeyPair();
  const port = await freePort();
  writeFileSync(join(folder, 'host_key'), host.privateKey, { mode: 0o600 });
  writeFileSync(join(folder, 'authorized_keys'), `${user.publicKey}\n`, { mode: 0o600 });
  writeFileSync(
    join(folder, 'sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(folder, 'host_key')}`,
      `PidFile ${join(folder, 'sshd.pid')}`,
      `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      'Subsystem sftp internal-sftp',
      `ForceCommand internal-sftp -d ${root}`,
      '',
    ].join('\n'),
  );
  // Debian's sshd insists on this folder when it runs as root.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const sshd: ChildProcess = spawn(SSHD, ['-D', '-e', '-f', join(folder, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  sshd.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const listening = AbortSignal.timeout(LIMIT_MS);
  while (!said.includes('Server listening')) {
    if (listening.aborted || sshd.exitCode !== null) throw new Error(`sshd did not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }

  const provider = new Provider('CAT', 1, Date.now);
  const outbox = new Outbox(provider, root, () => undefined);
  const seen = new Set<string>();
  /** What a provider's own watcher does: everything in outbound/ that is new is looked at. */
  const look = async (): Promise<void> => {
    for (const name of readdirSync(join(root, 'outbound'))) {
      if (name.endsWith('.part') || !name.endsWith('.manifest.json') || seen.has(name)) continue;
      seen.add(name);
      outbox.finished(name);
    }
    await outbox.idle();
  };

  const base = referenceProfile('CAT')!;
  const endpoint: Endpoint = {
    host: '127.0.0.1',
    port,
    username: userInfo().username,
    root: '.',
    timeoutMs: 2_000,
    hostKeys: [hostFingerprint(host.publicKey)],
  };
  const profile = withEndpoint(base, endpoint);
  const notices: AdapterNotice[] = [];
  const adapterWith = (sshKey: string, of = profile, secrets: Record<string, string> = {}): ProviderAdapter =>
    makeAdapter(of, {
      secrets: { secret: (name) => secrets[name] ?? sshKey },
      allowedNetworks: LOOPBACK_NETWORKS,
      notice: (notice) => notices.push(notice),
    });
  const adapter = adapterWith(user.privateKey);
  const answers: IncomingAnswer[] = [];
  let number = 0;
  return {
    root,
    login: { endpoint, privateKey: user.privateKey },
    adapter,
    notices,
    stranger: () => adapterWith(strange.privateKey),
    adapterFor: (of, secrets) => adapterWith(user.privateKey, withEndpoint(of, endpoint), secrets),
    mistrustful: () =>
      adapterWith(user.privateKey, withEndpoint(profile, { hostKeys: [hostFingerprint(strange.publicKey)] })),
    turn: (temper) => void provider.turn({ reject: { share: temper === 'rejects' ? 0.3 : 0 } }),
    nextNumber: () => ++number,
    async holds(one) {
      await look();
      return provider.known.get(one)?.sha256 ?? null;
    },
    answers: () => answers,
    async until(condition) {
      const stop = AbortSignal.timeout(LIMIT_MS);
      while (!condition(answers)) {
        if (stop.aborted) throw new Error(`no such answer within ${LIMIT_MS} ms; ${said}`);
        await look();
        await adapter.collect!((answer) => Promise.resolve(void answers.push(answer)), stop);
        if (!condition(answers)) await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    async stop() {
      await adapter.close();
      outbox.stop();
      const gone = new Promise((resolve) => sshd.once('exit', resolve));
      sshd.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function hostFingerprint(publicKey: string): string {
  const key = ssh2.utils.parseKey(publicKey);
  if (key instanceof Error) throw key;
  return fingerprint(key.getPublicSSH());
}
