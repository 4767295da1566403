// The columns of a registrations file by their canonical names, and the headers that agencies write for them.
import { fold } from './text.js';

/** Every column that means something to the hub. */
export const FIELDS = [
  'agency',
  'ministry',
  'reference',
  'title',
  'firstName',
  'lastName',
  'name',
  'nationalId',
  'access',
  'provider',
  'phone',
  'circuit',
  'line',
  'package',
  'validFrom',
  'validTo',
  'apps',
  'confirmedAt',
  'confirmedBy',
  'document',
] as const;

export type Field = (typeof FIELDS)[number];

/** Accepted headers per field; the first Thai and first English one are those we write ourselves. */
const HEADERS: Record<Field, { th: string[]; en: string[] }> = {
  agency: {
    th: ['หน่วยงาน', 'ชื่อหน่วยงาน', 'หน่วยงานต้นสังกัด', 'ต้นสังกัด', 'สังกัด', 'กรม', 'ส่วนราชการ', 'รหัสหน่วยงาน'],
    en: ['agency', 'agency name', 'agency code', 'organisation', 'organization', 'department', 'office'],
  },
  ministry: { th: ['กระทรวง', 'ชื่อกระทรวง'], en: ['ministry'] },
  reference: {
    th: [
      'เลขอ้างอิง',
      'เลขที่อ้างอิง',
      'รหัสอ้างอิง',
      'หมายเลขอ้างอิง',
      'เลขที่ลงทะเบียน',
      'รหัสลงทะเบียน',
      'รหัสพนักงาน',
      'รหัสเจ้าหน้าที่',
      'รหัสบุคลากร',
    ],
    en: [
      'reference',
      'ref',
      'ref no',
      'reference no',
      'reference number',
      'registration no',
      'employee id',
      'staff id',
    ],
  },
  title: { th: ['คำนำหน้า', 'คำนำหน้าชื่อ', 'คำนำหน้านาม'], en: ['title', 'prefix'] },
  firstName: { th: ['ชื่อ', 'ชื่อจริง', 'ชื่อตัว'], en: ['first name', 'firstname', 'given name'] },
  lastName: { th: ['นามสกุล', 'สกุล'], en: ['last name', 'lastname', 'surname', 'family name'] },
  name: {
    th: ['ชื่อ-นามสกุล', 'ชื่อ-สกุล', 'ชื่อและนามสกุล', 'ชื่อ นามสกุล', 'ชื่อเต็ม', 'ชื่อผู้ลงทะเบียน', 'ชื่อผู้ใช้งาน'],
    en: ['name', 'full name', 'fullname', 'person'],
  },
  nationalId: {
    th: [
      'เลขบัตรประชาชน',
      'เลขประจำตัวประชาชน',
      'เลขที่บัตรประชาชน',
      'หมายเลขบัตรประชาชน',
      'เลขบัตรประจำตัวประชาชน',
      'เลขประจำตัวประชาชน 13 หลัก',
      'บัตรประชาชน',
    ],
    en: ['national id', 'id card', 'citizen id', 'id card number', 'national id number', 'pid'],
  },
  access: {
    th: ['ประเภท', 'ประเภทบริการ', 'ประเภทอินเทอร์เน็ต', 'ประเภทเน็ต', 'ประเภทหมายเลข', 'ชนิดบริการ'],
    en: ['access', 'access type', 'type', 'service type', 'line type', 'kind'],
  },
  provider: {
    th: [
      'ผู้ให้บริการ',
      'เครือข่าย',
      'ผู้ให้บริการเครือข่าย',
      'ค่าย',
      'ค่ายมือถือ',
      'เครือข่ายที่ใช้',
      'บริษัทผู้ให้บริการ',
      'ผู้ให้บริการอินเทอร์เน็ต',
      'ผู้ให้บริการโทรศัพท์',
    ],
    en: ['provider', 'operator', 'network', 'carrier', 'isp', 'service provider'],
  },
  phone: {
    th: [
      'หมายเลขโทรศัพท์มือถือ',
      'เบอร์โทรศัพท์',
      'เบอร์โทร',
      'เบอร์มือถือ',
      'เบอร์โทรศัพท์มือถือ',
      'หมายเลขโทรศัพท์',
      'หมายเลขมือถือ',
      'หมายเลขโทรศัพท์เคลื่อนที่',
      'โทรศัพท์เคลื่อนที่',
      'โทรศัพท์มือถือ',
      'มือถือ',
      'โทรศัพท์',
      'เบอร์',
    ],
    en: [
      'phone',
      'mobile',
      'mobile number',
      'mobile phone',
      'mobile no',
      'phone number',
      'phone no',
      'telephone',
      'tel',
      'msisdn',
    ],
  },
  circuit: {
    th: [
      'หมายเลขวงจร',
      'เลขวงจร',
      'เลขที่วงจร',
      'เลขที่บริการอินเทอร์เน็ตบ้าน',
      'หมายเลขบริการอินเทอร์เน็ตบ้าน',
      'หมายเลขอินเทอร์เน็ตบ้าน',
      'เลขที่บริการ',
      'หมายเลขบริการอินเทอร์เน็ต',
      'หมายเลขเน็ตบ้าน',
      'เลขเน็ตบ้าน',
    ],
    en: [
      'circuit',
      'circuit number',
      'circuit no',
      'circuit id',
      'fixed line number',
      'home internet number',
      'internet account number',
      'service number',
    ],
  },
  line: { th: ['หมายเลข', 'หมายเลขบริการ', 'หมายเลขที่ขอใช้สิทธิ'], en: ['line', 'number', 'line number', 'subscriber'] },
  package: { th: ['แพ็กเกจ', 'แพคเกจ', 'แพ็คเกจ', 'รหัสแพ็กเกจ', 'โปรโมชั่น'], en: ['package', 'package code', 'plan'] },
  validFrom: {
    th: ['วันที่เริ่ม', 'วันที่เริ่มต้น', 'วันเริ่มต้น', 'วันเริ่ม', 'เริ่มวันที่', 'วันที่เริ่มใช้', 'วันที่เริ่มใช้สิทธิ', 'ตั้งแต่วันที่'],
    en: ['valid from', 'validfrom', 'start date', 'start', 'from', 'begin date'],
  },
  validTo: {
    th: ['วันที่สิ้นสุด', 'วันสิ้นสุด', 'สิ้นสุดวันที่', 'ถึงวันที่', 'วันที่หมดอายุ', 'วันหมดอายุ'],
    en: ['valid to', 'validto', 'end date', 'end', 'to', 'until', 'expiry date'],
  },
  apps: {
    th: [
      'แอปพลิเคชัน',
      'แอป',
      'แอพ',
      'แอพพลิเคชั่น',
      'แอปพลิเคชั่น',
      'แอพลิเคชั่น',
      'โปรแกรมประชุม',
      'ระบบประชุมออนไลน์',
      'โปรแกรมที่ใช้',
    ],
    en: ['apps', 'app', 'applications', 'application', 'meeting apps'],
  },
  confirmedAt: {
    th: ['ยืนยันเมื่อ', 'วันที่ยืนยัน', 'วันเวลาที่ยืนยัน', 'เวลาที่ยืนยัน'],
    en: ['confirmed at', 'confirmedat', 'confirmation date', 'confirmed on', 'date confirmed'],
  },
  confirmedBy: { th: ['ผู้ยืนยัน', 'ยืนยันโดย', 'ผู้รับรอง'], en: ['confirmed by', 'confirmedby', 'confirmer'] },
  document: {
    th: ['เลขที่หนังสือ', 'หนังสือเลขที่', 'เลขหนังสือ', 'เลขที่หนังสือยืนยัน', 'เลขที่เอกสาร'],
    en: ['document', 'document no', 'document number', 'document ref', 'document reference', 'letter no'],
  },
};

