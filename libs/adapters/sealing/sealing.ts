// How a file is closed before it travels and opened before it is parsed: as it is, or by OpenPGP.

export interface OpenedStream {
  data: AsyncIterable<Uint8Array>;
  readonly verified: Promise<void>;
}

export interface Sealing {
  /** What a sealed file's name has after `.csv`. */
  readonly suffix: '' | '.pgp';
  /** Closes a file. `name` is the name without suffix. Throws `KeyNotUsable`. */
  seal(name: string, bytes: Buffer): Promise<Buffer>;
  /** Opens and verifies a file of the provider, at most `most` bytes large. Throws `AnswerNotUsable` or `KeyNotUsable`. */
  open(name: string, bytes: Buffer, most: number): Promise<Buffer>;
  /**
   * Opens a file as it comes. Nothing of `data` counts before `verified` resolves, which it does after the last byte was
   * read. Both throw `AnswerNotUsable`; this one `KeyNotUsable` too.
   */
  openStream(name: string, source: AsyncIterable<Buffer>, most: number): Promise<OpenedStream>;
}

export const unsealed: Sealing = {
  suffix: '',
  seal: (_name, bytes) => Promise.resolve(bytes),
  open: (_name, bytes) => Promise.resolve(bytes),
  openStream: (_name, source) => Promise.resolve({ data: source, verified: Promise.resolve() }),
};
