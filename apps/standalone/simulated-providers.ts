// The demo's providers: profiles that point at the simulators, and fresh secrets for both sides.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import * as openpgp from 'openpgp';
import ssh2 from 'ssh2';
import { isLoopback, REFERENCE_PROFILES, withEndpoint } from '#adapters';
import type { ProviderProfile, TestLine } from '#contracts';
import { HUB_ACTOR_ID, saveProvider, type SecretStore } from '#platform';
import type { DataSource } from 'typeorm';

/** What one simulator must be told, in the words of its settings file. */
export interface SimulatorSettings {
  hubSecrets: string[];
  ownSecret: string;
  sftpClientKeys: string[];
  digestSecret?: string;
  /** Text and PGP keys of files; the simulator reads them anew for each file. */
  files: { charset: 'utf-8' | 'windows-874'; pgp: { own: string[]; hub: string[] } | null };
}

/** The demo's providers refuse a line now and then, as real ones do, so that rejections have something to show. */
export function withTempers(settings: Record<string, SimulatorSettings>): Record<string, unknown> {
  const codes = ['PORTED_OUT', 'NOT_SUBSCRIBER', 'PACKAGE_NOT_ELIGIBLE'];
  return Object.fromEntries(
    Object.entries(settings).map(([code, each]) => [code, { ...each, dial: { reject: { share: 0.01, codes } } }]),
  );
}

/** Where a running simulator is, as it announces itself. */
export interface SimulatorAddress {
  target?: string;
  sftp?: { host: string; port: number; user: string; root: string; hostKeyFingerprint: string };
}

const signingSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** The secrets of the reference profiles, made once per installation; returns what the simulators must know of them. */
export async function makeDemoSecrets(store: SecretStore): Promise<Record<string, SimulatorSettings>> {
  const settings: Record<string, SimulatorSettings> = {};
  for (const { code, secrets, transport } of REFERENCE_PROFILES) {
    const get = async (name: string, make: () => string | Promise<string>): Promise<string> => {
      const known = store.secret(name);
      if (known !== undefined) return known;
      const made = await make();
      await store.put(name, made, HUB_ACTOR_ID);
      return made;
    };
    const signing = await Promise.all(secrets.signing.map((name) => get(name, signingSecret)));
    const callback = await Promise.all(secrets.callback.map((name) => get(name, signingSecret)));
    const sshKey = secrets.sshKey === null ? null : await get(secrets.sshKey, privateKey);
    const pgp = secrets.pgp ? await exchangedKeys(code, secrets.pgp, get) : null;
    const digest = secrets.digest ? await get(secrets.digest, () => randomBytes(32).toString('hex')) : null;
    settings[code] = {
      ...(digest === null ? {} : { digestSecret: digest }),
      files: { charset: (transport.kind === 'sftp' && transport.charset) || 'utf-8', pgp },
      hubSecrets: signing,
      ownSecret: callback[0] ?? signingSecret(),
      sftpClientKeys: sshKey === null ? [] : [publicKeyOf(sshKey)],
    };
  }
  await store.reload();
  return settings;
}

/** Fresh PGP keys for both sides. In the demo the vault keeps the simulator's private key too; no real provider gives its own. */
async function exchangedKeys(
  code: string,
  names: { ours: string[]; theirs: string[] },
  get: (name: string, make: () => string | Promise<string>) => Promise<string>,
): Promise<{ own: string[]; hub: string[] }> {
  const own: string[] = [];
  const hub: string[] = [];
  for (const name of names.ours) hub.push(await publicPgp(await get(name, () => privatePgp('hub'))));
  for (const name of names.theirs) {
    const key = await get(`demo.${code}.${name}`, () => privatePgp(code));
    own.push(key);
    await get(name, () => publicPgp(key));
  }
  return { own, hub };
}

export async function privatePgp(who: string): Promise<string> {
  const userIDs = [{ email: `${who.toLowerCase()}@example.invalid` }];
  return (await openpgp.generateKey({ userIDs, format: 'armored' })).privateKey;
}

export async function publicPgp(privateArmored: string): Promise<string> {
  return (await openpgp.readPrivateKey({ armoredKey: privateArmored })).toPublic().armor();
}

/** What "saphan provider test" adds and removes in the demo: invented like its samples, so they could be somebody's. */
export function demoTestLines(profile: ProviderProfile, place: number): TestLine[] {
  return [1, 2].map((n) =>
    profile.accesses.includes('MB')
      ? { access: 'MB', line: `+668000099${place}${n}` }
      : { access: 'FB', line: `33000099${place}${n}` },
  );
}

/** Writes the six profiles with the simulators' addresses, and with delivery windows that are always open. */
export async function saveDemoProfiles(
  source: DataSource,
  addresses: Record<string, SimulatorAddress>,
  change: (profile: ProviderProfile) => ProviderProfile = (profile) => profile,
): Promise<void> {
  for (const [place, profile] of REFERENCE_PROFILES.entries()) {
    const address = addresses[profile.code];
    if (!address) continue;
    const { sftp } = address;
    // Invented lines never leave this machine; a provider elsewhere names its own.
    const here = isLoopback(sftp?.host ?? new URL(address.target ?? '').hostname);
    const endpoint = sftp
      ? {
          host: sftp.host,
          port: sftp.port,
          username: sftp.user,
          root: sftp.root,
          hostKeys: [sftp.hostKeyFingerprint],
          pollMs: 300,
        }
      : { target: address.target };
    const placed: ProviderProfile = { ...withEndpoint(profile, endpoint), deliveryWindows: [] };
    if (here) placed.testLines = demoTestLines(profile, place + 1);
    if (placed.destinations?.form === 't8' && address.target)
      placed.destinations = { ...placed.destinations, apiRoot: address.target };
    await saveProvider(source, change(placed), HUB_ACTOR_ID);
  }
}

/** A P-256 key in OpenSSH's own format, which ssh2 reads. */
function privateKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({
    type: 'sec1',
    format: 'pem',
  }) as string;
}

function publicKeyOf(privatePem: string): string {
  const parsed = ssh2.utils.parseKey(privatePem);
  if (parsed instanceof Error) throw parsed;
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  return `${key.type} ${key.getPublicSSH().toString('base64')} saphan`;
}
