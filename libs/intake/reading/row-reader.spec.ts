// One raw row to a registration or reasons: canonical form, repairs, drafts, and errors that never echo a number.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { agencyResolver, loadAgencies } from './agencies.js';
import { FIELDS } from './fields.js';
import type { Field } from './fields.js';
import { headerOfFields } from './header.js';
import { rowProblem, rowProblemTable } from './problems.js';
import type { RowProblemCode } from './problems.js';
import type { ProviderRule } from './providers.js';
import { createRowReader } from './row-reader.js';
import type { RowReaderOptions } from './row-reader.js';

const tenDigits = { circuitPattern: '^[0-9]{10}$', circuitHint: { th: 'เลข 10 หลัก', en: '10 digits' } };
const providers: ProviderRule[] = [
  { code: 'AIS', accesses: ['MB', 'FB'], ...tenDigits },
  { code: 'TOT', accesses: ['MB', 'FB'], ...tenDigits },
  { code: 'DTAC', accesses: ['MB'], circuitPattern: null },
  { code: '3BB', accesses: ['FB'], ...tenDigits },
];
const agencies = agencyResolver(loadAgencies().map((record, index) => ({ ...record, id: index + 1 })));

type Cells = Partial<Record<Field, string>>;
const CLEAN: Cells = {
  agency: 'สดช.',
  reference: 'A-1',
  firstName: 'ทดสอบ',
  lastName: 'ตัวอย่างดี',
  access: 'มือถือ',
  provider: 'เอไอเอส',
  phone: '0812345678',
  validFrom: '2020-03-19',
  validTo: '2020-06-30',
  apps: 'LINE, Webex',
  confirmedAt: '2020-03-18 09:15',
  confirmedBy: 'ผู้อำนวยการกองกลาง',
  document: 'ดศ 0205/123',
};

function reader(fields: readonly Field[] = FIELDS, more: Partial<RowReaderOptions<number>> = {}) {
  const options: RowReaderOptions<number> = {
    header: headerOfFields(fields),
    agencies,
    providers,
    dates: { dateSystem: '1900', monthFirst: false },
    now: new Date('2020-03-20T00:00:00Z'),
    ...more,
  };
  const read = createRowReader(options);
  return (cells: Cells, flaw: 'damagedText' | 'brokenQuotes' | null = null) =>
    read({ row: 7, cells: fields.map((field) => cells[field] ?? ''), flaw });
}

function accepted(cells: Cells, read = reader()) {
  const verdict = read(cells);
  assert.ok(verdict.outcome === 'accepted', JSON.stringify(verdict));
  return verdict.registration;
}

function rejected(cells: Cells, read = reader()): string[] {
  const verdict = read(cells);
  assert.ok(verdict.outcome === 'rejected');
  return verdict.problems.map((problem) => `${problem.field} ${problem.code}`);
}

const isCode = (code: string): code is RowProblemCode => code in rowProblemTable;

describe('accepted', () => {
  test('a clean row in canonical form', () => {
    assert.deepEqual(reader()(CLEAN), {
      outcome: 'accepted',
      row: 7,
      registration: {
        agencyId: 2,
        reference: 'A-1',
        lineKey: 'M:66812345678',
        access: 'MB',
        provider: 'AIS',
        package: null,
        validFrom: '2020-03-19',
        validTo: '2020-06-30',
        apps: ['webex', 'line'],
        appBits: 0b1001,
        state: 'confirmed',
        confirmedAt: '2020-03-18T09:15:00+07:00',
        confirmedBy: 'ผู้อำนวยการกองกลาง',
        documentRef: 'ดศ 0205/123',
        name: 'ทดสอบ ตัวอย่างดี',
        repairs: [],
      },
    });
  });
  test('a circuit', () => {
    const registration = accepted({ ...CLEAN, access: 'เน็ตบ้าน', provider: '3BB', phone: '', circuit: '3300000123' });
    assert.deepEqual([registration.lineKey, registration.access], ['F:3BB:3300000123', 'FB']);
  });
  test('each repair is on record with its field', () => {
    const registration = accepted({ ...CLEAN, phone: '๘๑๒๓๔๕๖๗๘', validFrom: '19 มี.ค. 2563', package: 'wah-mb' });
    assert.equal(registration.lineKey, 'M:66812345678');
    assert.equal(registration.package, 'WAH-MB');
    assert.deepEqual(
      registration.repairs.map(({ field, code }) => `${field} ${code}`),
      ['phone thaiDigits', 'phone leadingZero', 'package upperCase', 'validFrom buddhistYear'],
    );
  });
  test('without any one part of the evidence it is a draft', () => {
    for (const field of ['confirmedAt', 'confirmedBy', 'document'] as const) {
      assert.equal(accepted({ ...CLEAN, [field]: '' }).state, 'draft', field);
    }
    assert.equal(accepted(CLEAN).state, 'confirmed');
  });
  test('no last day, no applications, no name', () => {
    const { validTo, apps, name } = accepted({ ...CLEAN, validTo: '', apps: '', firstName: '', lastName: '' });
    assert.deepEqual([validTo, apps, name], [null, [], null]);
  });
  test('what the import says fills what the row leaves empty, and no more', () => {
    const read = reader(FIELDS, { defaults: { agencyId: 99, validFrom: '2020-04-01', validTo: '2020-05-01' } });
    const { agencyId, validFrom, validTo } = accepted({ ...CLEAN, agency: '', validFrom: '', validTo: '' }, read);
    assert.deepEqual([agencyId, validFrom, validTo], [99, '2020-04-01', '2020-05-01']);
    assert.deepEqual([accepted(CLEAN, read).agencyId, accepted(CLEAN, read).validFrom], [2, '2020-03-19']);
  });
  test('a row that was read before reads the same again', () => {
    const read = reader();
    const rows: Cells[] = [
      CLEAN,
      { ...CLEAN, agency: '' },
      { ...CLEAN, provider: 'x' },
      CLEAN,
      { ...CLEAN, validFrom: '' },
      CLEAN,
    ];
    assert.deepEqual(
      rows.map((cells) => read(cells)),
      rows.map((cells) => reader()(cells)),
    );
  });
});

