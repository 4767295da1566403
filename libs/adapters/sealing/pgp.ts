// OpenPGP: files are signed and encrypted; a provider's file is verified before anything of it is parsed.
import * as openpgp from 'openpgp';
import { KeyNotUsable } from '#contracts';
import { AnswerNotUsable } from '../formats/reading.js';
import { quoted } from '../wording.js';
import type { Sealing } from './sealing.js';

export interface PgpKeys {
  /** Our armoured private keys: the first signs, all decrypt. */
  ours: () => string[];
  /** The provider's armoured public keys: encrypted to all, signed by any. */
  theirs: () => string[];
}

export function pgpSealing(keys: PgpKeys): Sealing {
  const ours = cached(keys.ours, 'our private PGP key', (armoredKey) => openpgp.readPrivateKey({ armoredKey }));
  const theirs = cached(keys.theirs, "the provider's public PGP key", (armoredKey) => openpgp.readKey({ armoredKey }));
  return {
    suffix: '.pgp',

    async seal(name, bytes) {
      const [signingKeys, encryptionKeys] = [await ours(), await theirs()];
      const message = await openpgp.createMessage({ binary: bytes, filename: name, format: 'binary' });
      try {
        return Buffer.from(
          await openpgp.encrypt({ message, encryptionKeys, signingKeys: signingKeys[0]!, format: 'binary' }),
        );
      } catch (error) {
        // Expired, revoked, or not made for encryption.
        throw new KeyNotUsable(`a PGP key cannot be used: ${wordsOf(error)}`);
      }
    },

    async open(name, bytes, most) {
      const [decryptionKeys, verificationKeys] = [await ours(), await theirs()];
      const config = { maxDecompressedMessageSize: most };
      let opened: { data: Uint8Array; filename: string };
      try {
        const message = await openpgp.readMessage({ binaryMessage: bytes, config });
        const result = await openpgp.decrypt({
          message,
          decryptionKeys,
          verificationKeys,
          expectSigned: true,
          format: 'binary',
          config,
        });
        opened = { data: result.data as Uint8Array, filename: result.filename };
      } catch (error) {
        throw new AnswerNotUsable([
          `the file cannot be opened: ${wordsOf(error)}; encrypt it to the hub's key and sign it with the key that you gave to ONDE`,
        ]);
      }
      if (opened.filename !== name)
        throw new AnswerNotUsable(["the name inside the PGP message is not the file's name without .pgp"]);
      if (opened.data.length > most)
        throw new AnswerNotUsable([`the opened file has ${opened.data.length} bytes, at most ${most} are read`]);
      return Buffer.from(opened.data);
    },

    async openStream(name, source, most) {
      const [decryptionKeys, verificationKeys] = [await ours(), await theirs()];
      // What is read before the seal was seen whole is held back by the caller, so that memory stays bounded.
      const config = { maxDecompressedMessageSize: most, allowUnauthenticatedStream: true };
      const unusable = (error: unknown): AnswerNotUsable =>
        error instanceof AnswerNotUsable
          ? error
          : new AnswerNotUsable([
              `the file cannot be opened: ${wordsOf(error)}; encrypt it to the hub's key and sign it with the key that you gave to ONDE`,
            ]);
      try {
        const binaryMessage = ReadableStream.from(source) as ReadableStream<Uint8Array>;
        const message = await openpgp.readMessage({ binaryMessage, config });
        const opened = await openpgp.decrypt({ message, decryptionKeys, verificationKeys, format: 'binary', config });
        const chunks = opened.data as unknown as AsyncIterable<Uint8Array>;
        const data = (async function* (): AsyncGenerator<Uint8Array> {
          try {
            for await (const chunk of chunks) yield chunk;
          } catch (error) {
            throw unusable(error);
          }
        })();
        const verified = async (): Promise<void> => {
          const [signature] = opened.signatures;
          if (!signature)
            throw new AnswerNotUsable(['the file is not signed; sign it with the key that you gave to ONDE']);
          await signature.verified.catch((error: unknown) => Promise.reject(unusable(error)));
          if (opened.filename !== name)
            throw new AnswerNotUsable(["the name inside the PGP message is not the file's name without .pgp"]);
        };
        return {
          data,
          get verified() {
            return verified();
          },
        };
      } catch (error) {
        throw unusable(error);
      }
    },
  };
}

/** A fresh private key, armoured, without passphrase. @param who stands in its e-mail address */
export async function newPgpKey(who: string): Promise<string> {
  const userIDs = [{ email: `${who.toLowerCase()}@example.invalid` }];
  return (await openpgp.generateKey({ userIDs, format: 'armored' })).privateKey;
}

/** Reads keys when they change, since the vault is asked for every file and reading takes milliseconds. */
function cached<Key>(
  source: () => string[],
  what: string,
  read: (armored: string) => Promise<Key>,
): () => Promise<Key[]> {
  let seen = '';
  let known: Key[] = [];
  return async () => {
    const armored = source();
    if (armored.length === 0) throw new KeyNotUsable(`${what} is not in the vault`);
    const now = armored.join('\n');
    if (now !== seen) {
      try {
        known = await Promise.all(armored.map(read));
      } catch {
        throw new KeyNotUsable(`${what} in the vault cannot be read; store it armoured, without passphrase`);
      }
      seen = now;
    }
    return known;
  };
}

function wordsOf(error: unknown): string {
  return quoted(error instanceof Error ? error.message : String(error));
}
