// Finds the header row below any title rows and says which column means what.
import { acceptedHeaders, fieldOfHeader } from './fields.js';
import type { Field } from './fields.js';
import { RegistrationsFileError } from './file-errors.js';
import type { RawRow } from './raw-row.js';
import { tidy } from './text.js';

/** The header lies within this many rows from the top. */
export const HEADER_WITHIN_ROWS = 50;

export interface UnknownColumn {
  index: number;
  header: string;
}

/** What the columns of one file mean. */
export interface HeaderMap {
  /** Row number of the header as a spreadsheet shows it, from 1. */
  row: number;
  /** The header cells as they came (tidied), for files that go back in the same columns. */
  cells: string[];
  /** Column index per field that is present. */
  columns: Partial<Record<Field, number>>;
  /** Columns that mean nothing to the hub; kept for the return file. */
  unknown: UnknownColumn[];
  /** Columns whose cells are emptied as they are read (national ID, columns the hub added itself). */
  dropped: number[];
}

/** What an import may leave out of its file, because it says it itself. */
export interface HeaderNeeds {
  /** The import names the agency: no agency column is needed. */
  agencyGiven?: boolean;
  /** The import names a first day for rows without one: no such column is needed. */
  validFromGiven?: boolean;
}

/** One thing that must be there, by any one of its fields. */
function requirements(needs: HeaderNeeds): Field[][] {
  const required: Field[][] = [['reference'], ['provider'], ['phone', 'circuit', 'line']];
  if (!needs.agencyGiven) required.unshift(['agency']);
  if (!needs.validFromGiven) required.push(['validFrom']);
  return required;
}

/** How many fields the cells of a row name; 0 for anything that is not a header. */
export function countHeaders(cells: readonly string[]): number {
  const fields = new Set<string>();
  for (const cell of cells) {
    if (cell.length > 200) continue;
    const field = fieldOfHeader(cell);
    if (field !== undefined && field !== 'own') fields.add(field);
  }
  return fields.size;
}

/** The row among the first ones that names the most fields (the first of equals), at least two; undefined if there is none. */
export function findHeaderRow(rows: readonly RawRow[]): RawRow | undefined {
  let best: RawRow | undefined;
  let most = 1;
  for (const row of rows.slice(0, HEADER_WITHIN_ROWS)) {
    const count = countHeaders(row.cells);
    if (count > most) [best, most] = [row, count];
  }
  return best;
}

/**
 * Maps the header row. Throws RegistrationsFileError HEADER_TWICE when two columns mean the same field, and
 * HEADER_MISSING, naming the headers accepted, when a required field has no column.
 */
export function mapHeader(row: RawRow, needs: HeaderNeeds = {}): HeaderMap {
  const cells = row.cells.map(tidy);
  const map: HeaderMap = { row: row.row, cells, columns: {}, unknown: [], dropped: [] };
  row.cells.forEach((cell, index) => {
    const field = fieldOfHeader(cell);
    const header = tidy(cell);
    if (field === undefined) {
      map.unknown.push({ index, header });
      return;
    }
    if (field === 'own' || field === 'nationalId') map.dropped.push(index);
    if (field === 'own') return;
    const earlier = map.columns[field];
    if (earlier !== undefined) {
      if (field === 'nationalId') return;
      throw new RegistrationsFileError('HEADER_TWICE', `"${cells[earlier] ?? ''}", "${header}"`);
    }
    map.columns[field] = index;
  });
  const missing = requirements(needs).filter((fields) => fields.every((field) => map.columns[field] === undefined));
  if (missing.length > 0) throw new RegistrationsFileError('HEADER_MISSING', describeFields(missing));
  return map;
}

/** Thai in UTF-8 that was taken for Windows-874 becomes pairs that begin with these. */
const CONVERTED_TWICE = /เธ|เน/g;
const THAI_LETTER = /[\u0E00-\u0E7F]/g;

/** The error for a file in whose first rows none looks like a header; says so when the text was converted twice. */
export function headerNotFound(rows: readonly RawRow[], needs: HeaderNeeds = {}): RegistrationsFileError {
  const text = rows
    .slice(0, HEADER_WITHIN_ROWS)
    .flatMap((row) => row.cells)
    .join(' ');
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  if (count(CONVERTED_TWICE) > 10 && count(CONVERTED_TWICE) > count(THAI_LETTER) / 5)
    return new RegistrationsFileError('ENCODING_TWICE');
  return new RegistrationsFileError('HEADER_NOT_FOUND', describeFields(requirements(needs)));
}

/** A header map for values that do not come from a file (a JSON request): column n is field n. */
export function headerOfFields(fields: readonly Field[]): HeaderMap {
  const columns: Partial<Record<Field, number>> = {};
  fields.forEach((field, index) => (columns[field] = index));
  return { row: 0, cells: [...fields], columns, unknown: [], dropped: [] };
}

function describeFields(groups: Field[][]): { en: string; th: string } {
  const say = (language: 'th' | 'en') =>
    groups
      .map((fields) => fields.flatMap((field) => acceptedHeaders(field)[language].slice(0, 4)).join(' / '))
      .join('; ');
  return { en: `${say('en')} (${say('th')})`, th: `${say('th')} (${say('en')})` };
}
