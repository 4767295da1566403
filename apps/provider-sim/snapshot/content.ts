// What a whole list says: what the book holds, and as of which batch. Shares no code with the hub.
import { createHash } from 'node:crypto';
import type { HeldLine } from '../book/book.js';
import type { Provider } from '../provider.js';

export interface Head {
  /** The highest batch applied, 0: none. */
  batch: number;
  seq: number;
  count: number;
  takenAt: string;
}

export function headOf(provider: Provider): Head {
  const { applier, known } = provider;
  let batch = 0;
  for (const one of known.values()) if (one.state === 'applied' && one.batch > batch) batch = one.batch;
  const takenAt = new Date(provider.now()).toISOString();
  return { batch, seq: applier.appliedSeq, count: applier.book.count, takenAt };
}

/** Every line that is held, in the order in which they first came; from the `skip`th, at most `limit`. */
export function* heldLines(provider: Provider, skip = 0, limit = Infinity): Generator<HeldLine> {
  const { book } = provider.applier;
  let seen = 0;
  for (let row = 0; row < book.rows && seen < skip + limit; row++) {
    if (!book.isPresent(row)) continue;
    seen += 1;
    if (seen > skip) yield book.at(row);
  }
}

/** Lines of a list in pieces of some 64 kB, the trailer made from the hash of all before it. */
export function* withTrailer(
  lines: Iterable<string>,
  trailer: (sha256: string) => string,
  encode: (text: string) => Buffer,
): Generator<Buffer> {
  const hash = createHash('sha256');
  const made = (text: string): Buffer => {
    const bytes = encode(text);
    hash.update(bytes);
    return bytes;
  };
  let piece = '';
  for (const line of lines) {
    piece += `${line}\n`;
    if (piece.length < 65_536) continue;
    yield made(piece);
    piece = '';
  }
  if (piece !== '') yield made(piece);
  yield encode(`${trailer(hash.digest('hex'))}\n`);
}
