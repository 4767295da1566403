// Days and moments in every way that Thai offices write them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { monthComesFirst, readDay, readMoment } from './dates.js';
import type { DateContext } from './dates.js';

const context: DateContext = { dateSystem: '1900', monthFirst: false };

describe('readDay', () => {
  const readable: [string, string, string[]][] = [
    ['2020-03-19', '2020-03-19', []],
    ['2020/3/19', '2020-03-19', []],
    ['2020-03-19 00:00:00', '2020-03-19', []],
    ['2020-03-19T00:00:00', '2020-03-19', []],
    ['2563-03-19', '2020-03-19', ['buddhistYear']],
    ['19/3/2020', '2020-03-19', []],
    ['19-03-2563', '2020-03-19', ['buddhistYear']],
    ['19.03.2563', '2020-03-19', ['buddhistYear']],
    ['๑๙/๓/๒๕๖๓', '2020-03-19', ['thaiDigits', 'buddhistYear']],
    ['19 มีนาคม 2563', '2020-03-19', ['buddhistYear']],
    ['19 มี.ค. 2563', '2020-03-19', ['buddhistYear']],
    ['19มี.ค.2563', '2020-03-19', ['buddhistYear']],
    ['วันที่ ๑๙ มีนาคม พ.ศ. ๒๕๖๓', '2020-03-19', ['thaiDigits', 'buddhistYear']],
    ['วันพฤหัสบดีที่ 19 มีนาคม 2563', '2020-03-19', ['buddhistYear']],
    ['19 March 2020', '2020-03-19', []],
    ['19-Mar-2020', '2020-03-19', []],
    ['Mar 19, 2020', '2020-03-19', []],
    ['29/2/2563', '2020-02-29', ['buddhistYear']],
    ['43909', '2020-03-19', ['excelSerial']],
    ['43909.0', '2020-03-19', ['excelSerial']],
    ["'19/3/2563", '2020-03-19', ['textMarker', 'buddhistYear']],
  ];
  for (const [cell, day, repairs] of readable) {
    test(cell, () => assert.deepEqual(readDay(cell, context), { outcome: 'day', day, repairs }));
  }
  const refused: [string, string][] = [
    ['19/03/63', 'DATE_TWO_DIGIT_YEAR'],
    ['19 มี.ค. 63', 'DATE_TWO_DIGIT_YEAR'],
    ['31/02/2563', 'DATE_NO_SUCH_DAY'],
    ['29/02/2562', 'DATE_NO_SUCH_DAY'],
    ['3/19/2020', 'DATE_NO_SUCH_DAY'],
    ['0/1/2563', 'DATE_NO_SUCH_DAY'],
    ['19/03/1963', 'DATE_YEAR_UNLIKELY'],
    ['19/03/2763', 'DATE_YEAR_UNLIKELY'],
    ['19 มีน 2563', 'DATE_UNREADABLE'],
    ['2020-03-19 14:30', 'DATE_UNREADABLE'],
    ['43909.5', 'DATE_UNREADABLE'],
    ['20200319', 'DATE_UNREADABLE'],
    ['เร็ว ๆ นี้', 'DATE_UNREADABLE'],
    ['12345', 'DATE_UNREADABLE'],
  ];
  for (const [cell, code] of refused) {
    test(`${cell}: ${code}`, () => assert.deepEqual(readDay(cell, context), { outcome: 'rejected', code }));
  }
  test('every day reads the same in every way of writing', () => {
    const day = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-12-31'), noInvalidDate: true });
    const months = [
      'มกราคม',
      'กุมภาพันธ์',
      'มีนาคม',
      'เมษายน',
      'พฤษภาคม',
      'มิถุนายน',
      'กรกฎาคม',
      'สิงหาคม',
      'กันยายน',
      'ตุลาคม',
      'พฤศจิกายน',
      'ธันวาคม',
    ];
    fc.assert(
      fc.property(day, (date) => {
        const [year, month, number] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
        const expected = date.toISOString().slice(0, 10);
        const serial = Math.floor(date.getTime() / 86_400_000) + 25_569;
        const ways = [
          expected,
          `${number}/${month}/${year}`,
          `${number}/${month}/${year + 543}`,
          `${number} ${months[month - 1]} ${year + 543}`,
          String(serial),
        ];
        for (const way of ways) {
          const reading = readDay(way, context);
          assert.equal(reading.outcome === 'day' ? reading.day : reading.code, expected, way);
        }
      }),
      { numRuns: 500 },
    );
  });
  test('a Buddhist year typed into Excel as if it were Christian', () => {
    // Excel's number of 19 March in its year 2563.
    assert.deepEqual(readDay('242235', context), {
      outcome: 'day',
      day: '2020-03-19',
      repairs: ['buddhistYear', 'excelSerial'],
    });
  });
  test('the 1904 system counts 1,462 days later', () => {
    const reading = readDay('42447', { dateSystem: '1904', monthFirst: false });
    assert.equal(reading.outcome === 'day' && reading.day, '2020-03-19');
  });
  test('in a file that writes the month first, day and month are not guessed', () => {
    const monthFirst: DateContext = { dateSystem: '1900', monthFirst: true };
    assert.deepEqual(readDay('4/5/2020', monthFirst), { outcome: 'rejected', code: 'DATE_DAY_OR_MONTH' });
    assert.equal(readDay('5/5/2020', monthFirst).outcome, 'day');
    assert.equal(readDay('2020-05-04', monthFirst).outcome, 'day');
    assert.equal(monthComesFirst('3/19/2020'), true);
    assert.equal(monthComesFirst('19/3/2020'), false);
    assert.equal(monthComesFirst('19/3/63'), false);
  });
});

describe('readMoment', () => {
  const readable: [string, string][] = [
    ['2020-03-18T14:30:05+07:00', '2020-03-18T14:30:05+07:00'],
    ['2020-03-18T07:30:05.123Z', '2020-03-18T07:30:05Z'],
    ['2020-03-18 14:30', '2020-03-18T14:30:00+07:00'],
    ['18/3/2563 14:30', '2020-03-18T14:30:00+07:00'],
    ['18 มี.ค. 2563 เวลา 14.30 น.', '2020-03-18T14:30:00+07:00'],
    ['๑๘/๓/๒๕๖๓ ๐๙:๑๕ น.', '2020-03-18T09:15:00+07:00'],
    ['18/3/2563', '2020-03-18T00:00:00+07:00'],
    ['43908.604166666664', '2020-03-18T14:30:00+07:00'],
  ];
  for (const [cell, at] of readable) {
    test(cell, () => {
      const reading = readMoment(cell, context);
      assert.equal(reading.outcome === 'moment' ? reading.at : reading.code, at);
    });
  }
  test('no such hour', () =>
    assert.deepEqual(readMoment('2020-03-18 25:30', context), { outcome: 'rejected', code: 'DATE_UNREADABLE' }));
});
