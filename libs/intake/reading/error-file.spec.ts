// Files that go back: same columns, our columns, no formula, readable again.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import * as fc from 'fast-check';
import Papa from 'papaparse';
import { annotatedCsv, csvLine, errorFile } from './error-file.js';
import { Files, readAll } from './file-fixtures.spec-support.js';
import { OWN_COLUMNS } from './fields.js';
import { mapHeader } from './header.js';
import { rowProblem } from './problems.js';

const files = new Files();
after(() => files.clean());

const HEADER = ['หน่วยงาน', 'เลขอ้างอิง', 'ผู้ให้บริการ', 'เบอร์โทรศัพท์', 'วันที่เริ่ม', 'เลขบัตรประชาชน', 'หมายเหตุ'];
const header = mapHeader({ row: 1, cells: HEADER, flaw: null });

describe('the error file', () => {
  const problems = [rowProblem('phone', 'PHONE_TOO_SHORT'), rowProblem('validFrom', 'DATE_UNREADABLE')];
  const make = (cells: string[]) => buffer(Readable.from([{ row: 12, cells, problems }]).pipe(errorFile(header)));

  test('holds the columns as they came and the reasons, with a mark for Excel', async () => {
    const bytes = await make(['กรม, ที่ดิน', 'A-1', 'AIS', '+66812', '', '1101700123456']);
    assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
    const [head, row = []] = Papa.parse<string[]>(bytes.toString('utf8').slice(1).trim()).data;
    assert.deepEqual(head, [...HEADER, ...Object.values(OWN_COLUMNS)]);
    assert.deepEqual(row.slice(0, 10), [
      'กรม, ที่ดิน',
      'A-1',
      'AIS',
      "'+66812",
      '',
      '',
      '',
      '12',
      'PHONE_TOO_SHORT DATE_UNREADABLE',
      'เบอร์โทรศัพท์, วันที่เริ่ม',
    ]);
    assert.match(row[10] ?? '', /ไม่ครบ.*\n.*อ่านวันที่ไม่ได้/s);
    assert.equal(row.length, 12);
  });
  test('can be read again as it is: its own columns are passed over, the mark against formulas is no damage', async () => {
    const { understood, rows } = await readAll(
      files.write(await make(['กรมที่ดิน', 'A-1', 'AIS', '+66812345678', '2020-03-19'])),
    );
    assert.deepEqual(understood.header.columns, {
      agency: 0,
      reference: 1,
      provider: 2,
      phone: 3,
      validFrom: 4,
      nationalId: 5,
    });
    assert.deepEqual(understood.header.unknown, [{ index: 6, header: 'หมายเหตุ' }]);
    assert.equal(rows.length, 1);
    assert.deepEqual(rows[0]?.cells.slice(7), ['', '', '', '', '']);
    const again = await buffer(
      Readable.from([{ row: 2, cells: rows[0]?.cells ?? [], problems }]).pipe(errorFile(understood.header)),
    );
    assert.equal(again.toString().split('\r\n')[0], (await make([])).toString().split('\r\n')[0]);
  });
  test('many rows, in order', async () => {
    const rows = Array.from({ length: 3000 }, (_, index) => ({ cells: [`r${index}`], extra: ['เพิ่มแล้ว'] }));
    const text = (await buffer(Readable.from(rows).pipe(annotatedCsv(header, ['สถานะ'])))).toString('utf8');
    const { data } = Papa.parse<string[]>(text.trim());
    assert.equal(data.length, 3001);
    data.slice(1).forEach((row, index) => assert.deepEqual([row[0], row.at(-1)], [`r${index}`, 'เพิ่มแล้ว']));
  });
});

test('no cell can begin a formula, and nothing else changes', () => {
  const unit = fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', ' ', "'", '"', ',', ';', 'ก', '1');
  fc.assert(
    fc.property(fc.array(fc.string({ unit, maxLength: 6 }), { minLength: 1, maxLength: 5 }), (cells) => {
      const [row = []] = Papa.parse<string[]>(csvLine([...cells, 'x']), { delimiter: ',', newline: '\r\n' }).data;
      assert.equal(row.length, cells.length + 1);
      cells.forEach((cell, index) => {
        assert.doesNotMatch(row[index]?.trimStart() ?? '', /^[=+\-@]/);
        assert.ok(row[index] === cell || row[index] === `'${cell}`);
      });
    }),
    { numRuns: 2000 },
  );
});
