// What can be wrong with a file as a whole: a closed table, in Thai and English, as RFC 9457 problems.
import { Problem } from '#contracts';

interface FileErrorText {
  status: number;
  en: string;
  th: string;
  remedyEn: string;
  remedyTh: string;
}

const SAVE_AS = {
  remedyEn: 'Save the sheet in Excel as "CSV UTF-8" or as a workbook (.xlsx) and send that.',
  remedyTh: 'บันทึกจาก Excel เป็น "CSV UTF-8" หรือ .xlsx แล้วส่งใหม่',
};

/** `{1}` is filled by the reader: a limit, a kind of file, a list of headers; never content of a row. */
const TABLE = {
  FILE_EMPTY: {
    status: 422,
    en: 'The file is empty.',
    th: 'ไฟล์ว่างเปล่า',
    remedyEn: 'Check that the right file was chosen and that it was saved.',
    remedyTh: 'ตรวจสอบว่าเลือกไฟล์ถูกต้องและบันทึกข้อมูลแล้ว',
  },
  FILE_TOO_LARGE: {
    status: 413,
    en: 'The file is larger than {1}.',
    th: 'ไฟล์มีขนาดเกิน {1}',
    remedyEn: 'Split it into several files.',
    remedyTh: 'แบ่งเป็นหลายไฟล์',
  },
  FILE_WRONG_KIND: {
    status: 415,
    en: 'This is not a table: it is {1}.',
    th: 'ไฟล์นี้ไม่ใช่ตาราง แต่เป็น {1}',
    ...SAVE_AS,
  },
  FILE_LEGACY_XLS: {
    status: 415,
    en: 'This is a workbook of the old Excel format (.xls).',
    th: 'เป็นไฟล์ Excel รูปแบบเก่า (.xls)',
    ...SAVE_AS,
  },
  FILE_ENCRYPTED: {
    status: 422,
    en: 'The workbook is protected by a password.',
    th: 'ไฟล์ถูกป้องกันด้วยรหัสผ่าน',
    remedyEn: 'Remove the password in Excel (File, Info, Protect Workbook) and send it again.',
    remedyTh: 'ยกเลิกรหัสผ่านใน Excel (ไฟล์ > ข้อมูล > ป้องกันสมุดงาน) แล้วส่งใหม่',
  },
  FILE_HAS_MACROS: {
    status: 422,
    en: 'The workbook holds macros, which are refused.',
    th: 'ไฟล์มีแมโคร ซึ่งไม่อนุญาต',
    ...SAVE_AS,
  },
  FILE_HAS_LINKS: {
    status: 422,
    en: 'The workbook draws data from other files or servers, which is refused.',
    th: 'ไฟล์เชื่อมโยงข้อมูลจากไฟล์หรือเซิร์ฟเวอร์อื่น ซึ่งไม่อนุญาต',
    remedyEn: 'Copy the table into a new workbook as values only and send that.',
    remedyTh: 'คัดลอกตารางไปวางในไฟล์ใหม่แบบ "ค่า" เท่านั้น แล้วส่งใหม่',
  },
  FILE_HAS_OBJECTS: {
    status: 422,
    en: 'The workbook holds embedded objects or controls, which are refused.',
    th: 'ไฟล์มีวัตถุฝังหรือตัวควบคุม ซึ่งไม่อนุญาต',
    remedyEn: 'Copy the table into a new workbook as values only and send that.',
    remedyTh: 'คัดลอกตารางไปวางในไฟล์ใหม่แบบ "ค่า" เท่านั้น แล้วส่งใหม่',
  },
  FILE_BOMB: {
    status: 422,
    en: 'The workbook would unpack to far more than it should ({1}).',
    th: 'ไฟล์เมื่อแตกออกมีขนาดใหญ่ผิดปกติ ({1})',
    remedyEn: 'Send the table as "CSV UTF-8", or split it.',
    remedyTh: 'ส่งเป็น "CSV UTF-8" หรือแบ่งเป็นหลายไฟล์',
  },
  FILE_DAMAGED: {
    status: 422,
    en: 'The file is damaged: {1}.',
    th: 'ไฟล์เสียหาย: {1}',
    ...SAVE_AS,
  },
  ENCODING_UNKNOWN: {
    status: 422,
    en: 'The text is neither UTF-8 nor Windows-874 (Thai); the first wrong character is near row {1}.',
    th: 'ข้อความไม่ใช่ทั้ง UTF-8 และ Windows-874 (ไทย) พบอักขระผิดใกล้แถวที่ {1}',
    ...SAVE_AS,
  },
  ENCODING_AMBIGUOUS: {
    status: 422,
    en: 'The file has too little Thai text to tell UTF-8 and Windows-874 apart.',
    th: 'ข้อความภาษาไทยในไฟล์มีน้อยเกินไปจนแยกไม่ออกว่าเป็น UTF-8 หรือ Windows-874',
    remedyEn: 'Save it as "CSV UTF-8" (which marks the encoding), or say the encoding with the import.',
    remedyTh: 'บันทึกเป็น "CSV UTF-8" หรือระบุรหัสอักขระเมื่อนำเข้า',
  },
  ENCODING_TWICE: {
    status: 422,
    en: 'The Thai text was converted wrongly before the file reached us (it reads like "เธเธฃเธก").',
    th: 'ข้อความภาษาไทยถูกแปลงรหัสผิดมาก่อนถึงระบบ (อ่านได้เป็น "เธเธฃเธก")',
    remedyEn: 'Open the original file in Excel with encoding UTF-8 and save it again as a workbook (.xlsx).',
    remedyTh: 'เปิดไฟล์ต้นฉบับใน Excel โดยเลือกรหัสอักขระ UTF-8 แล้วบันทึกใหม่เป็น .xlsx',
  },
  QUOTE_OPEN: {
    status: 422,
    en: 'A quotation mark that is opened in or after row {1} is never closed.',
    th: 'เครื่องหมายคำพูดที่เปิดในหรือหลังแถวที่ {1} ไม่มีเครื่องหมายปิด',
    ...SAVE_AS,
  },
  HEADER_NOT_FOUND: {
    status: 422,
    en: 'No row with column headers was found at the beginning of the file. Needed: {1}',
    th: 'ไม่พบแถวหัวตารางในช่วงต้นไฟล์ คอลัมน์ที่ต้องมี: {1}',
    remedyEn: 'Write the headers in one row above the data.',
    remedyTh: 'ใส่หัวตารางไว้แถวเดียวเหนือข้อมูล',
  },
  HEADER_MISSING: {
    status: 422,
    en: 'Columns are missing. Accepted headers: {1}',
    th: 'คอลัมน์ไม่ครบ หัวตารางที่รับ: {1}',
    remedyEn: 'Add the columns with one of the accepted headers each.',
    remedyTh: 'เพิ่มคอลัมน์โดยใช้หัวตารางตามที่กำหนด',
  },
  HEADER_TWICE: {
    status: 422,
    en: 'Two columns mean the same: {1}',
    th: 'มีสองคอลัมน์ที่มีความหมายเดียวกัน: {1}',
    remedyEn: 'Keep one of them, or rename the other.',
    remedyTh: 'เก็บไว้คอลัมน์เดียว หรือเปลี่ยนชื่ออีกคอลัมน์',
  },
} as const satisfies Record<string, FileErrorText>;

