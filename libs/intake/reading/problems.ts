// The closed table of what can be wrong with one row, in Thai and English, with the remedy. No text echoes a cell.
import type { Field } from './fields.js';

interface ProblemText {
  en: string;
  th: string;
  remedyEn: string;
  remedyTh: string;
}

/** `{known}` is replaced by the list of known words. A code never changes its meaning; agencies' programs key on it. */
const TABLE = {
  MISSING: {
    en: 'The value is missing.',
    th: 'ไม่ได้กรอกข้อมูล',
    remedyEn: 'Fill in this column.',
    remedyTh: 'กรอกข้อมูลในคอลัมน์นี้',
  },
  TEXT_DAMAGED: {
    en: 'The text holds characters that were damaged before the file reached us.',
    th: 'ข้อความมีอักขระที่เสียหายมาก่อนถึงระบบ',
    remedyEn: 'Type the cell again and save the file as "CSV UTF-8" or as an Excel workbook.',
    remedyTh: 'พิมพ์ข้อมูลช่องนี้ใหม่ แล้วบันทึกไฟล์เป็น "CSV UTF-8" หรือ Excel (.xlsx)',
  },
  TEXT_TOO_LONG: {
    en: 'The text is too long for this column.',
    th: 'ข้อความยาวเกินกำหนดของคอลัมน์นี้',
    remedyEn: 'Shorten it. If the cell holds several rows of the sheet, a quotation mark is missing in the file.',
    remedyTh: 'ย่อข้อความให้สั้นลง หากช่องนี้รวมข้อมูลหลายแถวไว้ แสดงว่าเครื่องหมายคำพูดในไฟล์ไม่ครบ',
  },
  QUOTES_BROKEN: {
    en: 'The quotation marks in this row do not match, so its columns cannot be told apart.',
    th: 'เครื่องหมายคำพูดในแถวนี้ไม่ครบคู่ จึงแยกคอลัมน์ไม่ได้',
    remedyEn: 'Save the sheet from Excel again as "CSV UTF-8" or as a workbook.',
    remedyTh: 'บันทึกไฟล์จาก Excel ใหม่เป็น "CSV UTF-8" หรือ .xlsx',
  },
  TOO_MANY_CELLS: {
    en: 'The row has more cells than the header has columns.',
    th: 'แถวนี้มีจำนวนช่องมากกว่าหัวตาราง',
    remedyEn: 'Put text that contains the separator into quotation marks, or remove the extra cells.',
    remedyTh: 'ใส่เครื่องหมายคำพูดคร่อมข้อความที่มีตัวคั่น หรือลบช่องที่เกิน',
  },
  AGENCY_UNKNOWN: {
    en: 'The agency is not in the list of public bodies. Nearest: {known}',
    th: 'ไม่พบหน่วยงานนี้ในบัญชีหน่วยงานของรัฐ ชื่อที่ใกล้เคียง: {known}',
    remedyEn: "Write the agency's full Thai name or its code from the list, or ask ONDE to add it.",
    remedyTh: 'ระบุชื่อเต็มภาษาไทยหรือรหัสหน่วยงานตามบัญชี หรือแจ้ง สดช. ให้เพิ่มหน่วยงาน',
  },
  AGENCY_AMBIGUOUS: {
    en: 'Several agencies have this name: {known}',
    th: 'มีหลายหน่วยงานใช้ชื่อนี้: {known}',
    remedyEn: "Write the agency's code.",
    remedyTh: 'ระบุรหัสหน่วยงาน',
  },
  REFERENCE_INVALID: {
    en: 'The reference holds characters that cannot be used, or is longer than 64 characters.',
    th: 'เลขอ้างอิงมีอักขระที่ใช้ไม่ได้ หรือยาวเกิน 64 ตัวอักษร',
    remedyEn: "Use the agency's own reference in one line of at most 64 characters.",
    remedyTh: 'ใช้เลขอ้างอิงของหน่วยงาน บรรทัดเดียว ไม่เกิน 64 ตัวอักษร',
  },
  REFERENCE_DIGITS_LOST: {
    en: 'Excel turned the reference into a rounded number (as in 1.23E+11); digits are lost.',
    th: 'Excel แปลงเลขอ้างอิงเป็นตัวเลขปัดเศษ (เช่น 1.23E+11) ทำให้ตัวเลขหายไป',
    remedyEn: 'Format the column as text and type the reference again.',
    remedyTh: 'ตั้งรูปแบบคอลัมน์เป็นข้อความ แล้วกรอกเลขอ้างอิงใหม่',
  },
  PROVIDER_UNKNOWN: {
    en: 'The provider is not known. Known: {known}',
    th: 'ไม่รู้จักผู้ให้บริการนี้ ผู้ให้บริการที่รับ: {known}',
    remedyEn: 'Write one of the known providers.',
    remedyTh: 'ระบุผู้ให้บริการตามรายชื่อ',
  },
  PROVIDER_AMBIGUOUS: {
    en: 'The name can mean more than one provider: {known}',
    th: 'ชื่อนี้หมายถึงผู้ให้บริการได้มากกว่าหนึ่งราย: {known}',
    remedyEn: 'Write which of them.',
    remedyTh: 'ระบุให้ชัดเจนว่ารายใด',
  },
  PROVIDER_LACKS_ACCESS: {
    en: 'This provider does not offer this kind of line. It offers: {known}',
    th: 'ผู้ให้บริการรายนี้ไม่มีบริการประเภทนี้ บริการที่มี: {known}',
    remedyEn: 'Check the provider and the kind of line.',
    remedyTh: 'ตรวจสอบผู้ให้บริการและประเภทบริการ',
  },
  ACCESS_UNKNOWN: {
    en: 'The kind of line is not known. Known: {known}',
    th: 'ไม่รู้จักประเภทบริการนี้ ประเภทที่รับ: {known}',
    remedyEn: 'Write mobile or fixed.',
    remedyTh: 'ระบุ มือถือ หรือ เน็ตบ้าน',
  },
  LINE_AMBIGUOUS: {
    en: 'The row has a mobile number and a circuit number, and does not say which of them is meant.',
    th: 'แถวนี้มีทั้งหมายเลขมือถือและหมายเลขวงจร โดยไม่ระบุประเภทบริการ',
    remedyEn: 'Say the kind of line, or make one row for each line.',
    remedyTh: 'ระบุประเภทบริการ หรือแยกเป็นแถวละหนึ่งหมายเลข',
  },
  PHONE_TOO_SHORT: {
    en: 'The telephone number has too few digits.',
    th: 'หมายเลขโทรศัพท์มีจำนวนหลักไม่ครบ',
    remedyEn: 'Write all ten digits, beginning with 0.',
    remedyTh: 'กรอกให้ครบสิบหลัก ขึ้นต้นด้วย 0',
  },
  PHONE_TOO_LONG: {
    en: 'The telephone number has too many digits.',
    th: 'หมายเลขโทรศัพท์มีจำนวนหลักเกิน',
    remedyEn: 'Write ten digits, beginning with 0.',
    remedyTh: 'กรอกสิบหลัก ขึ้นต้นด้วย 0',
  },
  PHONE_HAS_TEXT: {
    en: 'The cell holds other text beside the telephone number.',
    th: 'ช่องหมายเลขโทรศัพท์มีข้อความอื่นปนอยู่',
    remedyEn: 'Leave only the number; mobile lines have no extension.',
    remedyTh: 'กรอกเฉพาะหมายเลขเท่านั้น ไม่ต้องมีหมายเลขต่อภายในหรือข้อความ',
  },
  PHONE_TWO_NUMBERS: {
    en: 'The cell holds more than one telephone number.',
    th: 'ช่องนี้มีหมายเลขโทรศัพท์มากกว่าหนึ่งหมายเลข',
    remedyEn: 'Make one row for each number.',
    remedyTh: 'แยกเป็นแถวละหนึ่งหมายเลข',
  },
  PHONE_DIGITS_LOST: {
    en: 'Excel turned the telephone number into a rounded number (as in 8.12E+08); digits are lost.',
    th: 'Excel แปลงหมายเลขโทรศัพท์เป็นตัวเลขปัดเศษ (เช่น 8.12E+08) ทำให้ตัวเลขหายไป',
    remedyEn: 'Format the column as text and type the number again.',
    remedyTh: 'ตั้งรูปแบบคอลัมน์เป็นข้อความ แล้วกรอกหมายเลขใหม่',
  },
  PHONE_NO_SUCH_RANGE: {
    en: 'No Thai telephone number begins like this.',
    th: 'ไม่มีหมายเลขโทรศัพท์ไทยที่ขึ้นต้นแบบนี้',
    remedyEn: 'Check the number with the person.',
    remedyTh: 'ตรวจสอบหมายเลขกับเจ้าของ',
  },
  PHONE_NOT_MOBILE: {
    en: 'This is not a mobile number (it is a fixed, internet-telephony or toll-free number).',
    th: 'ไม่ใช่หมายเลขโทรศัพท์เคลื่อนที่ (เป็นหมายเลขโทรศัพท์ประจำที่ โทรศัพท์ทางอินเทอร์เน็ต หรือหมายเลขโทรฟรี)',
    remedyEn: 'Give the mobile number (06, 08 or 09), or for home internet the circuit number.',
    remedyTh: 'ระบุหมายเลขมือถือ (06 08 09) หรือหมายเลขวงจรสำหรับเน็ตบ้าน',
  },
  PHONE_FOREIGN: {
    en: 'The number belongs to another country.',
    th: 'เป็นหมายเลขโทรศัพท์ต่างประเทศ',
    remedyEn: 'Give a Thai mobile number.',
    remedyTh: 'ระบุหมายเลขมือถือในประเทศไทย',
  },
  PHONE_IS_NATIONAL_ID: {
    en: 'The cell holds a national ID number, which is not needed here.',
    th: 'ช่องนี้เป็นเลขประจำตัวประชาชน ซึ่งไม่ต้องใช้',
    remedyEn: 'Give the mobile number and remove the ID number.',
    remedyTh: 'ระบุหมายเลขมือถือ และลบเลขประจำตัวประชาชนออก',
  },
  CIRCUIT_FORMAT: {
    en: "The circuit number does not have this provider's form: {known}",
    th: 'หมายเลขวงจรไม่ตรงตามรูปแบบของผู้ให้บริการ: {known}',
    remedyEn: "Copy the number from the provider's bill.",
    remedyTh: 'คัดลอกหมายเลขจากใบแจ้งค่าบริการ',
  },
  CIRCUIT_DIGITS_LOST: {
    en: 'Excel turned the circuit number into a rounded number (as in 1.23E+09); digits are lost.',
    th: 'Excel แปลงหมายเลขวงจรเป็นตัวเลขปัดเศษ (เช่น 1.23E+09) ทำให้ตัวเลขหายไป',
    remedyEn: 'Format the column as text and type the number again.',
    remedyTh: 'ตั้งรูปแบบคอลัมน์เป็นข้อความ แล้วกรอกหมายเลขใหม่',
  },
  PACKAGE_INVALID: {
    en: 'The package code must be capital letters, digits and hyphens, at most 32.',
    th: 'รหัสแพ็กเกจต้องเป็นอักษรอังกฤษตัวใหญ่ ตัวเลข และขีดกลาง ไม่เกิน 32 ตัว',
    remedyEn: 'Leave the column empty for the standard package.',
    remedyTh: 'เว้นว่างไว้หากใช้แพ็กเกจมาตรฐาน',
  },
  DATE_UNREADABLE: {
    en: 'The date cannot be read.',
    th: 'อ่านวันที่ไม่ได้',
    remedyEn: 'Write it as 2020-03-19 or 19/03/2563.',
    remedyTh: 'เขียนเป็น 19/03/2563 หรือ 2020-03-19',
  },
  DATE_NO_SUCH_DAY: {
    en: 'There is no such day in the calendar.',
    th: 'ไม่มีวันที่นี้ในปฏิทิน',
    remedyEn: 'Check day and month. Write day/month/year.',
    remedyTh: 'ตรวจสอบวันและเดือน เขียนตามลำดับ วัน/เดือน/ปี',
  },
  DATE_TWO_DIGIT_YEAR: {
    en: 'The year has two digits and can mean two different years.',
    th: 'ปีมีเพียงสองหลัก จึงตีความได้มากกว่าหนึ่งปี',
    remedyEn: 'Write the year with four digits, Buddhist or Christian.',
    remedyTh: 'เขียนปีสี่หลัก พ.ศ. หรือ ค.ศ.',
  },
  DATE_DAY_OR_MONTH: {
    en: 'Other rows of this file write the month first, so day and month cannot be told apart here.',
    th: 'แถวอื่นในไฟล์เขียนเดือนก่อนวัน จึงแยกวันกับเดือนของแถวนี้ไม่ได้',
    remedyEn: 'Write all dates as 2020-03-19.',
    remedyTh: 'เขียนวันที่ทุกแถวเป็น วัน/เดือน/ปี พ.ศ. หรือ 2020-03-19',
  },
  DATE_YEAR_UNLIKELY: {
    en: 'The year is outside 2000 to 2100 (B.E. 2543 to 2643).',
    th: 'ปีอยู่นอกช่วง พ.ศ. 2543 ถึง 2643',
    remedyEn: 'Check the year.',
    remedyTh: 'ตรวจสอบปี',
  },
  PERIOD_REVERSED: {
    en: 'The last day is before the first day.',
    th: 'วันที่สิ้นสุดอยู่ก่อนวันที่เริ่ม',
    remedyEn: 'Check both dates.',
    remedyTh: 'ตรวจสอบวันที่เริ่มและวันที่สิ้นสุด',
  },
  APP_UNKNOWN: {
    en: 'An application is not part of the scheme. Known: {known}',
    th: 'มีแอปพลิเคชันที่ไม่อยู่ในโครงการ แอปพลิเคชันที่รับ: {known}',
    remedyEn: 'Write known applications, separated by commas, or leave the column empty.',
    remedyTh: 'ระบุแอปพลิเคชันตามรายชื่อ คั่นด้วยจุลภาค หรือเว้นว่างไว้',
  },
  CONFIRMED_IN_FUTURE: {
    en: 'The confirmation is dated in the future.',
    th: 'วันที่ยืนยันเป็นวันในอนาคต',
    remedyEn: 'Give the day on which the agency confirmed.',
    remedyTh: 'ระบุวันที่หน่วยงานยืนยันแล้วจริง',
  },
} as const satisfies Record<string, ProblemText>;

/** Every code a rejected row can carry. */
export type RowProblemCode = keyof typeof TABLE;

/** The whole table, for documentation and tests. */
export const rowProblemTable: Readonly<Record<RowProblemCode, Readonly<ProblemText>>> = TABLE;

/** One reason why a row was rejected. Texts never contain what the cell held. */
export interface RowProblem {
  field: Field | 'row';
  code: RowProblemCode;
  th: string;
  en: string;
  remedyTh: string;
  remedyEn: string;
}

/** Builds a problem; `known` is what fills `{known}` (names from our own lists only, never from the file). */
export function rowProblem(field: Field | 'row', code: RowProblemCode, known = ''): RowProblem {
  const text = TABLE[code];
  return {
    field,
    code,
    th: text.th.replace('{known}', known),
    en: text.en.replace('{known}', known),
    remedyTh: text.remedyTh,
    remedyEn: text.remedyEn,
  };
}
