// Opens a registrations file of any accepted kind: says what it is and what its columns mean, then streams its rows.
import { csvRows, decideSeparator, SEPARATORS } from './csv-rows.js';
import type { Separator } from './csv-rows.js';
import { monthComesFirst } from './dates.js';
import { decideEncoding, decodedText } from './encoding.js';
import type { Encoding } from './encoding.js';
import { RegistrationsFileError } from './file-errors.js';
import { tableKind } from './file-kind.js';
import type { SizeLimits } from './file-kind.js';
import { findHeaderRow, HEADER_WITHIN_ROWS, headerNotFound, mapHeader } from './header.js';
import type { HeaderMap, HeaderNeeds } from './header.js';
import type { RawRow } from './raw-row.js';
import type { PackageLimits } from './xlsx-package.js';
import { xlsxRows } from './xlsx-rows.js';
import { openWorkbook } from './xlsx-workbook.js';
import type { DateSystem } from './xlsx-workbook.js';

export interface OpenOptions extends HeaderNeeds {
  /** The encoding of a text file, when the sender says it; else it is decided on the whole file. */
  encoding?: Encoding;
  separator?: Separator;
  /** Name of the sheet; else the first visible one with a header is read. */
  sheet?: string;
  sizeLimits?: SizeLimits;
  packageLimits?: PackageLimits;
}

/** What was understood of a file, for the run's record and for the person to check. */
export interface Understood {
  format: 'csv' | 'xlsx';
  sizeBytes: number;
  encoding: Encoding | null;
  separator: Separator | null;
  sheet: string | null;
  /** Other visible sheets, which are not read. */
  otherSheets: string[];
  dateSystem: DateSystem;
  /** Some date in the first rows writes the month before the day; then 4/5/2020 can be read two ways. */
  monthFirst: boolean;
  header: HeaderMap;
}

export interface RegistrationsFile {
  understood: Understood;
  /**
   * The data rows in order, in blocks of some hundred; each call reads from the start. Rows up to and including
   * `afterRow` are passed over (for an import that goes on after a crash). Cells of dropped columns come empty.
   */
  rows(options?: { afterRow?: number }): AsyncGenerator<RawRow[]>;
  close(): void;
}

/** Rows looked at to find out how days are written. */
const SAMPLE_ROWS = 2000;

/**
 * Opens a file on disk. Memory stays flat whatever its size. Close it when done.
 * Throws RegistrationsFileError; see `fileErrorTable` for everything that can be wrong.
 */
export async function openRegistrationsFile(path: string, options: OpenOptions = {}): Promise<RegistrationsFile> {
  const { kind, size } = await tableKind(path, options.sizeLimits);
  return kind === 'zip' ? openXlsx(path, size, options) : openCsv(path, size, options);
}

async function openCsv(path: string, sizeBytes: number, options: OpenOptions): Promise<RegistrationsFile> {
  const encoding = options.encoding ?? (await decideEncoding(path));
  const separator = options.separator ?? decideSeparator(await beginning(path, encoding));
  if (!SEPARATORS.includes(separator)) throw new TypeError(`unknown separator; known: comma, semicolon, tab, bar`);
  const source = () => csvRows(path, encoding, separator);
  const sample = await firstRows(source());
  if (sample.length === 0) throw new RegistrationsFileError('FILE_EMPTY');
  const headerRow = findHeaderRow(sample);
  if (!headerRow) throw headerNotFound(sample, options);
  const header = mapHeader(headerRow, options);
  return {
    understood: {
      format: 'csv',
      sizeBytes,
      encoding,
      separator,
      sheet: null,
      otherSheets: [],
      dateSystem: '1900',
      monthFirst: writesMonthFirst(sample, header),
      header,
    },
    rows: ({ afterRow = 0 } = {}) => dataRows(source(), header, afterRow),
    close: () => undefined,
  };
}

async function openXlsx(path: string, sizeBytes: number, options: OpenOptions): Promise<RegistrationsFile> {
  const workbook = await openWorkbook(path, options.packageLimits);
  try {
    const { sheets, dateSystem } = workbook;
    const wanted = options.sheet === undefined ? sheets : sheets.filter((sheet) => sheet.name === options.sheet);
    let seen: RawRow[] = [];
    for (const sheet of wanted) {
      const sample = await firstRows(xlsxRows(workbook, sheet));
      if (seen.length === 0) seen = sample;
      const headerRow = findHeaderRow(sample);
      if (!headerRow) continue;
      const header = mapHeader(headerRow, options);
      return {
        understood: {
          format: 'xlsx',
          sizeBytes,
          encoding: null,
          separator: null,
          sheet: sheet.name,
          otherSheets: sheets.filter((other) => other !== sheet).map((other) => other.name),
          dateSystem,
          monthFirst: writesMonthFirst(sample, header),
          header,
        },
        rows: ({ afterRow = 0 } = {}) => dataRows(xlsxRows(workbook, sheet), header, afterRow),
        close: () => workbook.pack.close(),
      };
    }
    throw seen.length === 0 ? new RegistrationsFileError('FILE_EMPTY') : headerNotFound(seen, options);
  } catch (error) {
    workbook.pack.close();
    throw error;
  }
}

/** Enough text to see the header below its title rows. */
async function beginning(path: string, encoding: Encoding): Promise<string> {
  for await (const text of decodedText(path, encoding, 64 * 1024)) return text;
  return '';
}

async function firstRows(source: AsyncGenerator<RawRow[]>): Promise<RawRow[]> {
  const rows: RawRow[] = [];
  for await (const block of source) {
    rows.push(...block);
    if (rows.length >= SAMPLE_ROWS + HEADER_WITHIN_ROWS) break;
  }
  return rows;
}

function writesMonthFirst(sample: RawRow[], header: HeaderMap): boolean {
  const columns = [header.columns.validFrom, header.columns.validTo, header.columns.confirmedAt];
  const cells = sample.flatMap(({ row, cells: all }) =>
    row <= header.row ? [] : columns.map((column) => (column === undefined ? undefined : all[column])),
  );
  return cells.some((cell) => cell !== undefined && monthComesFirst(cell));
}

async function* dataRows(
  source: AsyncGenerator<RawRow[]>,
  header: HeaderMap,
  afterRow: number,
): AsyncGenerator<RawRow[]> {
  const after = Math.max(header.row, afterRow);
  let passed = false;
  for await (const block of source) {
    const lastRow = block.at(-1)?.row ?? 0;
    if (lastRow <= after) continue;
    const rows: RawRow[] = passed ? block : block.filter((row) => row.row > after);
    passed = true;
    for (const column of header.dropped) {
      for (const { cells } of rows) if (column < cells.length) cells[column] = '';
    }
    yield rows;
  }
}