export type FileErrorCode = keyof typeof TABLE;

/** The whole table, for documentation and tests. */
export const fileErrorTable: Readonly<Record<FileErrorCode, Readonly<FileErrorText>>> = TABLE;

/** A file that cannot be read as registrations. Nothing of it was taken. */
export class RegistrationsFileError extends Problem {
  readonly th: string;
  readonly en: string;
  readonly remedyTh: string;
  readonly remedyEn: string;

  constructor(
    readonly code: FileErrorCode,
    detail: { en: string; th: string } | string = '',
  ) {
    const text = TABLE[code];
    const { en, th } = typeof detail === 'string' ? { en: detail, th: detail } : detail;
    const inEnglish = text.en.replace('{1}', () => en);
    const inThai = text.th.replace('{1}', () => th);
    const detailEn = `${inEnglish} ${text.remedyEn}`;
    const detailTh = `${inThai} ${text.remedyTh}`;
    super(text.status, code.toLowerCase().replaceAll('_', '-'), 'The file cannot be read', detailEn, {
      detailTh,
      errors: [{ code, detail: inEnglish, detailTh: inThai, remedy: text.remedyEn, remedyTh: text.remedyTh }],
    });
    this.name = 'RegistrationsFileError';
    this.en = inEnglish;
    this.th = inThai;
    this.remedyEn = text.remedyEn;
    this.remedyTh = text.remedyTh;
  }
}
