// The one closed table of result codes: what they mean in each protocol, whether they are tried again, who must act.

export type RetryClass =
  | 'never' // the same again cannot help
  | 'later' // tried again on the provider's schedule
  | 'reroute'; // ONDE must find the line's new provider

export type Owner = 'nobody' | 'hub' | 'provider' | 'onde' | 'agency';

/** Thai and English of one sentence. */
interface Said {
  th: string;
  en: string;
}

export interface ResultCodeInfo extends Said {
  retry: RetryClass;
  owner: Owner;
  /** Code in answer files, see docs/providers/contract.md. */
  file: string;
  /** State of a TMF641 order item that fails with it; the code itself stands in `errorMessage[].code`. */
  tmf641: 'failed' | 'rejected' | 'held' | 'pending';
  /** Status and code of a CAMARA error that means it. */
  camara: { status: number; code: string };
  /** Further names under which operators' order systems know it; the first code in the table that has one wins. */
  otherNames: readonly string[];
  /** What whoever must act does. */
  remedy: Said;
}

/** In order of precedence: of two codes heard for one line, the first in this table stays. */
export const RESULT_CODES = {
  PORTED_OUT: {
    retry: 'reroute',
    owner: 'onde',
    file: 'E202',
    tmf641: 'failed',
    camara: { status: 404, code: 'IDENTIFIER_NOT_FOUND' },
    otherNames: [],
    th: 'หมายเลขนี้ย้ายไปผู้ให้บริการรายอื่นแล้ว',
    en: 'The line has moved to another provider.',
    remedy: {
      th: 'สอบถามผู้ลงทะเบียนว่าย้ายไปผู้ให้บริการรายใด แล้วลงทะเบียนใหม่กับรายนั้นเมื่อได้รับการยืนยัน',
      en: 'Ask the person which provider it moved to, and register it there once that is confirmed.',
    },
  },
  NOT_SUBSCRIBER: {
    retry: 'reroute',
    owner: 'agency',
    file: 'E201',
    tmf641: 'failed',
    camara: { status: 404, code: 'IDENTIFIER_NOT_FOUND' },
    otherNames: ['IDENTIFIER_NOT_FOUND'],
    th: 'ไม่พบหมายเลขนี้ในระบบของผู้ให้บริการ',
    en: 'The provider has no such line.',
    remedy: {
      th: 'ตรวจสอบหมายเลขและผู้ให้บริการกับเจ้าของหมายเลข แก้ไขในไฟล์แล้วส่งใหม่',
      en: 'Check number and provider with the person, correct the row and send it again.',
    },
  },
  PACKAGE_NOT_ELIGIBLE: {
    retry: 'never',
    owner: 'agency',
    file: 'E203',
    tmf641: 'failed',
    camara: { status: 422, code: 'SERVICE_NOT_APPLICABLE' },
    otherNames: ['SERVICE_NOT_APPLICABLE'],
    th: 'แพ็กเกจของหมายเลขนี้ไม่เข้าเงื่อนไขของโครงการ',
    en: "The line's tariff is not covered by the scheme.",
    remedy: {
      th: 'แจ้งเจ้าของหมายเลขให้เปลี่ยนแพ็กเกจกับผู้ให้บริการ หรือลงทะเบียนหมายเลขอื่น',
      en: 'The person changes the tariff with the provider, or registers another line.',
    },
  },
  INVALID_FORMAT: {
    retry: 'never',
    owner: 'onde',
    file: 'E101',
    tmf641: 'rejected',
    camara: { status: 400, code: 'INVALID_ARGUMENT' },
    otherNames: ['INVALID_ARGUMENT'],
    th: 'รูปแบบข้อมูลไม่ถูกต้อง',
    en: 'The provider could not read the data.',
    remedy: {
      th: 'ตรวจสอบหมายเลขและวันที่ของรายการนี้ ถ้าถูกต้องแล้วให้แจ้งผู้ให้บริการพร้อมเลขชุดและลำดับ',
      en: 'Check number and dates of the row; if they are right, tell the provider the batch and position.',
    },
  },
  LINE_SUSPENDED: {
    retry: 'later',
    owner: 'provider',
    file: 'E204',
    tmf641: 'held',
    camara: { status: 422, code: 'LINE_SUSPENDED' },
    otherNames: [],
    th: 'หมายเลขนี้ถูกระงับบริการชั่วคราว',
    en: 'The line is suspended for now.',
    remedy: {
      th: 'ระบบจะส่งซ้ำเอง หากยังถูกระงับให้เจ้าของหมายเลขติดต่อผู้ให้บริการ',
      en: 'It is tried again by itself; if it stays suspended, the person asks the provider.',
    },
  },
  QUOTA: {
    retry: 'later',
    owner: 'hub',
    file: 'E301',
    tmf641: 'pending',
    camara: { status: 429, code: 'QUOTA_EXCEEDED' },
    otherNames: ['QUOTA_EXCEEDED', 'TOO_MANY_REQUESTS'],
    th: 'เกินจำนวนที่ผู้ให้บริการรับได้ในขณะนี้',
    en: 'The provider takes no more for now.',
    remedy: {
      th: 'ไม่ต้องดำเนินการ ระบบจะส่งซ้ำตามเวลาที่ผู้ให้บริการกำหนด',
      en: 'Nothing to do: it is tried again when the provider says.',
    },
  },
  PROVIDER_ERROR: {
    retry: 'later',
    owner: 'provider',
    file: 'E900',
    tmf641: 'failed',
    camara: { status: 500, code: 'INTERNAL' },
    otherNames: ['INTERNAL'],
    th: 'ระบบของผู้ให้บริการขัดข้อง',
    en: "The provider's system failed.",
    remedy: {
      th: 'ระบบจะส่งซ้ำเอง หากเกิดขึ้นต่อเนื่องให้แจ้งผู้ให้บริการ',
      en: 'It is tried again by itself; if it goes on, tell the provider.',
    },
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

/** The hub's code for an error code of an order system, also under TM Forum's and CAMARA's names. */
export function resultCodeOfError(text: string): ResultCode | undefined {
  const info: Record<ResultCode, ResultCodeInfo> = RESULT_CODES;
  return resultCodeOf(text) ?? RESULT_CODE_ORDER.find((code) => info[code].otherNames.includes(text));
}

export interface BatchCodeInfo extends Said {
  /** Code in a file receipt. */
  file: string;
  /** Status of the HTTP answer. */
  status: 400 | 409 | 413 | 422;
  /**
   * What the hub does with a request that is refused so: the two halves go under new numbers until the offending line is
   * alone, or sending stops until a person looked, because no other cut of the lines can help.
   */
  hubDoes: 'halves' | 'person';
  /** What a line is rejected with that is refused so when it travels alone. */
  line: ResultCode;
  remedy: Said;
}

/** Codes by which a provider refuses a batch or a file as a whole: nothing of it was applied. */
export const BATCH_CODES = {
  NOT_READABLE: {
    file: 'E101',
    status: 400,
    hubDoes: 'halves',
    line: 'INVALID_FORMAT',
    th: 'อ่านไม่ได้ตามรูปแบบของสัญญา',
    en: 'It cannot be read as the contract says: form, encoding, or a line in it.',
    remedy: {
      th: 'ไม่ต้องดำเนินการ ระบบแบ่งครึ่งจนพบรายการที่มีปัญหา',
      en: 'Nothing to do: halves are sent until the offending line is alone.',
    },
  },
  WRONG_NUMBER: {
    file: 'E102',
    status: 422,
    hubDoes: 'person',
    line: 'INVALID_FORMAT',
    th: 'เลขชุดหรือชื่อไฟล์ไม่ตรงกับเนื้อหา',
    en: 'Name, header and content do not carry the same number.',
    remedy: {
      th: 'ให้ผู้ดูแลระบบทั้งสองฝ่ายเทียบเลขชุดล่าสุด แล้วสั่งส่งต่อ',
      en: 'Ops of both sides compare their newest numbers, then sending is resumed.',
    },
  },
  COUNT_MISMATCH: {
    file: 'E103',
    status: 422,
    hubDoes: 'halves',
    line: 'INVALID_FORMAT',
    th: 'จำนวนรายการไม่ตรงกับที่แจ้ง',
    en: 'The counts do not agree with the lines.',
    remedy: {
      th: 'ไม่ต้องดำเนินการ ระบบส่งใหม่เป็นสองชุด',
      en: 'Nothing to do: it is sent anew in halves.',
    },
  },
  HASH_MISMATCH: {
    file: 'E104',
    status: 422,
    hubDoes: 'halves',
    line: 'INVALID_FORMAT',
    th: 'ค่าแฮชไม่ตรงกับเนื้อหา',
    en: 'The hash does not agree with the bytes.',
    remedy: {
      th: 'ไม่ต้องดำเนินการ ระบบส่งใหม่เป็นสองชุด หากเกิดซ้ำให้ตรวจสอบเส้นทางรับส่ง',
      en: 'Nothing to do: it is sent anew in halves; if it happens again, look at the path in between.',
    },
  },
  WRONG_SENDER: {
    file: 'E105',
    status: 422,
    hubDoes: 'person',
    line: 'INVALID_FORMAT',
    th: 'ผู้ส่ง ผู้รับ หรือรุ่นของสัญญาไม่ถูกต้อง',
    en: 'Sender, receiver or version of the contract is not the one agreed.',
    remedy: {
      th: 'ตรวจสอบโปรไฟล์ของผู้ให้บริการและรุ่นของสัญญา แล้วสั่งส่งต่อ',
      en: 'Check the profile and the agreed version, then resume sending.',
    },
  },
  BAD_POSITION: {
    file: 'E106',
    status: 422,
    hubDoes: 'halves',
    line: 'INVALID_FORMAT',
    th: 'แถวหรือลำดับไม่ถูกต้อง',
    en: 'A row has other fields, or positions have a hole.',
    remedy: {
      th: 'ไม่ต้องดำเนินการ ระบบแบ่งครึ่งจนพบรายการที่มีปัญหา',
      en: 'Nothing to do: halves are sent until the offending line is alone.',
    },
  },
  TOO_LARGE: {
    file: 'E107',
    status: 413,
    hubDoes: 'halves',
    line: 'INVALID_FORMAT',
    th: 'ใหญ่เกินกว่าที่รับได้',
    en: 'It is larger, or has more lines, than is taken.',
    remedy: {
      th: 'ระบบส่งใหม่เป็นสองชุด ลด maxLines หรือ maxBytes ในโปรไฟล์เพื่อไม่ให้เกิดอีก',
      en: 'It is sent in halves; lower maxLines or maxBytes in the profile so that it does not happen again.',
    },
  },
  BAD_SEAL: {
    file: 'E108',
    status: 422,
    hubDoes: 'person',
    line: 'INVALID_FORMAT',
    th: 'ถอดรหัสไม่ได้ หรือลายเซ็นไม่ถูกต้อง',
    en: 'It cannot be decrypted, or its signature does not fit.',
    remedy: {
      th: 'เทียบลายนิ้วมือของกุญแจทั้งสองฝ่ายผ่านช่องทางที่สอง แล้วสั่งส่งต่อ',
      en: 'Compare the fingerprints of the keys over a second channel, then resume sending.',
    },
  },
  OTHER_BYTES: {
    file: 'E109',
    status: 409,
    hubDoes: 'person',
    line: 'INVALID_FORMAT',
    th: 'เลขชุดนี้เคยรับแล้วแต่เนื้อหาต่างกัน',
    en: 'This number is known with other bytes.',
    remedy: {
      th: 'หยุดส่งไว้ ให้ผู้ดูแลระบบทั้งสองฝ่ายตรวจสอบว่าชุดใดถูกต้อง',
      en: 'Sending stays stopped until ops of both sides know which bytes are right.',
    },
  },
} as const satisfies Record<string, BatchCodeInfo>;

export type BatchCode = keyof typeof BATCH_CODES;

export const BATCH_CODE_ORDER = Object.keys(BATCH_CODES) as BatchCode[];

/** The code of a refusal as a whole, in either spelling, or undefined when it is none of the table. */
export function batchCodeOf(text: unknown): BatchCode | undefined {
  if (typeof text !== 'string') return undefined;
  return BATCH_CODE_ORDER.find((code) => code === text || BATCH_CODES[code].file === text);
}

/**
 * What a refusal as a whole means, whatever the provider wrote as its code: codes beyond the tables are known by their
 * class (E1xx data, E3xx limits, other E numbers the provider's own trouble); anything else says only that the data was
 * not taken.
 */
export function refusalOf(text: unknown): { code: ResultCode; hubDoes: BatchCodeInfo['hubDoes'] } {
  const batch = batchCodeOf(text);
  if (batch) return { code: BATCH_CODES[batch].line, hubDoes: BATCH_CODES[batch].hubDoes };
  if (typeof text !== 'string') return { code: 'INVALID_FORMAT', hubDoes: 'halves' };
  const known = resultCodeOf(text);
  if (known) return { code: known, hubDoes: 'halves' };
  const code = text.startsWith('E3') ? 'QUOTA' : /^E(?!1)\d{3}$/.test(text) ? 'PROVIDER_ERROR' : 'INVALID_FORMAT';
  return { code, hubDoes: 'halves' };
}
