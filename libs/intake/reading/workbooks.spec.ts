// Workbooks: cells of every type, sheets, dates of both systems, and everything that is refused.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import {
  CONTENT_TYPES,
  Files,
  HEADER,
  inlineRow,
  OFFICE,
  readAll,
  RELATIONS,
  sheet,
  WORKBOOK_RELATIONS,
} from './file-fixtures.spec-support.js';
import { RegistrationsFileError } from './file-errors.js';
import type { FileErrorCode } from './file-errors.js';
import type { OpenOptions } from './open.js';
import { SharedStrings } from './xlsx-strings.js';

const files = new Files();
after(() => files.clean());

const HEAD = inlineRow(1, HEADER);
const DATA = ['กรมที่ดิน', 'A-1', 'AIS', '0812345678', '2020-03-19'];

async function refused(file: string, code: FileErrorCode, options?: OpenOptions): Promise<void> {
  await assert.rejects(
    readAll(file, options),
    (error) => error instanceof RegistrationsFileError && error.code === code,
  );
}

const longText = (index: number) => `ข้อความ ${index} ${'ก'.repeat(index % 50)}`;

describe('cells', () => {
  test('numbers, shared and rich texts, formulas, booleans, gaps', async () => {
    const file = await files.workbook({
      'xl/sharedStrings.xml':
        '<sst><si><t>กรมที่ดิน</t></si><si><r><t>A</t></r><r><t xml:space="preserve">-1 &amp; 2</t></r><rPh><t>ignored</t></rPh></si></sst>',
      'xl/worksheets/sheet1.xml': sheet(
        HEAD,
        '<row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3" t="s"><v>1</v></c><c r="D3" s="4"><v>8.12345678E8</v></c><c r="E3"><v>43909</v></c></row>',
        '<row r="4"><c r="A4" t="str"><f>UPPER("x")</f><v>X</v></c><c r="B4" t="b"><v>1</v></c><c r="C4"><v>1.5</v></c><c r="D4" t="e"><v>#N/A</v></c></row>',
        '<row r="5"><c r="A5"/><c r="B5" t="s"><v>99</v></c></row>',
        `<row><c t="inlineStr"><is><t>next</t></is></c></row>`,
      ),
    });
    const { understood, rows } = await readAll(file);
    assert.deepEqual([understood.format, understood.sheet, understood.dateSystem], ['xlsx', 'ข้อมูล', '1900']);
    assert.deepEqual(rows, [
      { row: 3, cells: ['กรมที่ดิน', 'A-1 & 2', '', '812345678', '43909'], flaw: null },
      { row: 4, cells: ['X', 'TRUE', '1.5', '#N/A'], flaw: null },
      { row: 6, cells: ['next'], flaw: null },
    ]);
  });
  test('namespace prefixes, as some programs write them', async () => {
    const file = await files.workbook({
      'xl/worksheets/sheet1.xml': `<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>${(HEAD + inlineRow(2, DATA)).replaceAll('<', '<x:').replaceAll('<x:/', '</x:')}</x:sheetData></x:worksheet>`,
    });
    assert.deepEqual((await readAll(file)).rows[0]?.cells, DATA);
  });
  test('a text torn by the end of a piece stays whole', async () => {
    const rows = Array.from({ length: 5000 }, (_, index) => inlineRow(index + 2, DATA.with(1, `ที่ &amp; ${index}`)));
    const file = await files.workbook({ 'xl/worksheets/sheet1.xml': sheet(HEAD, ...rows) });
    const read = await readAll(file);
    assert.equal(read.rows.length, 5000);
    read.rows.forEach(({ row, cells, flaw }, index) =>
      assert.deepEqual([row, cells, flaw], [index + 2, DATA.with(1, `ที่ & ${index}`), null]),
    );
  });
  test('many shared texts', () => {
    const strings = new SharedStrings();
    for (let index = 0; index < 60_000; index++) strings.add(longText(index));
    for (let index = 0; index < 60_000; index += 7) assert.equal(strings.get(index), longText(index));
    assert.equal(strings.get(60_000), undefined);
  });
});

const two = (attributes: string, options = '') => ({
  'xl/workbook.xml': `<workbook xmlns:r="${OFFICE}">${options}<sheets><sheet name="คำชี้แจง" sheetId="1" ${attributes} r:id="rId1"/><sheet name="รายชื่อ" sheetId="2" r:id="rId3"/></sheets></workbook>`,
  'xl/_rels/workbook.xml.rels': `<Relationships xmlns="${RELATIONS}"><Relationship Id="rId1" Type="${OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId3" Type="${OFFICE}/worksheet" Target="/xl/worksheets/sheet2.xml"/></Relationships>`,
  'xl/worksheets/sheet2.xml': sheet(HEAD, inlineRow(2, DATA)),
});

describe('sheets', () => {
  test('the first visible sheet with a header is read', async () => {
    const { understood, rows } = await readAll(
      await files.workbook({ ...two(''), 'xl/worksheets/sheet1.xml': sheet(inlineRow(1, ['กรุณาอ่าน'])) }),
    );
    assert.deepEqual([understood.sheet, understood.otherSheets, rows.length], ['รายชื่อ', ['คำชี้แจง'], 1]);
  });
  test('hidden sheets are not, and a named one is', async () => {
    const other = sheet(HEAD, inlineRow(2, DATA.with(1, 'B-1')));
    const hidden = await readAll(await files.workbook({ ...two('state="hidden"'), 'xl/worksheets/sheet1.xml': other }));
    assert.equal(hidden.rows[0]?.cells[1], 'A-1');
    const named = await readAll(await files.workbook({ ...two(''), 'xl/worksheets/sheet1.xml': other }), {
      sheet: 'รายชื่อ',
    });
    assert.equal(named.rows[0]?.cells[1], 'A-1');
  });
  test('days from 1904', async () => {
    const parts = { ...two('', '<workbookPr date1904="1"/>'), 'xl/worksheets/sheet1.xml': sheet() };
    assert.equal((await readAll(await files.workbook(parts))).understood.dateSystem, '1904');
  });
  test('no rows, or no header', async () => {
    await refused(await files.workbook({ 'xl/worksheets/sheet1.xml': sheet() }), 'FILE_EMPTY');
    await refused(
      await files.workbook({ 'xl/worksheets/sheet1.xml': sheet(inlineRow(1, ['a', 'b'])) }),
      'HEADER_NOT_FOUND',
    );
  });
});

