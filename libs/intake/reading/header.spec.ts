// Header mapping: synonyms, title rows, unknown, missing and double columns.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { acceptedHeaders, fieldOfHeader, FIELDS, OWN_COLUMNS } from './fields.js';
import { RegistrationsFileError } from './file-errors.js';
import { findHeaderRow, mapHeader } from './header.js';
import type { RawRow } from './raw-row.js';

const row = (number: number, cells: string[]): RawRow => ({ row: number, cells, flaw: null });

describe('headers', () => {
  test('every accepted header means its field, and only that', () => {
    for (const field of FIELDS) {
      const { th, en } = acceptedHeaders(field);
      for (const header of [field, ...th, ...en]) assert.equal(fieldOfHeader(header), field, header);
    }
  });
  const written: [string, string][] = [
    ['เบอร์โทรศัพท์ (10 หลัก) *', 'phone'],
    ['ผู้ให้บริการ/เครือข่าย', 'provider'],
    ['หมายเลขวงจร/เลขที่บริการอินเทอร์เน็ตบ้าน', 'circuit'],
    ['หน่วยงาน\nAgency', 'agency'],
    ['  VALID FROM ', 'validFrom'],
    ['Valid_From', 'validFrom'],
    ['ชื่อ-สกุล', 'name'],
    ['ชื่อ - นามสกุล', 'name'],
    ['แอปพลิเคชั่น', 'apps'],
    ['เลขบัตรประชาชน (13 หลัก)', 'nationalId'],
  ];
  for (const [header, field] of written) test(header, () => assert.equal(fieldOfHeader(header), field));
  test('what is not known stays unknown', () => {
    for (const header of ['หมายเหตุ', 'ลำดับ', '', '1', 'ผู้ให้บริการ/เบอร์โทรศัพท์'])
      assert.equal(fieldOfHeader(header), undefined, header);
  });
});

describe('mapHeader', () => {
  const cells = [
    'ลำดับ',
    'หน่วยงาน',
    'เลขอ้างอิง',
    'เลขบัตรประชาชน',
    'ผู้ให้บริการ',
    'เบอร์โทรศัพท์',
    'วันที่เริ่ม',
    'หมายเหตุ',
    OWN_COLUMNS.reason,
  ];
  test('mapped, unknown and dropped columns', () => {
    const map = mapHeader(row(3, cells));
    assert.deepEqual(map.columns, { agency: 1, reference: 2, nationalId: 3, provider: 4, phone: 5, validFrom: 6 });
    assert.deepEqual(map.unknown, [
      { index: 0, header: 'ลำดับ' },
      { index: 7, header: 'หมายเหตุ' },
    ]);
    assert.deepEqual(map.dropped, [3, 8]);
    assert.equal(map.row, 3);
  });
  test('title rows above are passed over', () => {
    const rows = [
      row(1, ['รายชื่อผู้ลงทะเบียน']),
      row(2, ['หน่วยงาน: กรมที่ดิน', '', '']),
      row(4, cells),
      row(5, ['1', 'กรมที่ดิน', 'A1']),
    ];
    assert.equal(findHeaderRow(rows), rows[2]);
    assert.equal(findHeaderRow(rows.slice(0, 2)), undefined);
  });
  test('a missing column is named with the headers accepted, in both languages', () => {
    assert.throws(
      () => mapHeader(row(1, ['หน่วยงาน', 'เลขอ้างอิง', 'เบอร์โทรศัพท์', 'วันที่เริ่ม'])),
      (error) =>
        error instanceof RegistrationsFileError &&
        error.code === 'HEADER_MISSING' &&
        error.en.includes('provider') &&
        error.th.includes('ผู้ให้บริการ'),
    );
  });
  test('what the import says itself may be left out', () => {
    const map = mapHeader(row(1, ['ref', 'provider', 'mobile']), { agencyGiven: true, validFromGiven: true });
    assert.deepEqual(map.columns, { reference: 0, provider: 1, phone: 2 });
  });
  test('two columns of one meaning are refused', () => {
    assert.throws(
      () => mapHeader(row(1, [...cells, 'Mobile'])),
      (error) =>
        error instanceof RegistrationsFileError && error.code === 'HEADER_TWICE' && error.en.includes('Mobile'),
    );
  });
});
