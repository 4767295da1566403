// The closed table of what was repaired in a row. A repair is made only where one reading is possible and nothing is lost.
import type { Field } from './fields.js';

const TABLE = {
  thaiDigits: { en: 'Thai digits read as 0–9', th: 'แปลงเลขไทยเป็นเลขอารบิก' },
  leadingZero: { en: 'leading zero restored', th: 'เติมเลขศูนย์นำหน้า' },
  countryCode: { en: 'country code 66 without plus read as such', th: 'อ่าน 66 นำหน้าเป็นรหัสประเทศ' },
  trunkZero: { en: 'zero after the country code removed', th: 'ตัดเลขศูนย์หลังรหัสประเทศ' },
  internationalPrefix: { en: 'dialling prefix 00 read as plus', th: 'อ่าน 00 นำหน้าเป็นเครื่องหมาย +' },
  floatExport: { en: 'decimals ".0" of an export removed', th: 'ตัดทศนิยม .0 จากการส่งออก' },
  scientific: { en: 'scientific notation with all digits written out', th: 'แปลงรูปแบบเลขยกกำลังที่มีตัวเลขครบ' },
  textMarker: { en: "Excel's text mark ' removed", th: "ตัดเครื่องหมาย ' ของ Excel" },
  separators: { en: 'spaces and hyphens removed', th: 'ตัดช่องว่างและขีด' },
  upperCase: { en: 'written in capitals', th: 'แปลงเป็นตัวพิมพ์ใหญ่' },
  buddhistYear: { en: 'Buddhist year turned into Christian', th: 'แปลง พ.ศ. เป็น ค.ศ.' },
  excelSerial: { en: "Excel's day number turned into a date", th: 'แปลงเลขลำดับวันของ Excel เป็นวันที่' },
  fromLine: { en: 'kind of line taken from the column that is filled', th: 'ประเภทบริการได้จากคอลัมน์ที่กรอก' },
  otherLineUnused: { en: 'the other line in this row is not used', th: 'ไม่ได้ใช้อีกหมายเลขในแถวนี้' },
} as const;

export type RepairCode = keyof typeof TABLE;

export const repairTable: Readonly<Record<RepairCode, Readonly<{ en: string; th: string }>>> = TABLE;

/** One repair of one field. Instances are shared and frozen. */
export interface Repair {
  readonly field: Field;
  readonly code: RepairCode;
}

export const NO_REPAIRS: readonly RepairCode[] = Object.freeze([]);

const known = new Map<string, Repair>();

/** The shared instance: three million rows do not make three million objects. */
export function repairOf(field: Field, code: RepairCode): Repair {
  const key = `${field}:${code}`;
  let repair = known.get(key);
  if (!repair) known.set(key, (repair = Object.freeze({ field, code })));
  return repair;
}
