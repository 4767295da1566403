// How this provider's files look in both directions: their text, and whether they are signed and encrypted.
import iconv from 'iconv-lite';
import * as openpgp from 'openpgp';
import { RefusedError } from '../words.js';

/** Read anew for every file, so that keys can be changed over while the simulator runs. */
export interface FileSettings {
  charset?: 'utf-8' | 'windows-874';
  /** Armoured keys. `own`: private keys, the first signs, all decrypt. `hub`: public keys of the hub: encrypted to all, signed by any. */
  pgp?: { own: string[]; hub: string[] } | null;
}

export class FileForm {
  readonly #read = new Map<string, Promise<unknown>>();

  constructor(private readonly settings: FileSettings = {}) {}

  get charset(): 'utf-8' | 'windows-874' {
    return this.settings.charset ?? 'utf-8';
  }

  /** What a closed file's name has after `.csv`. */
  get suffix(): '' | '.pgp' {
    return this.settings.pgp ? '.pgp' : '';
  }

  /** Opens and verifies. Throws RefusedError with E108. */
  async open(name: string, bytes: Buffer): Promise<Buffer> {
    const { pgp } = this.settings;
    if (!pgp) return bytes;
    try {
      const { data, filename } = await openpgp.decrypt({
        message: await openpgp.readMessage({ binaryMessage: bytes }),
        decryptionKeys: await this.#keys(pgp.own, (armoredKey) => openpgp.readPrivateKey({ armoredKey })),
        verificationKeys: await this.#keys(pgp.hub, (armoredKey) => openpgp.readKey({ armoredKey })),
        expectSigned: true,
        format: 'binary',
      });
      if (filename !== name) throw new Error('the name inside is another one');
      return Buffer.from(data as Uint8Array);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new RefusedError({ status: 422, code: 'BAD_SEAL', fileCode: 'E108', detail });
    }
  }

  /** Signs and encrypts, where that was agreed. */
  async close(name: string, bytes: Buffer): Promise<Buffer> {
    const { pgp } = this.settings;
    if (!pgp) return bytes;
    const [signing] = await this.#keys(pgp.own, (armoredKey) => openpgp.readPrivateKey({ armoredKey }));
    const closed = await openpgp.encrypt({
      message: await openpgp.createMessage({ binary: bytes, filename: name, format: 'binary' }),
      encryptionKeys: await this.#keys(pgp.hub, (armoredKey) => openpgp.readKey({ armoredKey })),
      signingKeys: signing,
      format: 'binary',
    });
    return Buffer.from(closed);
  }

  encode(text: string): Buffer {
    return this.charset === 'utf-8' ? Buffer.from(text) : iconv.encode(text, this.charset);
  }

  #keys<Key>(armoured: readonly string[], read: (armored: string) => Promise<Key>): Promise<Key[]> {
    return Promise.all(
      armoured.map((one) => {
        const known = this.#read.get(one) ?? read(one);
        this.#read.set(one, known);
        return known as Promise<Key>;
      }),
    );
  }
}

/** The text of a file's bytes. Throws RefusedError with E101 when they are no such text. */
export function textOf(bytes: Buffer, charset: 'utf-8' | 'windows-874'): string {
  const text = charset === 'utf-8' ? bytes.toString('utf8') : iconv.decode(bytes, charset);
  if (charset === 'windows-874' && text.includes('\ufffd'))
    throw new RefusedError({
      status: 422,
      code: 'NOT_PLAIN',
      fileCode: 'E101',
      detail: 'bytes that Windows-874 does not have',
    });
  return text;
}
