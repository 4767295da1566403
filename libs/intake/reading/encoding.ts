// Decides the encoding of a text file on the whole of it: a mark at the start, strict UTF-8, else Windows-874.
import { isAscii, isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import iconv from 'iconv-lite';
import { RegistrationsFileError } from './file-errors.js';
import { readHead } from './file-kind.js';
import { DAMAGED } from './text.js';

export type Encoding = 'utf-8' | 'windows-874' | 'utf-16le' | 'utf-16be';

const PIECE = 1024 * 1024;
const THAI = /[\u0E01-\u0E3A\u0E40-\u0E5B]/;
/** What Thai offices write beside Thai and ASCII: Latin letters with marks, punctuation, currency, symbols. */
const WESTERN = /^[\u0000-\u024F\u2000-\u214F\uFEFF]*$/; // eslint-disable-line no-control-regex

/** Bytes that Windows-874 does not define; found in UTF-8 Thai (E0 B8 81 is ก) and in nothing that is Windows-874. */
const undefinedIn874 = new Uint8Array(256);
for (let byte = 0x80; byte <= 0xff; byte++) {
  if (iconv.decode(Buffer.from([byte]), 'win874') === '\uFFFD') undefinedIn874[byte] = 1;
}

/** What is known of a file's bytes once all of them were seen. */
interface Survey {
  ascii: boolean;
  /** Offset of the piece in which UTF-8 first fails, null when the whole file is valid. */
  utf8FailsAt: number | null;
  /** UTF-8 sequences of Thai letters occur. */
  utf8Thai: boolean;
  /** Offset of the first byte that Windows-874 does not define. */
  win874FailsAt: number | null;
}

/**
 * The encoding of a text file. Short Windows-874 words can be valid UTF-8 of another script (แกง reads as U+1867), so
 * the whole file decides, and the result must hold Thai letters. Throws RegistrationsFileError: FILE_WRONG_KIND for
 * binary data, ENCODING_UNKNOWN when neither fits, ENCODING_AMBIGUOUS when both do and nothing tells them apart.
 */
export async function decideEncoding(path: string): Promise<Encoding> {
  const head = await readHead(path, 64 * 1024);
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return mustBeUtf8(path);
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  if (head.includes(0)) return unmarkedUtf16(head);
  const seen = await survey(path);
  if (seen.ascii) return 'utf-8';
  if (seen.utf8FailsAt !== null) {
    if (seen.win874FailsAt === null) return 'windows-874';
    throw await unknownEncoding(path, Math.max(seen.utf8FailsAt, seen.utf8Thai ? 0 : seen.win874FailsAt));
  }
  if (seen.utf8Thai) return 'utf-8';
  if (seen.win874FailsAt !== null) return 'utf-8';
  // Valid as both, without Thai in the UTF-8 reading: another script means Windows-874, é and – may be either.
  if (await isWestern(path)) throw new RegistrationsFileError('ENCODING_AMBIGUOUS');
  return 'windows-874';
}

async function mustBeUtf8(path: string): Promise<Encoding> {
  const { utf8FailsAt } = await survey(path);
  if (utf8FailsAt !== null) throw await unknownEncoding(path, utf8FailsAt);
  return 'utf-8';
}

/** UTF-16 without a mark: nearly every second byte is 0 (ASCII) or 0x0E (Thai). Anything else with NUL bytes is binary. */
function unmarkedUtf16(head: Buffer): Encoding {
  const share = (offset: number) => {
    let hits = 0;
    let count = 0;
    for (let index = offset; index < head.length; index += 2) {
      count++;
      if (head[index] === 0 || head[index] === 0x0e) hits++;
    }
    return hits / count;
  };
  if (share(1) > 0.9 && share(0) < 0.5) return 'utf-16le';
  if (share(0) > 0.9 && share(1) < 0.5) return 'utf-16be';
  throw new RegistrationsFileError('FILE_WRONG_KIND', { en: 'binary data', th: 'ข้อมูลไบนารี' });
}

async function survey(path: string): Promise<Survey> {
  const seen: Survey = { ascii: true, utf8FailsAt: null, utf8Thai: false, win874FailsAt: null };
  let offset = 0;
  let rest = Buffer.alloc(0);
  for await (const piece of createReadStream(path, { highWaterMark: PIECE }) as AsyncIterable<Buffer>) {
    const start = offset - rest.length;
    const bytes = rest.length > 0 ? Buffer.concat([rest, piece]) : piece;
    offset += piece.length;
    rest = Buffer.alloc(0);
    if (isAscii(bytes)) continue;
    seen.ascii = false;
    if (seen.utf8FailsAt === null) {
      const end = wholeCharacters(bytes);
      if (isUtf8(bytes.subarray(0, end))) rest = Buffer.from(bytes.subarray(end));
      else seen.utf8FailsAt = start;
    }
    if (seen.utf8FailsAt === null && !seen.utf8Thai) seen.utf8Thai = THAI.test(bytes.toString('utf8'));
    if (seen.win874FailsAt === null) {
      const bad = firstUndefinedIn874(bytes);
      if (bad >= 0) seen.win874FailsAt = start + bad;
    }
    if (seen.utf8FailsAt !== null && seen.win874FailsAt !== null) return seen;
  }
  if (rest.length > 0) seen.utf8FailsAt = offset - rest.length;
  return seen;
}

function firstUndefinedIn874(bytes: Buffer): number {
  for (let index = 0; index < bytes.length; index++) if (undefinedIn874[bytes[index] ?? 0] === 1) return index;
  return -1;
}

/** Length of the longest beginning that does not end inside a UTF-8 character. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

async function isWestern(path: string): Promise<boolean> {
  for await (const text of decodedText(path, 'utf-8')) if (!WESTERN.test(text)) return false;
  return true;
}

/** Names the row in which the text is first damaged, counting line ends up to it. */
async function unknownEncoding(path: string, fromOffset: number): Promise<RegistrationsFileError> {
  let row = 1;
  let offset = 0;
  for await (const text of decodedText(path, 'utf-8')) {
    const end = offset + Buffer.byteLength(text);
    const bad = end >= fromOffset ? text.search(/\uFFFD/) : -1;
    const part = bad >= 0 ? text.slice(0, bad) : text;
    for (let at = part.indexOf('\n'); at >= 0; at = part.indexOf('\n', at + 1)) row++;
    if (bad >= 0) break;
    offset = end;
  }
  return new RegistrationsFileError('ENCODING_UNKNOWN', String(row));
}

/** Pieces of a file as text, a mark at the start removed. `highWaterMark` bytes are read at a time. */
export async function* decodedText(
  path: string,
  encoding: Encoding,
  highWaterMark = 64 * 1024,
): AsyncGenerator<string> {
  const stream = createReadStream(path, { highWaterMark }) as AsyncIterable<Buffer>;
  if (encoding === 'windows-874') {
    // iconv-lite, since Node's own windows-874 decoder never fails: it gives C1 and private-use characters for damage.
    const decoder = iconv.getDecoder('win874');
    for await (const piece of stream) yield decoder.write(piece);
    const tail = decoder.end();
    if (tail) yield tail;
    return;
  }
  const decoder = new TextDecoder(encoding);
  for await (const piece of stream) yield decoder.decode(piece, { stream: true });
  const tail = decoder.decode();
  if (tail) yield tail;
}

/** Whether a piece of text holds characters that are damage; asked once per piece, not per cell. */
export function isDamaged(text: string): boolean {
  return DAMAGED.test(text);
}
