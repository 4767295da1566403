// Reads a snapshot that is one stream of lines, hands its lines on in runs, and holds it to what it says of itself.
import type { ProviderProfile, SnapshotHead, SnapshotLine, SnapshotReader } from '#contracts';
import type { Charset } from '../formats/hdt.js';
import { Framing } from './framing.js';
import { lineChecker, SnapshotNotUsable } from './line-checks.js';
import type { SnapshotText } from './snapshot-text.js';

/** Lines handed on at once. */
const RUN = 2_000;

export interface StreamForm {
  text: SnapshotText;
  charset: Charset;
  /** Longest list in bytes, unpacked. */
  most: number;
}

/**
 * Reads to the end. Returns the hash of its content and its length in bytes.
 * Throws `SnapshotNotUsable` for whatever is not as it must be, and what the source or the reader throws.
 */
export async function readSnapshotStream(
  source: AsyncIterable<Uint8Array>,
  form: StreamForm,
  profile: ProviderProfile,
  reader: SnapshotReader,
): Promise<{ sha256: string; bytes: number }> {
  const framing = new Framing(form.charset, form.most);
  const check = lineChecker(profile);
  let head: SnapshotHead | null = null;
  let n = 0;
  let run: SnapshotLine[] = [];
  const begin = async (line: string): Promise<SnapshotHead> => {
    const read = form.text.head(line);
    const wrong = await reader.begin(read);
    if (wrong !== null) throw new SnapshotNotUsable(wrong);
    return read;
  };
  for await (const chunk of source) {
    for (const text of framing.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))) {
      if (head === null) {
        head = await begin(text);
        continue;
      }
      n += 1;
      const line = form.text.row(text, n);
      const wrong = check(line);
      if (wrong !== null) throw new SnapshotNotUsable(`line ${n}: ${wrong}`);
      if (run.push(line) === RUN) {
        await reader.take(run);
        run = [];
      }
    }
  }
  const { trailer, sha256 } = framing.end();
  if (head === null) throw new SnapshotNotUsable('it has a single line: a header and a trailer are two');
  const said = form.text.trailer(trailer);
  if (said.count !== n || head.count !== n)
    throw new SnapshotNotUsable(`its header says ${head.count} lines, its trailer ${said.count}, and it has ${n}`);
  if (said.sha256 !== sha256)
    throw new SnapshotNotUsable('the SHA-256 in its trailer is not that of everything before it');
  if (run.length > 0) await reader.take(run);
  return { sha256, bytes: framing.bytes };
}