describe('which line is meant', () => {
  const without: Cells = { ...CLEAN, access: '' };
  test('the column that is filled says it', () => {
    assert.equal(accepted(without).access, 'MB');
    const fixed = accepted({ ...without, phone: '', circuit: '8800000123' });
    assert.deepEqual([fixed.access, fixed.repairs], ['FB', [{ field: 'access', code: 'fromLine' }]]);
  });
  test('both are filled: the kind must be stated; then the other is noted as not used', () => {
    assert.deepEqual(rejected({ ...without, circuit: '8800000123' }), ['line LINE_AMBIGUOUS']);
    assert.deepEqual(accepted({ ...CLEAN, circuit: '8800000123' }).repairs, [
      { field: 'circuit', code: 'otherLineUnused' },
    ]);
  });
  test('one column for all numbers: the number or the provider says it', () => {
    const read = reader(FIELDS.filter((field) => field !== 'circuit' && field !== 'line'));
    assert.equal(accepted({ ...without }, read).lineKey, 'M:66812345678');
    assert.equal(accepted({ ...without, phone: '8800000123' }, read).lineKey, 'F:AIS:8800000123');
    assert.equal(accepted({ ...without, provider: '3BB', phone: '3300000123' }, read).lineKey, 'F:3BB:3300000123');
    assert.equal(accepted({ ...CLEAN, access: 'fixed', phone: '8800000123' }, read).lineKey, 'F:AIS:8800000123');
  });
  test('a general column', () => {
    assert.equal(accepted({ ...CLEAN, phone: '', line: '812345678' }).lineKey, 'M:66812345678');
    assert.equal(accepted({ ...CLEAN, access: 'FB', phone: '', line: '8800000123' }).lineKey, 'F:AIS:8800000123');
    assert.deepEqual(rejected({ ...without, phone: '', line: '0812345678' }), ['access MISSING']);
    assert.equal(accepted({ ...without, phone: '', line: '812345678' }).lineKey, 'M:66812345678');
  });
  test('no line at all', () => {
    assert.deepEqual(rejected({ ...CLEAN, phone: '' }), ['phone MISSING']);
    assert.deepEqual(rejected({ ...CLEAN, access: 'FB', provider: 'TOT' }), ['circuit MISSING']);
    assert.deepEqual(rejected({ ...without, phone: '' }), ['line MISSING']);
  });
});

