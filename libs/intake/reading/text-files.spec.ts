// Text files: encodings, separators, quotation marks, damage, wrong kinds.
import assert from 'node:assert/strict';
import { truncateSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import * as fc from 'fast-check';
import iconv from 'iconv-lite';
import { decideEncoding } from './encoding.js';
import { Files, HEADER, readAll } from './file-fixtures.spec-support.js';
import { fileErrorTable, RegistrationsFileError } from './file-errors.js';
import type { FileErrorCode } from './file-errors.js';

const files = new Files();
after(() => files.clean());

const DATA = ['กรมที่ดิน', 'A-1', 'AIS', '0812345678', '2020-03-19'];
const table = (separator: string, ends = '\r\n', rows: string[][] = [HEADER, DATA]) =>
  rows.map((row) => row.join(separator)).join(ends) + ends;

async function refused(
  file: string,
  code: FileErrorCode,
  options?: Parameters<typeof readAll>[1],
): Promise<RegistrationsFileError> {
  let caught: unknown;
  await readAll(file, options).catch((error: unknown) => (caught = error));
  assert.ok(caught instanceof RegistrationsFileError, String(caught));
  assert.equal(caught.code, code);
  assert.match(caught.th, /[ก-ฮ]/);
  assert.ok(caught.en.length > 0 && caught.remedyEn.length > 0 && caught.remedyTh.length > 0);
  return caught;
}

const isCode = (code: string): code is FileErrorCode => code in fileErrorTable;

describe('encodings', () => {
  const ways: [string, () => string, string, string][] = [
    ['UTF-8', () => files.text(table(','), 'utf8'), 'utf-8', ','],
    ['UTF-8 with mark', () => files.text(`\uFEFF${table(',')}`, 'utf8'), 'utf-8', ','],
    ['Windows-874', () => files.text(table(','), 'win874'), 'windows-874', ','],
    ['Windows-874 with semicolons', () => files.text(table(';'), 'win874'), 'windows-874', ';'],
    ['Unicode text', () => files.text(`\uFEFF${table('\t')}`, 'utf16le'), 'utf-16le', '\t'],
    ['UTF-16 without mark', () => files.text(table('\t'), 'utf16le'), 'utf-16le', '\t'],
    ['old Mac line ends', () => files.text(table(',', '\r'), 'utf8'), 'utf-8', ','],
    ['Unix line ends', () => files.text(table(';', '\n'), 'utf8'), 'utf-8', ';'],
  ];
  for (const [name, make, encoding, separator] of ways) {
    test(name, async () => {
      const { understood, rows } = await readAll(make());
      assert.deepEqual([understood.encoding, understood.separator, understood.header.row], [encoding, separator, 1]);
      assert.deepEqual(rows, [{ row: 2, cells: DATA, flaw: null }]);
    });
  }
  test('short Windows-874 words that are valid UTF-8 of other scripts', async () => {
    for (const word of ['แกง', 'แดง', 'แบบ', 'แผง', 'เขต']) {
      assert.equal(await decideEncoding(files.text(`ref,name\r\nA1,${word}\r\n`, 'win874')), 'windows-874', word);
      assert.equal(await decideEncoding(files.text(`ref,name\r\nA1,${word}\r\n`, 'utf8')), 'utf-8', word);
    }
  });
  test('the whole file decides, not its beginning', async () => {
    const ascii = 'agency,ref\r\n'.repeat(200_000);
    assert.equal(
      await decideEncoding(files.write(Buffer.concat([Buffer.from(ascii), iconv.encode('กรมที่ดิน', 'win874')]))),
      'windows-874',
    );
    assert.equal(
      await decideEncoding(files.write(Buffer.concat([Buffer.from(ascii), Buffer.from('กรมที่ดิน')]))),
      'utf-8',
    );
    assert.equal(await decideEncoding(files.write(ascii)), 'utf-8');
  });
  test('a character cut in two by the end of a piece', async () => {
    for (let shift = 0; shift < 4; shift++) {
      const text = 'x'.repeat(1024 * 1024 - 2 - shift) + 'กรม'.repeat(10);
      assert.equal(await decideEncoding(files.text(text, 'utf8')), 'utf-8');
    }
  });
  test('Thai text of any kind keeps its encoding', async () => {
    const thai = fc.string({
      unit: fc.constantFrom(...Array.from('กขคงจชซญดตถทธนบปผพฟมยรลวสหอะาำิีึืุูเแโใไ่้๊๋์๑๒๓ ,-12')),
      minLength: 30,
      maxLength: 200,
    });
    await fc.assert(
      fc.asyncProperty(thai, async (text) => {
        assert.equal(await decideEncoding(files.text(`กรมที่ดินและสำนักงาน ${text}`, 'win874')), 'windows-874');
        assert.equal(await decideEncoding(files.text(`กรมที่ดิน ${text}`, 'utf8')), 'utf-8');
      }),
      { numRuns: 100 },
    );
  });
  test('Thai that was converted twice', async () => {
    const twice = iconv.decode(Buffer.from(table(',')), 'win874').replaceAll('\uFFFD', '');
    await refused(files.text(twice, 'utf8'), 'ENCODING_TWICE');
  });
  test('neither: the row is named', async () => {
    const bytes = Buffer.concat([
      Buffer.from(table(',')),
      Buffer.from('กรม,'),
      Buffer.from([0xff, 0xfe, 0x81]),
      Buffer.from('\r\n'),
    ]);
    const error = await refused(files.write(bytes), 'ENCODING_UNKNOWN');
    assert.match(error.en, /row 3/);
  });
  test('both, without anything to tell them apart', async () => {
    await refused(
      files.write(Buffer.concat([Buffer.from('ref,name\r\n1,'), Buffer.from([0xc3, 0xa9])])),
      'ENCODING_AMBIGUOUS',
    );
    const stated = files.write(
      Buffer.concat([
        Buffer.from('agency,ref,provider,mobile,from\r\nJos'),
        Buffer.from([0xc3, 0xa9]),
        Buffer.from(',1,AIS,0812345678,2020-03-19'),
      ]),
    );
    assert.equal((await readAll(stated, { encoding: 'utf-8' })).rows[0]?.cells[0], 'José');
  });
});

describe('rows', () => {
  test('quotation marks, line ends inside them, doubled marks, mixed line ends, empty rows', async () => {
    const text = `${HEADER.join(',')}\r\n"กรม ""ที่ดิน""",A-1,"AIS\r\nFibre",0812345678,2020-03-19\n\n,,,,\r\n"a,b",A-2,AIS,0812345679,2020-03-19`;
    const { rows } = await readAll(files.text(text, 'utf8'));
    assert.deepEqual(
      rows.map(({ row, cells }) => [row, cells.slice(0, 3)]),
      [
        [2, ['กรม "ที่ดิน"', 'A-1', 'AIS\nFibre']],
        [5, ['a,b', 'A-2', 'AIS']],
      ],
    );
  });
  test('title rows, and the row numbers that a spreadsheet shows', async () => {
    const { understood, rows } = await readAll(files.text(`รายชื่อผู้ลงทะเบียน,,,,\n\n${table(',', '\n')}`, 'utf8'));
    assert.deepEqual([understood.header.row, rows[0]?.row], [3, 4]);
  });
  test('the same rows whatever piece they fall into', async () => {
    const rows = [HEADER];
    for (let index = 0; index < 20_000; index++)
      rows.push(['กรม, "ที่ดิน"\nกอง', `A-${index}`, 'AIS', '0812345678', '2020-03-19']);
    const quoted = rows.map((row) =>
      row.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)),
    );
    const read = await readAll(files.text(table(',', '\r\n', quoted), 'utf8'));
    assert.equal(read.rows.length, 20_000);
    read.rows.forEach(({ row, cells, flaw }, index) => {
      assert.deepEqual([row, cells[0], cells[1], flaw], [index + 2, rows[1]?.[0], `A-${index}`, null]);
    });
  });
  test('an unclosed quotation mark costs its own row only', async () => {
    const lines = Array.from({ length: 100 }, (_, index) =>
      [...DATA.slice(0, 1), `A-${index}`, ...DATA.slice(2)].join(','),
    );
    lines[40] = `"${lines[40] ?? ''}`;
    lines[97] = `"${lines[97] ?? ''}`;
    const { rows } = await readAll(files.text([HEADER.join(','), ...lines].join('\r\n'), 'utf8'));
    assert.equal(rows.length, 100);
    assert.deepEqual(
      rows.filter((row) => row.flaw !== null).map(({ row, flaw }) => [row, flaw]),
      [
        [42, 'brokenQuotes'],
        [99, 'brokenQuotes'],
      ],
    );
    assert.equal(rows.at(-1)?.cells[1], 'A-99');
  });
  test('unclosed quotation marks all over refuse the file, and memory stays bounded when one swallows megabytes', async () => {
    const line = DATA.join(',');
    await refused(
      files.text([HEADER.join(','), ...Array.from({ length: 90 }, () => `"${line}`)].join('\n'), 'utf8'),
      'QUOTE_OPEN',
    );
    const { rows } = await readAll(
      files.text([HEADER.join(','), `"${line}`, ...Array.from({ length: 60_000 }, () => line)].join('\n'), 'utf8'),
    );
    assert.equal(rows.length, 60_001);
    assert.equal(rows.filter((row) => row.flaw !== null).length, 1);
  });
  test('damaged characters are marked on their row', async () => {
    const text = `${table(',')}กรม\uFFFD,A-2,AIS,0812345679,2020-03-19\r\nกรม,A-3,AIS,0812345680,2020-03-19\r\n`;
    const { rows } = await readAll(files.text(text, 'utf8'));
    assert.deepEqual(
      rows.map((row) => row.flaw),
      [null, 'damagedText', null],
    );
  });
  test('a national ID is emptied as it is read', async () => {
    const { understood, rows } = await readAll(
      files.text(`${[...HEADER, 'เลขบัตรประชาชน'].join(',')}\n${[...DATA, '1101700123456'].join(',')}\n`, 'utf8'),
    );
    assert.deepEqual(understood.header.dropped, [5]);
    assert.equal(rows[0]?.cells[5], '');
  });
  test('going on after a row', async () => {
    const { openRegistrationsFile } = await import('./open.js');
    const lines = Array.from({ length: 5000 }, (_, index) => DATA.with(1, `A-${index}`));
    const file = await openRegistrationsFile(files.text(table(',', '\n', [HEADER, ...lines]), 'utf8'));
    const numbers: number[] = [];
    for await (const block of file.rows({ afterRow: 2500 })) numbers.push(...block.map((row) => row.row));
    assert.deepEqual([numbers[0], numbers.length], [2501, 2501]);
  });
});