/** Headers of the columns that the hub itself adds to files it gives back; ignored when such a file comes in again. */
export const OWN_COLUMNS = {
  row: 'แถวในไฟล์เดิม (row)',
  codes: 'รหัสปัญหา (codes)',
  columns: 'คอลัมน์ (columns)',
  reason: 'เหตุผล (reason)',
  remedy: 'วิธีแก้ไข (remedy)',
} as const;

const byFold = new Map<string, Field>();
for (const field of FIELDS) {
  for (const text of [field, ...HEADERS[field].th, ...HEADERS[field].en]) byFold.set(fold(text), field);
}
const ownFolds = new Set(Object.values(OWN_COLUMNS).map(fold));

/** Which field a header means, `own` for a column that the hub added itself, undefined when it is not known. */
export function fieldOfHeader(header: string): Field | 'own' | undefined {
  const whole = fold(header);
  if (whole === '') return undefined;
  if (ownFolds.has(whole)) return 'own';
  const exact = byFold.get(whole);
  if (exact) return exact;
  // Notes in brackets and asterisks: "เบอร์โทรศัพท์ (10 หลัก) *".
  const bare = byFold.get(fold(header.replace(/[([{（].*?[)\]}）]/gsu, ' ')));
  if (bare) return bare;
  // Alternatives: "ผู้ให้บริการ/เครือข่าย", Thai and English in two lines. All that is known must agree.
  const parts = new Set(
    header
      .split(/[/|\n()[\]]/u)
      .map((part) => byFold.get(fold(part)))
      .filter((field) => field !== undefined),
  );
  return parts.size === 1 ? [...parts][0] : undefined;
}

/** The headers that are accepted for a field, Thai first; for error texts and documentation. */
export function acceptedHeaders(field: Field): { th: readonly string[]; en: readonly string[] } {
  return HEADERS[field];
}

/** The header that the hub writes for a field. */
export function headerOf(field: Field, language: 'th' | 'en'): string {
  return HEADERS[field][language][0] ?? field;
}
