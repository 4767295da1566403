// Phone reading against the shared vectors and, by property, against libphonenumber-js/max.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { readPhone } from './phone.js';
import type { PhoneReading } from './phone.js';
import { repairTable } from './repairs.js';

interface Vector {
  in: string;
  valid: boolean;
  e164?: string;
  type?: string;
  repair?: string;
  reason?: string;
}

const vectors: { cases: Vector[] } = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/thai-phones.json', import.meta.url), 'utf8'),
);

describe('the shared vectors', () => {
  for (const vector of vectors.cases) {
    test(`${vector.in}: ${vector.valid ? (vector.repair ?? vector.type) : vector.reason}`, () => {
      const reading = readPhone(vector.in);
      if (!vector.valid) return assert.equal(reading.outcome, 'rejected');
      assert.ok(reading.outcome === 'phone');
      assert.equal(reading.e164, vector.e164);
      if (vector.type) assert.equal(reading.type, vector.type);
      assert.equal(reading.repairs.length > 0, vector.repair !== undefined);
    });
  }
});

/** The library's word: the E.164 form when it is a Thai mobile number, else null. */
function libraryMobile(text: string): string | null {
  const number = parsePhoneNumberFromString(text, 'TH');
  return number?.country === 'TH' && number.isValid() && number.getType() === 'MOBILE' && !number.ext
    ? number.number
    : null;
}

function ourMobile(text: string): string | null {
  const reading = readPhone(text);
  return reading.outcome === 'phone' && reading.type === 'MOBILE' ? reading.e164 : null;
}

const nationalNumber = fc.oneof(
  fc.stringMatching(/^[0-9]{7,11}$/),
  fc.stringMatching(/^[689][0-9]{8}$/),
  fc.stringMatching(/^6[0-9]{8}$/),
  fc.stringMatching(/^67[0-4][0-9]{6}$/),
  fc.stringMatching(/^1[0-9]{8}$/),
);

const compare = (write: (national: string) => string) => () =>
  fc.assert(
    fc.property(nationalNumber, (national) => assert.equal(ourMobile(write(national)), libraryMobile(write(national)))),
    { numRuns: 4000 },
  );

describe('the same verdict as libphonenumber-js/max', () => {
  test(
    'dialled with zero',
    compare((national) => `0${national.replace(/^0+/, '')}`),
  );
  test(
    'with +66',
    compare((national) => `+66${national.replace(/^0+/, '')}`),
  );
  test('every four-digit beginning of a mobile number', () => {
    for (let beginning = 1000; beginning < 10_000; beginning++) {
      for (const rest of ['00000', '56789']) {
        const text = `0${beginning}${rest}`;
        assert.equal(ourMobile(text), libraryMobile(text), text.slice(0, 5));
      }
    }
  });
});

const mobile = fc.stringMatching(/^0[89][0-9]{8}$/);
const accepted = (reading: PhoneReading) => {
  assert.ok(reading.outcome === 'phone', reading.outcome === 'rejected' ? reading.code : '');
  return reading;
};

describe('repairs lose nothing', () => {
  const damages: Record<string, (number: string) => string> = {
    leadingZero: (number) => number.slice(1),
    countryCode: (number) => `66${number.slice(1)}`,
    trunkZero: (number) => `+66${number}`,
    internationalPrefix: (number) => `0066${number.slice(1)}`,
    floatExport: (number) => `${number}.0`,
    scientific: (number) => `${number[1]}.${number.slice(2)}E+08`,
    thaiDigits: (number) => number.replace(/\d/g, (digit) => String.fromCharCode(0x0e50 + Number(digit))),
    textMarker: (number) => `'${number}`,
  };
  for (const [code, damage] of Object.entries(damages)) {
    test(code, () =>
      fc.assert(
        fc.property(mobile, (number) => {
          const reading = accepted(readPhone(damage(number)));
          assert.equal(reading.e164, `+66${number.slice(1)}`);
          assert.ok(reading.repairs.some((repair) => repair === code));
          for (const repair of reading.repairs) assert.ok(repair in repairTable);
        }),
      ),
    );
  }
  test('hyphens, brackets and spaces are writing, not damage', () => {
    for (const text of [
      '081-234-5678',
      '(081) 234 5678',
      '081.234.5678',
      '081 2345678',
      '+66 81 234 5678',
      ' 0812345678\u00A0',
      '081–234–5678',
    ]) {
      const reading = accepted(readPhone(text));
      assert.deepEqual([reading.e164, reading.repairs.length], ['+66812345678', 0], text);
    }
  });
  test('the mark against formulas is no damage', () =>
    assert.deepEqual(accepted(readPhone("'+66812345678")).repairs, []));
  test('no digit of an accepted number is invented', () => {
    const junk = fc.string({ unit: fc.constantFrom(...Array.from('0123456789+-. E/,๑')), minLength: 1, maxLength: 16 });
    fc.assert(
      fc.property(junk, (text) => {
        const reading = readPhone(text);
        if (reading.outcome === 'rejected') return;
        const digits = text.replace('๑', '1').replace(/[^0-9]/g, '');
        assert.ok(digits.includes(reading.e164.slice(3)) || /E\+?0?8$/.test(text) || text.includes('๑'));
      }),
      { numRuns: 5000 },
    );
  });
});

describe('what cannot be repaired', () => {
  const cells: [string, string][] = [
    ['8.12E+08', 'PHONE_DIGITS_LOST'],
    ['8.1234567E+08', 'PHONE_DIGITS_LOST'],
    ['0812345678, 0898765432', 'PHONE_TWO_NUMBERS'],
    ['0812345678 / 0898765432', 'PHONE_TWO_NUMBERS'],
    ['0812345678/0898765432', 'PHONE_TWO_NUMBERS'],
    ['0812345678 0898765432', 'PHONE_TWO_NUMBERS'],
    ['0812345678\n0898765432', 'PHONE_TWO_NUMBERS'],
    ['0812345678 หรือ 0898765432', 'PHONE_TWO_NUMBERS'],
    ['081-2345678 ต่อ 12', 'PHONE_HAS_TEXT'],
    ['081-xxx-5678', 'PHONE_HAS_TEXT'],
    ['81234567.8', 'PHONE_HAS_TEXT'],
    ['081234567', 'PHONE_TOO_SHORT'],
    ['08123456789', 'PHONE_TOO_LONG'],
    ['0712345678', 'PHONE_NO_SUCH_RANGE'],
    ['0602345678', 'PHONE_NOT_MOBILE'],
    ['1800123456', 'PHONE_NOT_MOBILE'],
    ['+442071234567', 'PHONE_FOREIGN'],
    ['1101700123456', 'PHONE_IS_NATIONAL_ID'],
    ['', 'PHONE_HAS_TEXT'],
  ];
  for (const [cell, code] of cells) {
    test(`${JSON.stringify(cell)}: ${code}`, () => assert.deepEqual(readPhone(cell), { outcome: 'rejected', code }));
  }
});