const link = (type: string) =>
  `<Relationships xmlns="${RELATIONS}"><Relationship Id="rId9" Type="${OFFICE}/${type}" Target="https://example.invalid/x" TargetMode="External"/></Relationships>`;

/** Letters that do not pack well. */
function noise(length: number): string {
  return randomBytes(Math.ceil(length / 2))
    .toString('hex')
    .slice(0, length);
}

describe('refused', () => {
  const good = { 'xl/worksheets/sheet1.xml': sheet(HEAD, inlineRow(2, DATA)) };
  const parts: [string, Record<string, string | Buffer>, FileErrorCode][] = [
    ['macros', { 'xl/vbaProject.bin': 'x' }, 'FILE_HAS_MACROS'],
    [
      'macros by type only',
      { '[Content_Types].xml': CONTENT_TYPES.replace('spreadsheetml.sheet.main', 'ms-excel.sheet.macroEnabled.main') },
      'FILE_HAS_MACROS',
    ],
    ['links to other workbooks', { 'xl/externalLinks/externalLink1.xml': '<x/>' }, 'FILE_HAS_LINKS'],
    ['data connections', { 'xl/connections.xml': '<x/>' }, 'FILE_HAS_LINKS'],
    ['links by relation only', { 'xl/worksheets/_rels/sheet1.xml.rels': link('oleObject') }, 'FILE_HAS_LINKS'],
    ['embedded objects', { 'xl/embeddings/oleObject1.bin': 'x' }, 'FILE_HAS_OBJECTS'],
    ['controls', { 'xl/activeX/activeX1.xml': '<x/>' }, 'FILE_HAS_OBJECTS'],
    ['entities', { 'xl/worksheets/sheet1.xml': '<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet/>' }, 'FILE_BOMB'],
    ['one text of megabytes', { 'xl/worksheets/sheet1.xml': sheet(inlineRow(1, [noise(2_000_000)])) }, 'FILE_BOMB'],
    [
      'a text in a million pieces',
      { 'xl/worksheets/sheet1.xml': sheet(inlineRow(1, ['a<!---->'.repeat(40_000)])) },
      'FILE_DAMAGED',
    ],
    [
      'shared texts too long',
      { 'xl/sharedStrings.xml': `<sst><si><t>${'a<![CDATA[b]]>'.repeat(20_000)}</t></si></sst>` },
      'FILE_DAMAGED',
    ],
    ['relations of megabytes', { '_rels/.rels': noise(17 * 1024 ** 2) }, 'FILE_BOMB'],
    ['a Word document', { 'word/document.xml': '<x/>' }, 'FILE_WRONG_KIND'],
    ['a binary workbook', { 'xl/workbook.bin': 'x' }, 'FILE_WRONG_KIND'],
    ['broken XML', { 'xl/worksheets/sheet1.xml': '<worksheet><sheetData><row r="1"><c' }, 'FILE_DAMAGED'],
    [
      'a sheet that is missing',
      { 'xl/_rels/workbook.xml.rels': WORKBOOK_RELATIONS.replace('sheet1', 'sheet9') },
      'FILE_DAMAGED',
    ],
    [
      'a part that packs 1000 : 1',
      { 'xl/worksheets/sheet1.xml': sheet(HEAD, '<row></row>'.repeat(500_000)) },
      'FILE_BOMB',
    ],
  ];
  for (const [name, extra, code] of parts)
    test(name, async () => refused(await files.workbook({ ...good, ...extra }), code));

  test('a mail address that Excel made a link is harmless', async () => {
    const file = await files.workbook({ ...good, 'xl/worksheets/_rels/sheet1.xml.rels': link('hyperlink') });
    assert.equal((await readAll(file)).rows.length, 1);
  });
  test('too much in one part, in all, and too many parts', async () => {
    const file = await files.workbook(good);
    const limits = { parts: 100, total: 1e9, part: 1e9, ratio: 100 };
    assert.equal((await readAll(file, { packageLimits: limits })).rows.length, 1);
    for (const less of [{ parts: 2 }, { total: 500 }, { part: 500 }])
      await refused(file, 'FILE_BOMB', { packageLimits: { ...limits, ...less } });
  });
  test('a directory that lies about sizes', async () => {
    const file = await files.workbook(good);
    const bytes = readFileSync(file);
    // In the last directory record that names the sheet, the size unpacked (offset 24) is made smaller.
    const record = bytes.lastIndexOf('xl/worksheets/sheet1.xml') - 46;
    bytes.writeUInt32LE(100, record + 24);
    writeFileSync(file, bytes);
    await refused(file, 'FILE_DAMAGED');
  });
  test('a ZIP that is no workbook', async () => {
    const { ZipFile } = await import('yazl');
    const zip = new ZipFile();
    zip.addBuffer(Buffer.from('x'), 'readme.txt');
    zip.end();
    const pieces: Buffer[] = [];
    for await (const piece of zip.outputStream) pieces.push(Buffer.from(piece));
    await refused(files.write(Buffer.concat(pieces)), 'FILE_WRONG_KIND');
  });
});
