// One clean sample row: how lines, providers, applications and evidence are spread.
import type { Access, Day, ProviderCode } from '#contracts';
import { circuitFormats } from './circuit-formats.js';
import { CONFIRMERS, FIRST_NAMES, SURNAMES } from './people.js';
import { scattered, weighted } from './random.js';
import type { Random } from './random.js';

/** A number is written as a number cell in XLSX, as its digits in CSV. */
export type SampleCell = string | number;

export interface SampleRow {
  access: Access;
  provider: ProviderCode;
  cells: {
    agency: string;
    reference: string;
    firstName: string;
    lastName: string;
    access: string;
    provider: string;
    phone: SampleCell;
    circuit: SampleCell;
    validFrom: SampleCell;
    validTo: SampleCell;
    apps: string;
    confirmedAt: SampleCell;
    confirmedBy: string;
    document: string;
  };
}

export type SampleField = keyof SampleRow['cells'];

/** Column order of a sample file. */
export const SAMPLE_FIELDS: readonly SampleField[] = [
  'agency', 'reference', 'firstName', 'lastName', 'access', 'provider', 'phone', 'circuit',
  'validFrom', 'validTo', 'apps', 'confirmedAt', 'confirmedBy', 'document',
]; // prettier-ignore

/** Mobile connections of the third quarter of 2020 in millions (AIS 40.94, True 30.10, DTAC 18.68, TOT 0.50); CAT estimated. */
const mobileProvider = weighted<ProviderCode>([['AIS', 40.94], ['TRUE', 30.1], ['DTAC', 18.68], ['CAT', 0.9], ['TOT', 0.5]]); // prettier-ignore
/** Fixed broadband, rough shares of 2020. */
const fixedProvider = weighted<ProviderCode>([['TRUE', 36], ['3BB', 30], ['TOT', 16], ['AIS', 12], ['CAT', 6]]); // prettier-ignore
const FIXED_SHARE = 0.2;

const MOBILE_NAMES: Record<ProviderCode, readonly string[]> = {
  AIS: ['AIS', 'เอไอเอส', 'ais'],
  TRUE: ['TrueMove H', 'ทรู', 'TRUE', 'ทรูมูฟ เอช'],
  DTAC: ['dtac', 'ดีแทค', 'DTAC'],
  CAT: ['CAT', 'my by CAT', 'กสท'],
  TOT: ['TOT', 'ทีโอที', 'TOT Mobile'],
};
const FIXED_NAMES: Record<ProviderCode, readonly string[]> = {
  TRUE: ['TrueOnline', 'ทรูออนไลน์', 'TRUE'],
  '3BB': ['3BB', 'สามบีบี', 'ทริปเปิลที'],
  TOT: ['TOT', 'ทีโอที', 'TOT fiber2U'],
  AIS: ['AIS Fibre', 'เอไอเอส ไฟเบอร์'],
  CAT: ['CAT', 'กสท โทรคมนาคม'],
};
const ACCESS_NAMES: Record<Access, readonly string[]> = {
  MB: ['มือถือ', 'mobile', 'โทรศัพท์เคลื่อนที่'],
  FB: ['เน็ตบ้าน', 'fixed', 'อินเทอร์เน็ตบ้าน'],
};
const apps = weighted([
  ['LINE', 30], ['Microsoft Teams', 18], ['Google Meet, LINE', 14], ['Webex', 10], ['Microsoft Teams, LINE', 10],
  ['Google Meet', 8], ['Webex, Microsoft Teams', 5], ['Webex, Microsoft Teams, Google Meet, LINE', 3], ['', 2],
]); // prettier-ignore

/** Ranges of Thai mobile numbers: 8x and 9x in full, 61 to 66. */
const MOBILE_NUMBERS = 260_000_000;
const CIRCUIT_NUMBERS = 100_000_000;
const MINUTES_IN_OFFICE = 8 * 60;

export interface RowSource {
  agencies: readonly { code: string; nameTh: string }[];
  /** The day on which all rows are valid. */
  today: Day;
  /** Last valid day of nearly all rows. */
  until: Day;
  random: Random;
}

/** Makes clean rows one after another; no two have the same line, and no two of an agency the same reference. */
export function rowMaker({ agencies, today, until, random }: RowSource): () => SampleRow {
  const mobile = scattered(MOBILE_NUMBERS, random);
  const circuits = new Map(
    Object.entries(circuitFormats).map(([code, { samplePrefix }]) => [
      code,
      { samplePrefix, scatter: scattered(CIRCUIT_NUMBERS, random), n: 0 },
    ]),
  );
  let mobiles = 0;
  // A few agencies are large, most are small.
  const offices = agencies.map(({ code, nameTh }) => ({ code, nameTh, references: 0 }));
  const agencyOf = weighted(
    offices.map((office, index) => [office, (1 + ((index * 7) % offices.length)) ** -0.7] as const),
  );
  const drawn = Array.from({ length: 4096 }, () => agencyOf(random));
  const starts = Array.from({ length: 6 }, (_, back) => addDays(today, -back));
  const confirmations = Array.from({ length: 7 }, (_, back) => addDays(today, -7 - back));
  return () => {
    const fixed = random.chance(FIXED_SHARE);
    const provider = fixed ? fixedProvider(random) : mobileProvider(random);
    const agency = random.pick(drawn);
    const minute = random.int(MINUTES_IN_OFFICE);
    let phone = '';
    let circuit = '';
    const own = fixed ? circuits.get(provider) : undefined;
    if (own) circuit = own.samplePrefix + digits(own.scatter(own.n++), 8);
    else phone = mobileNumber(mobile(mobiles++));
    return {
      access: fixed ? 'FB' : 'MB',
      provider,
      cells: {
        agency: agency.nameTh,
        reference: `${agency.code}-${digits(++agency.references, 7)}`,
        firstName: random.pick(FIRST_NAMES),
        lastName: random.pick(SURNAMES),
        access: random.pick(ACCESS_NAMES[fixed ? 'FB' : 'MB']),
        provider: random.pick((fixed ? FIXED_NAMES : MOBILE_NAMES)[provider] ?? [provider]),
        phone,
        circuit,
        validFrom: random.pick(starts),
        validTo: random.chance(0.05) ? '' : until,
        apps: apps(random),
        confirmedAt: `${random.pick(confirmations)} ${digits(8 + Math.floor(minute / 60), 2)}:${digits(minute % 60, 2)}`,
        confirmedBy: random.pick(CONFIRMERS),
        document: `ที่ สป 0${200 + random.int(700)}/ว${1 + random.int(999)}`,
      },
    };
  };
}

function mobileNumber(n: number): string {
  if (n < 200_000_000) return `0${n < 100_000_000 ? 8 : 9}${digits(n % 100_000_000, 8)}`;
  const rest = n - 200_000_000;
  return `06${1 + Math.floor(rest / 10_000_000)}${digits(rest % 10_000_000, 7)}`;
}

export function digits(value: number, length: number): string {
  return String(value).padStart(length, '0');
}

export function addDays(day: Day, days: number): Day {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}
