// Which keys a profile names, and the same profile with a key more or less: changing over with both in use meanwhile.
import type { KeyPurpose, ProviderProfile } from '#contracts';

/** One key that a profile names; of a host key the name is its fingerprint. */
export interface NamedKey {
  purpose: KeyPurpose;
  name: string;
}

/** Every key that the profile needs. A TLS certificate and its private key are one key, by the certificate's name. */
export function keysOf({ secrets, transport }: ProviderProfile): NamedKey[] {
  const of = (purpose: KeyPurpose, names: readonly (string | null | undefined)[]): NamedKey[] =>
    names.filter((name) => typeof name === 'string').map((name) => ({ purpose, name }));
  const webhook = transport.kind === 'webhook' ? transport : null;
  const { authentication, mutualTls } = webhook ?? {};
  return [
    ...of('signing', secrets.signing),
    ...of('callback', secrets.callback),
    ...of('digest', [secrets.digest]),
    ...of('sshKey', [secrets.sshKey]),
    ...of('hostKey', transport.kind === 'sftp' ? transport.hostKeys : []),
    ...of('pgpOurs', secrets.pgp?.ours ?? []),
    ...of('pgpTheirs', secrets.pgp?.theirs ?? []),
    ...of(authentication?.kind ?? 'apiKey', [authentication?.secret]),
    ...of('tls', [mutualTls?.certificate]),
    ...of('authority', [mutualTls?.authority]),
  ];
}

/** Names of the secrets behind one key: two for a TLS certificate, none for a host key. */
export function secretNames(profile: ProviderProfile, { purpose, name }: NamedKey): string[] {
  if (purpose === 'hostKey') return [];
  if (purpose !== 'tls') return [name];
  return [name, tlsKeyName(profile, name)];
}

/** The name of the private key beside a certificate. */
export function tlsKeyName({ transport }: ProviderProfile, certificate: string): string {
  const mutualTls = transport.kind === 'webhook' ? transport.mutualTls : null;
  return mutualTls?.certificate === certificate ? mutualTls.key : `${certificate}.key`;
}

/** The next free name for a key of this kind, e.g. `nt.signing.2`. */
export function nextName(code: string, purpose: KeyPurpose, taken: ReadonlySet<string>): string {
  for (let n = 1; ; n++) {
    const name = `${code.toLowerCase()}.${purpose}.${n}`;
    if (!taken.has(name)) return name;
  }
}

/**
 * The profile with this key in use. Where several may be in use the older ones stay, after it; where there is room for one
 * it takes the place. A kind that the profile has no place for leaves it as it is: the key waits for a switch.
 */
export function withKey(profile: ProviderProfile, { purpose, name }: NamedKey): ProviderProfile {
  const { secrets, transport } = profile;
  const first = (names: readonly string[]): string[] => [name, ...names.filter((one) => one !== name)];
  const set = (changed: Partial<ProviderProfile['secrets']>): ProviderProfile => ({
    ...profile,
    secrets: { ...secrets, ...changed },
  });
  switch (purpose) {
    case 'signing':
      return transport.kind === 'webhook' ? set({ signing: first(secrets.signing) }) : profile;
    case 'callback':
      return secrets.callback.length > 0 ? set({ callback: first(secrets.callback) }) : profile;
    case 'digest':
      return secrets.digest ? set({ digest: name }) : profile;
    case 'sshKey':
      return transport.kind === 'sftp' ? set({ sshKey: name }) : profile;
    case 'pgpOurs':
      return secrets.pgp ? set({ pgp: { ...secrets.pgp, ours: first(secrets.pgp.ours) } }) : profile;
    case 'pgpTheirs':
      return secrets.pgp ? set({ pgp: { ...secrets.pgp, theirs: first(secrets.pgp.theirs) } }) : profile;
    case 'hostKey':
      return transport.kind === 'sftp'
        ? { ...profile, transport: { ...transport, hostKeys: first(transport.hostKeys) } }
        : profile;
    case 'apiKey':
    case 'oauth2':
      return transport.kind === 'webhook' && transport.authentication?.kind === purpose
        ? { ...profile, transport: { ...transport, authentication: { ...transport.authentication, secret: name } } }
        : profile;
    case 'tls':
    case 'authority': {
      if (transport.kind !== 'webhook' || !transport.mutualTls) return profile;
      const names = purpose === 'tls' ? { certificate: name, key: `${name}.key` } : { authority: name };
      return { ...profile, transport: { ...transport, mutualTls: { ...transport.mutualTls, ...names } } };
    }
  }
}

/** The profile without this key; the last one of its kind stays, which the profile's own check then says. */
export function withoutKey(profile: ProviderProfile, { purpose, name }: NamedKey): ProviderProfile {
  const { secrets, transport } = profile;
  const others = (names: readonly string[]): string[] => names.filter((one) => one !== name);
  switch (purpose) {
    case 'signing':
      return { ...profile, secrets: { ...secrets, signing: others(secrets.signing) } };
    case 'callback':
      return { ...profile, secrets: { ...secrets, callback: others(secrets.callback) } };
    case 'pgpOurs':
    case 'pgpTheirs': {
      if (!secrets.pgp) return profile;
      const side = purpose === 'pgpOurs' ? 'ours' : 'theirs';
      return { ...profile, secrets: { ...secrets, pgp: { ...secrets.pgp, [side]: others(secrets.pgp[side]) } } };
    }
    case 'hostKey':
      return transport.kind === 'sftp'
        ? { ...profile, transport: { ...transport, hostKeys: others(transport.hostKeys) } }
        : profile;
    default:
      return profile;
  }
}
