// Text to raw rows, a piece at a time: separators, quotation marks, line ends inside quotation marks.
import Papa from 'papaparse';
import { decodedText, isDamaged } from './encoding.js';
import type { Encoding } from './encoding.js';
import { RegistrationsFileError } from './file-errors.js';
import { countHeaders } from './header.js';
import type { RawRow } from './raw-row.js';

export type Separator = ',' | ';' | '\t' | '|';

export const SEPARATORS: readonly Separator[] = [',', ';', '\t', '|'];

/** A record longer than this many characters means that a quotation mark was never closed. */
const LONGEST_RECORD = 512 * 1024;

/** Unclosed quotation marks in one piece of the file beyond which reading on would be guessing. */
const MOST_RESCUES = 20;

interface Parsed {
  data: string[][];
  /** Quotation marks that do not match; `row` is the index in `data`. */
  errors: { row: number }[];
  meta: { cursor: number };
}

/**
 * One pass of Papa Parse's own parser over a piece of text; `last` false leaves an unfinished last record unread,
 * `preview` stops after so many records.
 * Papa Parse was chosen by measurement (figures in README.md): its stream interface costs twice as much.
 */
function parse(text: string, separator: Separator, last: boolean, preview = 0): Parsed {
  const parsed: Parsed = new Papa.Parser({ delimiter: separator, newline: '\n', quoteChar: '"', preview }).parse(
    text,
    0,
    !last,
  );
  return parsed;
}

/**
 * The separator under which a beginning of the file names the most fields in one row; if none does, the one that gives
 * the most columns in most rows.
 */
export function decideSeparator(beginning: string): Separator {
  const text = beginning.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
  let best: Separator = ',';
  let bestScore = -1;
  for (const separator of SEPARATORS) {
    const rows = parse(text, separator, true).data.slice(0, 60);
    const headers = Math.max(0, ...rows.map(countHeaders));
    const columns = rows.map((row) => row.length).toSorted((a, b) => a - b)[Math.floor(rows.length / 2)] ?? 1;
    const score = (headers > 1 ? headers * 1000 : 0) + columns;
    if (score > bestScore) [best, bestScore] = [separator, score];
  }
  return best;
}

/**
 * The rows of a text file in blocks, in order; memory is bounded by one piece of the file. Empty rows are left out but
 * counted. A quotation mark that is never closed costs its own row (flaw `brokenQuotes`), not those that it swallows.
 * Throws RegistrationsFileError QUOTE_OPEN when that happens so often that the file as a whole cannot be trusted.
 */
export async function* csvRows(path: string, encoding: Encoding, separator: Separator): AsyncGenerator<RawRow[]> {
  let rest = '';
  let row = 0;
  const take = (whole: string, last: boolean): RawRow[] => {
    const rows: RawRow[] = [];
    const damaged = isDamaged(whole);
    const push = (cells: string[], broken: boolean) => {
      row++;
      if (isEmpty(cells)) return;
      rows.push({
        row,
        cells,
        flaw: broken ? 'brokenQuotes' : damaged && cells.some(isDamaged) ? 'damagedText' : null,
      });
    };
    let text = whole;
    for (let rescued = 0; ; rescued++) {
      if (rescued > MOST_RESCUES) throw new RegistrationsFileError('QUOTE_OPEN', String(row));
      const parsed = parse(text, separator, last);
      const broken = new Set(parsed.errors.map((error) => error.row));
      const swallower =
        broken.size === 0 ? -1 : parsed.data.findIndex((cells, index) => broken.has(index) && cells.some(hasLineEnd));
      const good = swallower >= 0 ? parsed.data.slice(0, swallower) : parsed.data;
      good.forEach((cells, index) => push(cells, broken.has(index)));
      let start = last ? text.length : parsed.meta.cursor;
      if (swallower >= 0) start = swallower === 0 ? 0 : parse(text, separator, last, swallower).meta.cursor;
      text = text.slice(start);
      if (swallower < 0 && text.length <= LONGEST_RECORD) {
        rest = text;
        return rows;
      }
      const end = text.indexOf('\n');
      push(text.slice(0, end).split(separator), true);
      text = text.slice(end + 1);
    }
  };
  for await (const piece of unixLines(decodedText(path, encoding))) {
    const rows = take(rest + piece, false);
    if (rows.length > 0) yield rows;
  }
  if (rest !== '') {
    const rows = take(rest, true);
    if (rows.length > 0) yield rows;
  }
}

const hasLineEnd = (cell: string) => cell.includes('\n');

function isEmpty(cells: string[]): boolean {
  if (cells[0] !== '') return false;
  for (const cell of cells) if (cell !== '') return false;
  return true;
}

/** Windows and old Mac line ends as \n, also when a piece ends between \r and \n. */
async function* unixLines(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let carried = '';
  for await (const piece of pieces) {
    let text = carried + piece;
    carried = '';
    if (text.endsWith('\r')) {
      carried = '\r';
      text = text.slice(0, -1);
    }
    if (text.includes('\r')) text = text.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
    if (text !== '') yield text;
  }
  if (carried) yield '\n';
}
