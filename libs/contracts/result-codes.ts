// The one closed table of result codes: what they mean, whether they are tried again, who must act.

export type RetryClass =
  | 'never' // the same again cannot help
  | 'later' // tried again on the provider's schedule
  | 'reroute'; // ONDE must find the line's new provider

export type Owner = 'nobody' | 'hub' | 'provider' | 'onde' | 'agency';

export interface ResultCodeInfo {
  retry: RetryClass;
  owner: Owner;
  /** Code in answer files, see docs/providers/contract.md. */
  file: string;
  th: string;
  en: string;
}

/** In order of precedence: of two codes heard for one line, the first in this table stays. */
export const RESULT_CODES = {
  PORTED_OUT: {
    retry: 'reroute',
    owner: 'onde',
    file: 'E202',
    th: 'หมายเลขนี้ย้ายไปผู้ให้บริการรายอื่นแล้ว',
    en: 'The line has moved to another provider.',
  },
  NOT_SUBSCRIBER: {
    retry: 'reroute',
    owner: 'agency',
    file: 'E201',
    th: 'ไม่พบหมายเลขนี้ในระบบของผู้ให้บริการ',
    en: 'The provider has no such line.',
  },
  PACKAGE_NOT_ELIGIBLE: {
    retry: 'never',
    owner: 'agency',
    file: 'E203',
    th: 'แพ็กเกจของหมายเลขนี้ไม่เข้าเงื่อนไขของโครงการ',
    en: "The line's tariff is not covered by the scheme.",
  },
  INVALID_FORMAT: {
    retry: 'never',
    owner: 'onde',
    file: 'E101',
    th: 'รูปแบบข้อมูลไม่ถูกต้อง',
    en: 'The provider could not read the data.',
  },
  LINE_SUSPENDED: {
    retry: 'later',
    owner: 'provider',
    file: 'E204',
    th: 'หมายเลขนี้ถูกระงับบริการชั่วคราว',
    en: 'The line is suspended for now.',
  },
  QUOTA: {
    retry: 'later',
    owner: 'hub',
    file: 'E301',
    th: 'เกินจำนวนที่ผู้ให้บริการรับได้ในขณะนี้',
    en: 'The provider takes no more for now.',
  },
  PROVIDER_ERROR: {
    retry: 'later',
    owner: 'provider',
    file: 'E900',
    th: 'ระบบของผู้ให้บริการขัดข้อง',
    en: "The provider's system failed.",
  },
} as const satisfies Record<string, ResultCodeInfo>;

export type ResultCode = keyof typeof RESULT_CODES;

export const RESULT_CODE_ORDER = Object.keys(RESULT_CODES) as ResultCode[];

export function isResultCode(value: unknown): value is ResultCode {
  return typeof value === 'string' && Object.hasOwn(RESULT_CODES, value);
}

/** The hub's code for a code in an answer file (either spelling), or undefined when it is not in the table. */
export function resultCodeOf(text: string): ResultCode | undefined {
  if (isResultCode(text)) return text;
  return RESULT_CODE_ORDER.find((code) => RESULT_CODES[code].file === text);
}