describe('rejected', () => {
  const cases: [Cells, string][] = [
    [{ agency: '' }, 'agency MISSING'],
    [{ agency: 'กรมทดสอบ' }, 'agency AGENCY_UNKNOWN'],
    [{ reference: '' }, 'reference MISSING'],
    [{ reference: '1.23457E+11' }, 'reference REFERENCE_DIGITS_LOST'],
    [{ reference: 'x'.repeat(65) }, 'reference REFERENCE_INVALID'],
    [{ provider: '' }, 'provider MISSING'],
    [{ provider: 'NT' }, 'provider PROVIDER_AMBIGUOUS'],
    [{ provider: 'ค่ายอื่น' }, 'provider PROVIDER_UNKNOWN'],
    [{ provider: '3BB' }, 'provider PROVIDER_LACKS_ACCESS'],
    [{ provider: 'DTAC', access: 'fixed', circuit: '8800000123' }, 'provider PROVIDER_LACKS_ACCESS'],
    [{ access: 'ดาวเทียม' }, 'access ACCESS_UNKNOWN'],
    [{ phone: '021234567' }, 'phone PHONE_NOT_MOBILE'],
    [{ access: 'fixed', circuit: '88-0' }, 'circuit CIRCUIT_FORMAT'],
    [{ package: 'a b' }, 'package PACKAGE_INVALID'],
    [{ validFrom: '' }, 'validFrom MISSING'],
    [{ validFrom: '19/3/63' }, 'validFrom DATE_TWO_DIGIT_YEAR'],
    [{ validTo: '2020-03-18' }, 'validTo PERIOD_REVERSED'],
    [{ apps: 'Zoom' }, 'apps APP_UNKNOWN'],
    [{ confirmedAt: '2020-03-21' }, 'confirmedAt CONFIRMED_IN_FUTURE'],
    [{ confirmedAt: 'เมื่อวาน' }, 'confirmedAt DATE_UNREADABLE'],
    [{ confirmedBy: 'x'.repeat(201) }, 'confirmedBy TEXT_TOO_LONG'],
  ];
  for (const [change, expected] of cases)
    test(expected, () => assert.deepEqual(rejected({ ...CLEAN, ...change }), [expected]));

  test('all that is wrong is said at once', () => {
    const all = rejected({ ...CLEAN, agency: '', phone: '123', validFrom: 'x', apps: 'Zoom' });
    assert.deepEqual(all, ['agency MISSING', 'phone PHONE_TOO_SHORT', 'validFrom DATE_UNREADABLE', 'apps APP_UNKNOWN']);
  });
  test('an unknown word lists the known ones, in both languages', () => {
    const known: [Cells, RegExp][] = [
      [{ provider: 'x' }, /AIS, TOT, DTAC, 3BB/],
      [{ access: 'x' }, /มือถือ.*เน็ตบ้าน/],
      [{ apps: 'x' }, /Cisco Webex, Microsoft Teams, Google Meet, LINE/],
    ];
    for (const [change, list] of known) {
      const verdict = reader()({ ...CLEAN, ...change });
      assert.ok(verdict.outcome === 'rejected');
      assert.match(verdict.problems[0]?.en ?? '', list);
      assert.match(verdict.problems[0]?.th ?? '', list);
    }
  });
  test('broken quotation marks, damaged characters, too many cells', () => {
    const read = reader();
    const codes = (verdict: ReturnType<typeof read>) =>
      verdict.outcome === 'rejected' && verdict.problems.map((problem) => `${problem.field} ${problem.code}`);
    assert.deepEqual(codes(read(CLEAN, 'brokenQuotes')), ['row QUOTES_BROKEN']);
    assert.deepEqual(codes(read({ ...CLEAN, lastName: 'ตัวอย\uFFFDาง' }, 'damagedText')), ['lastName TEXT_DAMAGED']);
    assert.equal(read({ ...CLEAN, nationalId: '\uFFFD' }, 'damagedText').outcome, 'accepted');
    const wide = createRowReader({
      header: headerOfFields(['reference']),
      agencies,
      providers,
      dates: { dateSystem: '1900', monthFirst: false },
      now: new Date(),
    });
    assert.deepEqual(codes(wide({ row: 1, cells: ['a', 'b'], flaw: null })), ['row TOO_MANY_CELLS']);
  });
});

describe('the table of problems', () => {
  test('every code has Thai and English, problem and remedy', () => {
    for (const code of Object.keys(rowProblemTable).filter(isCode)) {
      const text = rowProblemTable[code];
      assert.match(text.th, /[ก-ฮ]/, code);
      assert.match(text.remedyTh, /[ก-ฮ]/, code);
      assert.ok(text.en.length > 10 && text.remedyEn.length > 10, code);
      assert.equal(text.en.includes('{known}'), text.th.includes('{known}'), code);
      assert.doesNotMatch(rowProblem('row', code, 'x').en, /[{}]/);
    }
  });
  test('whatever stands in a row, the reader answers, and no error repeats a number from it', () => {
    const cell = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[0-9]{9,13}$/),
      fc.stringMatching(/^\+?66[0-9]{6,12}$/),
      fc.constantFrom('AIS', 'มือถือ', 'สดช.', '2020-03-19'),
    );
    const rows = fc.dictionary(fc.constantFrom(...FIELDS), cell, { minKeys: 8 });
    const read = reader();
    fc.assert(
      fc.property(rows, (cells) => {
        const verdict = read(cells);
        if (verdict.outcome === 'accepted') return;
        assert.ok(verdict.problems.length > 0);
        const said = verdict.problems
          .flatMap(({ th, en, remedyTh, remedyEn }) => [th, en, remedyTh, remedyEn])
          .join(' ');
        for (const text of Object.values(cells)) {
          for (const number of text.match(/\d{6,}/g) ?? []) assert.ok(!said.includes(number));
        }
      }),
      { numRuns: 1500 },
    );
  });
});
