// A stream of registrations, one JSON object a line, read from a file in blocks; damage in one line stays in that line.
import { createReadStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

/** No registration is longer; what is has lost its line ends. */
const LONGEST_LINE = 64 * 1024;

/** One line: its number from 1 (empty lines count), and its text, or null when it is too long to be a registration. */
export interface NdjsonLine {
  row: number;
  text: string | null;
}

/** Lines after `afterRow`, in blocks. Memory stays flat. */
export async function* ndjsonLines(path: string, afterRow = 0): AsyncGenerator<NdjsonLine[]> {
  const decoder = new StringDecoder('utf8');
  let row = 0;
  let rest = '';
  let tooLong = false;
  const take = (lines: NdjsonLine[], text: string): void => {
    row += 1;
    const bare = text.replace(/^\uFEFF|\r$/g, '');
    if (row > afterRow && (tooLong || bare.trim() !== '')) lines.push({ row, text: tooLong ? null : bare });
    tooLong = false;
  };
  for await (const piece of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    const parts = (rest + decoder.write(piece)).split('\n');
    rest = parts.pop()!;
    const lines: NdjsonLine[] = [];
    for (const part of parts) take(lines, part);
    if (rest.length > LONGEST_LINE) {
      tooLong = true;
      rest = '';
    }
    if (lines.length > 0) yield lines;
  }
  const lines: NdjsonLine[] = [];
  take(lines, rest + decoder.end());
  if (lines.length > 0) yield lines;
}
