// The ways in which real files are damaged, each with what intake must make of it.
import type { Day } from '#contracts';
import type { RepairCode, RowProblemCode } from '../reading/index.js';
import type { Random } from './random.js';
import { digits } from './row.js';
import type { SampleRow } from './row.js';

/**
 * What becomes of a row with this damage: `accepted` as if clean, `repaired` (accepted, with the repair on record),
 * `draft` (accepted, but not confirmed), `rejected`.
 */
export type Expectation = 'accepted' | 'repaired' | 'draft' | 'rejected';

interface Damage {
  expect: Expectation;
  /** The repair that must be on record, or the reason that must be given. */
  code?: RepairCode | RowProblemCode;
  /** Which rows it can befall; absent: all. */
  fits?: (row: SampleRow) => boolean;
  apply: (row: SampleRow, random: Random) => void;
}

const mobile = (row: SampleRow) => row.access === 'MB';
const fixed = (row: SampleRow) => row.access === 'FB';

/** The ten digits of a clean row's mobile number. */
const phone = (row: SampleRow) => String(row.cells.phone);
const circuit = (row: SampleRow) => String(row.cells.circuit);
const thai = (text: string) => text.replace(/[0-9]/g, (digit) => String.fromCharCode(0x0e50 + Number(digit)));
const MONTHS = [
  'มกราคม',
  'ก.พ.',
  'มีนาคม',
  'เม.ย.',
  'พฤษภาคม',
  'มิ.ย.',
  'กรกฎาคม',
  'ส.ค.',
  'กันยายน',
  'ต.ค.',
  'พฤศจิกายน',
  'ธ.ค.',
];

function parts(day: Day): { year: number; month: number; date: number } {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  return { year, month, date };
}

/** 8.12345678E+08: every digit stands there. */
function scientific(number: string): string {
  const plain = number.replace(/^0/, '');
  return `${plain[0]}.${plain.slice(1)}E+${digits(plain.length - 1, 2)}`;
}

