// Keys that hub and provider prove themselves with: how each kind is made, checked, and shown as a fingerprint.
import { createHash, randomBytes } from 'node:crypto';
import * as openpgp from 'openpgp';
import ssh2 from 'ssh2';
import { Problem, type KeyPurpose } from '#contracts';
import { keyOf } from '../signing/standard-webhooks.js';
import { fingerprint as sshFingerprint } from '../transports/sftp.js';
import { checkPair, viewCertificate } from './mutual-tls.js';

/** A key as it is stored, by the part of it that has a secret of its own, and what the other side must be given. */
export interface KeyMaterial {
  /** `key` is there beside `main` for a TLS certificate only. */
  main: string;
  key?: string;
  /** What the provider needs; null when it made the key itself. A shared secret is shown this once. */
  give: { what: string; text: string; secret: boolean } | null;
}

/** Purposes whose key the hub makes; the others come from the provider or an authority. */
export const MADE_HERE: readonly KeyPurpose[] = ['signing', 'callback', 'sshKey', 'pgpOurs', 'digest'];

/** Shortest API key or client secret: a shorter one could be found from its digest. */
const LEAST_SECRET = 16;

/** Makes a key. @param label stands in public parts, e.g. `saphan-nt`. Throws Problem 422 for a purpose that is not made here. */
export async function makeKey(purpose: KeyPurpose, label: string): Promise<KeyMaterial> {
  switch (purpose) {
    case 'signing':
    case 'callback':
    case 'digest': {
      const main =
        purpose === 'digest' ? randomBytes(32).toString('base64') : `whsec_${randomBytes(32).toString('base64')}`;
      return { main, give: { what: SHARED[purpose], text: main, secret: true } };
    }
    case 'sshKey': {
      const { private: main, public: text } = ssh2.utils.generateKeyPairSync('ed25519', { comment: label });
      return { main, give: { what: 'a line for authorized_keys of our account', text, secret: false } };
    }
    case 'pgpOurs': {
      const { privateKey, publicKey } = await openpgp.generateKey({ userIDs: [{ name: label }], format: 'armored' });
      return { main: privateKey, give: { what: 'our public PGP key', text: publicKey, secret: false } };
    }
    default:
      throw new Problem(
        422,
        'key-needed',
        'A key must be given',
        `A key of the kind ${purpose} is made by the provider or an authority; give it from a file.`,
      );
  }
}

const SHARED = {
  signing: 'the secret that our messages are signed with',
  callback: 'the secret that its callbacks are to be signed with',
  digest: 'the secret of the digests',
} as const;

/**
 * What people read to each other over a second channel. Checks the key on the way.
 * Throws Problem 422 that says what to write; the text never holds the key.
 */
export async function fingerprintOf(purpose: KeyPurpose, material: Pick<KeyMaterial, 'main' | 'key'>): Promise<string> {
  const { main, key } = material;
  try {
    switch (purpose) {
      case 'hostKey':
        if (!/^SHA256:[A-Za-z0-9+/]{43}$/.test(main))
          throw new Error('write the fingerprint as ssh-keygen -lf shows it, "SHA256:" and 43 characters');
        return main;
      case 'sshKey': {
        const parsed = ssh2.utils.parseKey(main);
        if (parsed instanceof Error || !parsed.isPrivateKey())
          throw new Error('store the private key in OpenSSH form or PEM, without passphrase');
        return sshFingerprint(parsed.getPublicSSH());
      }
      case 'pgpOurs':
        return grouped((await privatePgp(main)).getFingerprint());
      case 'pgpTheirs':
        return grouped((await publicPgp(main)).getFingerprint());
      case 'tls':
        checkPair(main, key ?? '');
        return viewCertificate(main).fingerprint;
      case 'authority':
        return viewCertificate(main).fingerprint;
      case 'signing':
      case 'callback':
        keyOf(main);
        return digest(main);
      case 'apiKey':
      case 'oauth2':
      case 'digest':
        if (!/^[\x21-\x7e]+$/.test(main) || main.length < LEAST_SECRET)
          throw new Error(`write one word of at least ${LEAST_SECRET} characters`);
        return digest(main);
    }
  } catch (error) {
    throw new Problem(422, 'key-not-valid', 'The key cannot be used', `${purpose}: ${(error as Error).message}`);
  }
}

async function privatePgp(armoredKey: string): Promise<openpgp.PrivateKey> {
  const found = await openpgp.readPrivateKey({ armoredKey }).catch(() => null);
  if (!found || !found.isDecrypted()) throw new Error('store the private PGP key armoured, without passphrase');
  return found;
}

async function publicPgp(armoredKey: string): Promise<openpgp.Key> {
  const found = await openpgp.readKey({ armoredKey }).catch(() => null);
  if (!found)
    throw new Error('write the public PGP key armoured (it begins with -----BEGIN PGP PUBLIC KEY BLOCK-----)');
  if (found.isPrivate()) throw new Error("this is a private key; the provider's public key is wanted");
  return found;
}

/** The first 128 bits of SHA-256 of a random secret: enough to tell it apart, too little to find it from. */
function digest(secret: string): string {
  return grouped(createHash('sha256').update(secret).digest('hex').slice(0, 32));
}

/** Hexadecimal digits in groups of four, as people read them out. */
function grouped(hex: string): string {
  return (hex.toUpperCase().match(/.{1,4}/g) ?? []).join(' ');
}
