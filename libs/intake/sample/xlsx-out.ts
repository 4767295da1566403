// Sample rows as a workbook, written as a stream: one sheet, texts inline, damaged numbers as number cells.
import { Readable } from 'node:stream';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { SAMPLE_FIELDS } from './row.js';
import type { SampleCell, SampleRow } from './row.js';

/** Rows of a sheet, header included. */
export const XLSX_MOST_ROWS = 1_048_576;

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

const PARTS: Record<string, string> = {
  '[Content_Types].xml': `${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${TYPE}.worksheet+xml"/></Types>`,
  '_rels/.rels': `${XML}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  'xl/workbook.xml': `${XML}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="ผู้ลงทะเบียน" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  'xl/_rels/workbook.xml.rels': `${XML}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
};

/** A fixed time, so that the same seed gives the same bytes. */
const WRITTEN_AT = new Date('2020-03-18T00:00:00Z');
const ROWS_A_PIECE = 200;

/** Writes the workbook and ends `out`. */
export async function writeXlsx(headers: readonly string[], rows: Iterable<SampleRow>, out: Writable): Promise<void> {
  const zip = new ZipFile();
  const options = { mtime: WRITTEN_AT, mode: 0o100644, compress: true };
  for (const [name, content] of Object.entries(PARTS)) zip.addBuffer(Buffer.from(content), name, options);
  const sheet = Readable.from(sheetXml(headers, rows), { objectMode: false });
  zip.addReadStream(sheet, 'xl/worksheets/sheet1.xml', options);
  zip.end();
  await pipeline(zip.outputStream, out);
}

function* sheetXml(headers: readonly string[], rows: Iterable<SampleRow>): Generator<Buffer> {
  let row = 1;
  let xml = `${XML}<worksheet xmlns="${MAIN}"><sheetData>${rowXml(row, headers)}`;
  for (const { cells } of rows) {
    xml += rowXml(
      ++row,
      SAMPLE_FIELDS.map((field) => cells[field]),
    );
    if (row % ROWS_A_PIECE === 0) {
      yield Buffer.from(xml);
      xml = '';
    }
  }
  yield Buffer.from(`${xml}</sheetData></worksheet>`);
}

function rowXml(row: number, cells: readonly SampleCell[]): string {
  let xml = `<row r="${row}">`;
  for (let index = 0; index < cells.length; index++) {
    const cell = cells[index] ?? '';
    if (cell === '') continue;
    const reference = `${String.fromCharCode(65 + index)}${row}`;
    xml +=
      typeof cell === 'number'
        ? `<c r="${reference}"><v>${cell}</v></c>`
        : `<c r="${reference}" t="inlineStr"><is><t>${escaped(cell)}</t></is></c>`;
  }
  return `${xml}</row>`;
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function escaped(text: string): string {
  return /[&<>]/.test(text) ? text.replace(/[&<>]/g, (character) => ESCAPES[character] ?? character) : text;
}
