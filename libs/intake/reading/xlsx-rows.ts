// One worksheet as raw rows in blocks, parsed as it is unpacked.
import { isDamaged } from './encoding.js';
import { RegistrationsFileError } from './file-errors.js';
import type { RawRow } from './raw-row.js';
import { LONGEST_TEXT, textTooLong } from './xlsx-strings.js';
import type { Sheet, Workbook } from './xlsx-workbook.js';

/** Columns beyond this one are not a registrations table. */
const MOST_COLUMNS = 1000;

/**
 * The rows of a sheet. Numbers come as written out in full (8.12E+08 stands in the file as a number with all its
 * digits); days come as Excel's day numbers; formulas as their last result. Empty rows are left out.
 */
export async function* xlsxRows(workbook: Workbook, sheet: Sheet): AsyncGenerator<RawRow[]> {
  let rows: RawRow[] = [];
  let rowNumber = 0;
  let cells: string[] = [];
  let column = -1;
  let type = '';
  let value = '';
  let collecting = false;
  let damaged = false;

  const endCell = () => {
    if (value === '') return;
    const text = cellText(workbook, type, value);
    if (text === '') return;
    if (column >= MOST_COLUMNS) throw tooManyColumns();
    while (cells.length < column) cells.push('');
    cells[column] = text;
    if (isDamaged(text)) damaged = true;
  };
  const endRow = () => {
    if (cells.length === 0) return;
    rows.push({ row: rowNumber, cells, flaw: damaged ? 'damagedText' : null });
  };

  const pieces = workbook.pack.parse(sheet.part, {
    open: (name, attributes) => {
      if (name === 'c') {
        const found = attributes();
        column = found.r === undefined ? column + 1 : columnOf(found.r);
        type = found.t ?? 'n';
        value = '';
      } else if (name === 'v') {
        value = '';
        collecting = true;
      } else if (name === 't') {
        collecting = true;
      } else if (name === 'rPh') {
        collecting = false;
      } else if (name === 'row') {
        const number = Number(attributes().r);
        rowNumber = Number.isInteger(number) && number > 0 ? number : rowNumber + 1;
        cells = [];
        column = -1;
        damaged = false;
      }
    },
    close: (name) => {
      if (name === 'v' || name === 't') collecting = false;
      else if (name === 'c') endCell();
      else if (name === 'row') endRow();
    },
    text: (text) => {
      if (!collecting) return;
      value += text;
      if (value.length > LONGEST_TEXT) throw textTooLong();
    },
  });
  for await (const _ of pieces) {
    if (rows.length < 256) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

function cellText(workbook: Workbook, type: string, value: string): string {
  if (type === 's') return workbook.strings.get(Number(value)) ?? '';
  if (type === 'n') return numberText(value);
  if (type === 'b') return value === '1' ? 'TRUE' : 'FALSE';
  return value;
}

/** A number cell holds a double with all its digits: "8.1234567E8" is exactly 812345670. */
function numberText(value: string): string {
  if (!/[.eE]/.test(value)) return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? String(number) : value;
}

/** "AB12" → 27. */
function columnOf(reference: string): number {
  let column = 0;
  for (let index = 0; index < reference.length; index++) {
    const code = reference.charCodeAt(index);
    if (code >= 65 && code <= 90) column = column * 26 + (code - 64);
    else if (code >= 97 && code <= 122) column = column * 26 + (code - 96);
    else break;
  }
  return column - 1;
}

function tooManyColumns(): RegistrationsFileError {
  return new RegistrationsFileError('FILE_DAMAGED', {
    en: `more than ${MOST_COLUMNS} columns`,
    th: `มีมากกว่า ${MOST_COLUMNS} คอลัมน์`,
  });
}
