// Files for the specs of reading: texts in any encoding, and workbooks part by part.
import { mkdtempSync, rmSync, writeFileSync, createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import iconv from 'iconv-lite';
import { ZipFile } from 'yazl';
import { openRegistrationsFile } from './open.js';
import type { OpenOptions, Understood } from './open.js';
import type { RawRow } from './raw-row.js';

/** A folder of its own for one spec file. */
export class Files {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'reading-'));
  private made = 0;

  path(): string {
    return path.join(this.folder, `file-${this.made++}`);
  }

  write(bytes: Buffer | string): string {
    const file = this.path();
    writeFileSync(file, bytes);
    return file;
  }

  text(text: string, encoding: 'utf8' | 'win874' | 'utf16le'): string {
    return this.write(iconv.encode(text, encoding));
  }

  /** A workbook from its parts; the parts that every workbook needs are added, unless given. */
  async workbook(parts: Record<string, string | Buffer>): Promise<string> {
    const file = this.path();
    const zip = new ZipFile();
    for (const [name, content] of Object.entries({ ...STANDARD_PARTS, ...parts }))
      zip.addBuffer(Buffer.from(content), name);
    zip.end();
    await pipeline(zip.outputStream, createWriteStream(file));
    return file;
  }

  clean(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const TYPES = 'http://schemas.openxmlformats.org/package/2006/content-types';
export const RELATIONS = 'http://schemas.openxmlformats.org/package/2006/relationships';
export const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

export const CONTENT_TYPES = `<?xml version="1.0"?><Types xmlns="${TYPES}"><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`;
export const WORKBOOK_RELATIONS = `<Relationships xmlns="${RELATIONS}"><Relationship Id="rId1" Type="${OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>`;

const STANDARD_PARTS: Record<string, string> = {
  '[Content_Types].xml': CONTENT_TYPES,
  'xl/workbook.xml': `<workbook xmlns:r="${OFFICE}"><sheets><sheet name="ข้อมูล" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  'xl/_rels/workbook.xml.rels': WORKBOOK_RELATIONS,
};

export function sheet(...rows: string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?><worksheet><sheetData>${rows.join('')}</sheetData></worksheet>`;
}

/** A row of inline texts. */
export function inlineRow(row: number, cells: string[]): string {
  const xml = cells.map(
    (cell, index) => `<c r="${String.fromCharCode(65 + index)}${row}" t="inlineStr"><is><t>${cell}</t></is></c>`,
  );
  return `<row r="${row}">${xml.join('')}</row>`;
}

/** A header with everything that is required. */
export const HEADER = ['หน่วยงาน', 'เลขอ้างอิง', 'ผู้ให้บริการ', 'เบอร์โทรศัพท์', 'วันที่เริ่ม'];

/** Reads a file to its end. */
export async function readAll(
  file: string,
  options?: OpenOptions,
): Promise<{ understood: Understood; rows: RawRow[] }> {
  const opened = await openRegistrationsFile(file, options);
  try {
    const rows: RawRow[] = [];
    for await (const block of opened.rows()) rows.push(...block);
    return { understood: opened.understood, rows };
  } finally {
    opened.close();
  }
}
