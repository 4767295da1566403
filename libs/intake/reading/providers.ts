// Provider, kind of line and application by the names people write for them.
import type { Access, ProviderCode } from '#contracts';
import { fold } from './text.js';

/** What intake needs to know of one provider; from its profile. */
export interface ProviderRule {
  code: ProviderCode;
  accesses: readonly Access[];
  /** Anchored pattern of its circuit numbers, null for mobile only. */
  circuitPattern: string | null;
  /** What the number looks like, for the error text, e.g. "10 digits". */
  circuitHint?: { th: string; en: string };
  /** Names beside the code; the founding six bring theirs along. */
  otherNames?: readonly string[];
}

const FOUNDING_NAMES: Record<ProviderCode, readonly string[]> = {
  CAT: [
    'กสท',
    'กสท โทรคมนาคม',
    'แคท',
    'my',
    'my by CAT',
    'มาย',
    'CAT Telecom',
    'บมจ. กสท โทรคมนาคม',
    'บริษัท กสท โทรคมนาคม จำกัด (มหาชน)',
  ],
  TOT: ['ทีโอที', 'TOT Mobile', 'TOT fiber2U', 'TOT 3G', 'บมจ. ทีโอที', 'บริษัท ทีโอที จำกัด (มหาชน)', 'องค์การโทรศัพท์'],
  AIS: [
    'เอไอเอส',
    'AIS Fibre',
    'AIS Fiber',
    'เอไอเอส ไฟเบอร์',
    'AWN',
    'แอดวานซ์',
    'AIS 3G',
    'AIS 4G',
    'AIS One-2-Call',
    'One-2-Call',
    'วันทูคอล',
  ],
  TRUE: [
    'ทรู',
    'TrueMove',
    'TrueMove H',
    'True Move H',
    'ทรูมูฟ',
    'ทรูมูฟ เอช',
    'TrueOnline',
    'True Online',
    'ทรูออนไลน์',
    'True Corporation',
    'True Internet',
  ],
  DTAC: ['ดีแทค', 'ดีแทก', 'dtac TriNet', 'ดีแทค ไตรเน็ต', 'Happy', 'แฮปปี้', 'Total Access Communication'],
  '3BB': [
    'สามบีบี',
    'ทรีบีบี',
    '3บีบี',
    '๓บีบี',
    'ทริปเปิลที',
    'ทริปเปิลทรี',
    'ทริปเปิลที บรอดแบนด์',
    'Triple T',
    'Triple T Broadband',
    'TTTBB',
    'บมจ. ทริปเปิลที บรอดแบนด์',
  ],
};

/** Names that mean two of the founding providers: they merged into NT in 2021. */
const AMBIGUOUS_NAMES: Record<string, ProviderCode[]> = {
  [fold('NT')]: ['CAT', 'TOT'],
  [fold('เอ็นที')]: ['CAT', 'TOT'],
  [fold('โทรคมนาคมแห่งชาติ')]: ['CAT', 'TOT'],
};

export type ProviderReading =
  | { outcome: 'provider'; rule: ProviderRule; circuit: RegExp | null }
  | { outcome: 'ambiguous'; known: string }
  | { outcome: 'unknown' };

/** A look-up of providers by code or name. */
export function providerReader(rules: readonly ProviderRule[]): (cell: string) => ProviderReading {
  const byName = new Map<string, ProviderReading>();
  for (const [name, codes] of Object.entries(AMBIGUOUS_NAMES))
    byName.set(name, { outcome: 'ambiguous', known: codes.join(', ') });
  for (const rule of rules) {
    const reading: ProviderReading = {
      outcome: 'provider',
      rule,
      circuit: rule.circuitPattern === null ? null : new RegExp(rule.circuitPattern),
    };
    for (const name of [rule.code, ...(FOUNDING_NAMES[rule.code] ?? []), ...(rule.otherNames ?? [])])
      byName.set(fold(name), reading);
  }
  return (cell) => byName.get(fold(cell)) ?? { outcome: 'unknown' };
}

const ACCESS_NAMES: Record<Access, readonly string[]> = {
  MB: [
    'MB',
    'มือถือ',
    'mobile',
    'mobile broadband',
    'mobile_broadband',
    'โทรศัพท์มือถือ',
    'โทรศัพท์เคลื่อนที่',
    'เน็ตมือถือ',
    'อินเทอร์เน็ตมือถือ',
    'อินเทอร์เน็ตเคลื่อนที่',
    'โมบาย',
    'ซิม',
    'sim',
    '4G',
    '3G',
    '5G',
  ],
  FB: [
    'FB',
    'เน็ตบ้าน',
    'fixed',
    'fixed broadband',
    'fixed_broadband',
    'บ้าน',
    'อินเทอร์เน็ตบ้าน',
    'อินเตอร์เน็ตบ้าน',
    'อินเทอร์เน็ตประจำที่',
    'บรอดแบนด์ประจำที่',
    'บรอดแบนด์',
    'ไฟเบอร์',
    'fiber',
    'fibre',
    'home',
    'home internet',
    'ประจำที่',
    'adsl',
    'ftth',
    'wifi บ้าน',
  ],
};

/** The kinds of line as we write them, for error texts. */
export const KNOWN_ACCESSES = 'มือถือ (mobile, MB), เน็ตบ้าน (fixed, FB)';

const accessByName = new Map<string, Access>();
for (const access of ['MB', 'FB'] as const)
  for (const name of ACCESS_NAMES[access]) accessByName.set(fold(name), access);

/** Mobile or fixed broadband; undefined when the words are not known. */
export function readAccess(cell: string): Access | undefined {
  return accessByName.get(fold(cell));
}