describe('files that are no table', () => {
  const wrong: [string, Buffer | string, FileErrorCode][] = [
    ['empty', '', 'FILE_EMPTY'],
    ['only line ends', '\r\n\r\n', 'FILE_EMPTY'],
    ['a PDF', '%PDF-1.7\n%âãÏÓ', 'FILE_WRONG_KIND'],
    ['a picture', Buffer.from('89504e470d0a1a0a0000000d', 'hex'), 'FILE_WRONG_KIND'],
    ['a web page', '<html><table><tr><td>หน่วยงาน</td></tr></table></html>', 'FILE_WRONG_KIND'],
    ['XML', '<?xml version="1.0"?><Workbook/>', 'FILE_WRONG_KIND'],
    ['JSON', '[{"agency": "x"}]', 'FILE_WRONG_KIND'],
    ['a packed file', Buffer.from('1f8b0800000000000003', 'hex'), 'FILE_WRONG_KIND'],
    ['binary data', Buffer.from([1, 2, 3, 0, 0, 0, 200, 201, 0, 7]), 'FILE_WRONG_KIND'],
    ['a broken ZIP', Buffer.from('504b0304ffffffffffffffff', 'hex'), 'FILE_DAMAGED'],
    [
      'old Excel',
      Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600), Buffer.from('Workbook', 'utf16le')]),
      'FILE_LEGACY_XLS',
    ],
    [
      'a password',
      Buffer.concat([
        Buffer.from('d0cf11e0a1b11ae1', 'hex'),
        Buffer.alloc(600),
        Buffer.from('EncryptedPackage', 'utf16le'),
      ]),
      'FILE_ENCRYPTED',
    ],
    ['text without a header', 'สวัสดี\r\nครับ\r\n', 'HEADER_NOT_FOUND'],
    ['a header without the provider', 'หน่วยงาน,เลขอ้างอิง,เบอร์โทรศัพท์,วันที่เริ่ม\r\n', 'HEADER_MISSING'],
  ];
  for (const [name, content, code] of wrong) test(name, async () => void (await refused(files.write(content), code)));
  test('two gigabytes of nothing are refused at once; text beyond the limit by its size', async () => {
    const huge = files.write('');
    truncateSync(huge, 2 * 1024 ** 3);
    await refused(huge, 'FILE_WRONG_KIND');
    await refused(files.text(table(','), 'utf8'), 'FILE_TOO_LARGE', { sizeLimits: { text: 10, zip: 10 } });
  });
  test('only a header is a table without rows', async () =>
    assert.deepEqual((await readAll(files.text(HEADER.join(','), 'utf8'))).rows, []));
  test('every error has all its texts', () => {
    for (const code of Object.keys(fileErrorTable).filter(isCode)) {
      const text = fileErrorTable[code];
      for (const part of [text.en, text.th, text.remedyEn, text.remedyTh]) assert.ok(part.length > 5, code);
      const error = new RegistrationsFileError(code, '?');
      assert.equal(error.status, text.status);
      assert.equal(error.toJSON().type, `urn:saphan:problem:${code.toLowerCase().replaceAll('_', '-')}`);
    }
  });
});
