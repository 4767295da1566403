// When the certificates and keys of a profile end, read from the vault; what cannot be read is left to the hand-over to tell.
import * as openpgp from 'openpgp';
import type { KeyEnd, ProviderProfile } from '#contracts';
import { viewCertificate } from './authentication/mutual-tls.js';

/** One entry per key that ends, in the order of the profile. Keys that never end have none. */
export async function keyEndsOf(
  profile: Pick<ProviderProfile, 'transport' | 'secrets'>,
  secret: (name: string) => string | undefined,
): Promise<KeyEnd[]> {
  const ends: KeyEnd[] = [];
  const look = async (purpose: string, name: string, read: (text: string) => Promise<Date | null>): Promise<void> => {
    const text = secret(name);
    if (text === undefined) return;
    const endsAt = await read(text).catch(() => null);
    if (endsAt) ends.push({ purpose, name, endsAt });
  };
  const { transport, secrets } = profile;
  if (transport.kind === 'webhook' && transport.mutualTls) {
    const { certificate, authority } = transport.mutualTls;
    await look('tls', certificate, certificateEnd);
    if (authority !== null) await look('authority', authority, certificateEnd);
  }
  for (const name of secrets.pgp?.ours ?? []) await look('pgpOurs', name, pgpEnd);
  for (const name of secrets.pgp?.theirs ?? []) await look('pgpTheirs', name, pgpEnd);
  return ends;
}

async function certificateEnd(pem: string): Promise<Date> {
  return viewCertificate(pem).validTo;
}

/** A key that never ends says Infinity, a revoked one null. */
async function pgpEnd(armoredKey: string): Promise<Date | null> {
  const key = await openpgp.readKey({ armoredKey });
  const ends = await key.getExpirationTime();
  return ends instanceof Date ? ends : null;
}