export const DAMAGES = {
  phoneZeroLost: {
    expect: 'repaired',
    code: 'leadingZero',
    fits: mobile,
    apply: (row) => (row.cells.phone = Number(phone(row))),
  },
  phonePlusLost: {
    expect: 'repaired',
    code: 'countryCode',
    fits: mobile,
    apply: (row) => (row.cells.phone = Number(`66${phone(row).slice(1)}`)),
  },
  phonePlusAndZero: {
    expect: 'repaired',
    code: 'trunkZero',
    fits: mobile,
    apply: (row) => (row.cells.phone = `+66${phone(row)}`),
  },
  phoneDialledPrefix: {
    expect: 'repaired',
    code: 'internationalPrefix',
    fits: mobile,
    apply: (row) => (row.cells.phone = `0066${phone(row).slice(1)}`),
  },
  phoneHyphens: {
    expect: 'accepted',
    fits: mobile,
    apply: (row) => (row.cells.phone = phone(row).replace(/^(...)(...)/, '$1-$2-')),
  },
  phoneThaiDigits: {
    expect: 'repaired',
    code: 'thaiDigits',
    fits: mobile,
    apply: (row) => (row.cells.phone = thai(phone(row))),
  },
  phoneFloat: {
    expect: 'repaired',
    code: 'floatExport',
    fits: mobile,
    apply: (row) => (row.cells.phone = `${Number(phone(row))}.0`),
  },
  phoneScientific: {
    expect: 'repaired',
    code: 'scientific',
    fits: mobile,
    apply: (row) => (row.cells.phone = scientific(phone(row))),
  },
  phoneRounded: {
    expect: 'rejected',
    code: 'PHONE_DIGITS_LOST',
    fits: mobile,
    apply: (row) => (row.cells.phone = `${scientific(phone(row)).slice(0, 4)}E+08`),
  },
  phoneTwoNumbers: {
    expect: 'rejected',
    code: 'PHONE_TWO_NUMBERS',
    fits: mobile,
    apply: (row, random) => (row.cells.phone = `${phone(row)}, 08${digits(random.int(100_000_000), 8)}`),
  },
  phoneExtension: {
    expect: 'rejected',
    code: 'PHONE_HAS_TEXT',
    fits: mobile,
    apply: (row, random) => (row.cells.phone = `${phone(row)} ต่อ ${10 + random.int(90)}`),
  },
  phoneDigitMissing: {
    expect: 'rejected',
    code: 'PHONE_TOO_SHORT',
    fits: mobile,
    apply: (row) => (row.cells.phone = phone(row).slice(0, 9)),
  },
  phoneDigitTooMany: {
    expect: 'rejected',
    code: 'PHONE_TOO_LONG',
    fits: mobile,
    apply: (row, random) => (row.cells.phone = `${phone(row)}${random.int(10)}`),
  },
  phoneLandline: {
    expect: 'rejected',
    code: 'PHONE_NOT_MOBILE',
    fits: mobile,
    apply: (row, random) => (row.cells.phone = `02${digits(random.int(10_000_000), 7)}`),
  },
  phoneMissing: { expect: 'rejected', code: 'MISSING', fits: mobile, apply: (row) => (row.cells.phone = '') },
  circuitSpaces: {
    expect: 'repaired',
    code: 'separators',
    fits: fixed,
    apply: (row) => (row.cells.circuit = circuit(row).replace(/^(.....)/, '$1 ')),
  },
  circuitThaiDigits: {
    expect: 'repaired',
    code: 'thaiDigits',
    fits: fixed,
    apply: (row) => (row.cells.circuit = thai(circuit(row))),
  },
  circuitFloat: {
    expect: 'repaired',
    code: 'floatExport',
    fits: fixed,
    apply: (row) => (row.cells.circuit = `${circuit(row)}.0`),
  },
  circuitRounded: {
    expect: 'rejected',
    code: 'CIRCUIT_DIGITS_LOST',
    fits: fixed,
    apply: (row) => (row.cells.circuit = `${scientific(circuit(row)).slice(0, 4)}E+09`),
  },
  circuitDigitMissing: {
    expect: 'rejected',
    code: 'CIRCUIT_FORMAT',
    fits: fixed,
    apply: (row) => (row.cells.circuit = circuit(row).slice(0, -1)),
  },
  circuitAtMobileProvider: {
    expect: 'rejected',
    code: 'PROVIDER_LACKS_ACCESS',
    fits: fixed,
    apply: (row) => (row.cells.provider = 'dtac'),
  },
  yearBuddhist: { expect: 'repaired', code: 'buddhistYear', apply: (row) => (row.cells.validFrom = thaiDay(row, '/')) },
  monthInWords: {
    expect: 'repaired',
    code: 'buddhistYear',
    apply: (row) => (row.cells.validFrom = thaiDay(row, 'words')),
  },
  dayThaiDigits: {
    expect: 'repaired',
    code: 'thaiDigits',
    apply: (row) => (row.cells.validFrom = thai(thaiDay(row, '/'))),
  },
  dayNumber: {
    expect: 'repaired',
    code: 'excelSerial',
    apply: (row) => (row.cells.validFrom = Date.parse(`${row.cells.validFrom}T00:00:00Z`) / 86_400_000 + 25_569),
  },
  yearTwoDigits: {
    expect: 'rejected',
    code: 'DATE_TWO_DIGIT_YEAR',
    apply: (row) => (row.cells.validFrom = thaiDay(row, '/').replace(/25(..)$/, '$1')),
  },
  dayThatIsNone: {
    expect: 'rejected',
    code: 'DATE_NO_SUCH_DAY',
    apply: (row) => (row.cells.validFrom = thaiDay(row, '/').replace(/^\d+\/\d+/, '31/2')),
  },
  periodReversed: {
    expect: 'rejected',
    code: 'PERIOD_REVERSED',
    apply: (row) =>
      (row.cells.validTo = '2019-12-31'.replace('2019', String(parts(String(row.cells.validFrom)).year - 1))),
  },
  providerUnknown: { expect: 'rejected', code: 'PROVIDER_UNKNOWN', apply: (row) => (row.cells.provider = 'ค่ายสมมุติ') },
  providerMerged: { expect: 'rejected', code: 'PROVIDER_AMBIGUOUS', apply: (row) => (row.cells.provider = 'NT') },
  accessMissing: { expect: 'repaired', code: 'fromLine', apply: (row) => (row.cells.access = '') },
  accessUnknown: { expect: 'rejected', code: 'ACCESS_UNKNOWN', apply: (row) => (row.cells.access = 'ดาวเทียม') },
  appUnknown: { expect: 'rejected', code: 'APP_UNKNOWN', apply: (row) => (row.cells.apps = 'LINE, Zoom') },
  agencyUnknown: { expect: 'rejected', code: 'AGENCY_UNKNOWN', apply: (row) => (row.cells.agency = 'กรมทดสอบสมมุติ') },
  agencyLookAlike: {
    expect: 'accepted',
    fits: (row) => row.cells.agency.includes('แ'),
    apply: (row) => (row.cells.agency = row.cells.agency.replaceAll('แ', 'เเ')),
  },
  referenceMissing: { expect: 'rejected', code: 'MISSING', apply: (row) => (row.cells.reference = '') },
  referenceRounded: {
    expect: 'rejected',
    code: 'REFERENCE_DIGITS_LOST',
    apply: (row) => (row.cells.reference = '1.23457E+11'),
  },
  evidenceMissing: {
    expect: 'draft',
    apply: (row, random) => (row.cells[random.pick(['confirmedAt', 'confirmedBy', 'document'] as const)] = ''),
  },
} as const satisfies Record<string, Damage>;

export type DamageKind = keyof typeof DAMAGES;

const table: Record<DamageKind, Damage> = DAMAGES;
const isKind = (name: string): name is DamageKind => name in table;
const kinds = Object.keys(table).filter(isKind);

/** Damages a row in one way that it can suffer, and says which. */
export function damage(row: SampleRow, random: Random): DamageKind {
  for (;;) {
    const kind = random.pick(kinds);
    const { fits, apply } = table[kind];
    if (fits && !fits(row)) continue;
    apply(row, random);
    return kind;
  }
}

function thaiDay(row: SampleRow, style: '/' | 'words'): string {
  const { year, month, date } = parts(String(row.cells.validFrom));
  return style === '/' ? `${date}/${month}/${year + 543}` : `${date} ${MONTHS[month - 1]} ${year + 543}`;
}
