// Invented persons and offices: no first and last name together can be a real person's.
import { readFileSync } from 'node:fs';

/** Words that say "example", "test", "supposed"; none is a Thai given name. */
export const FIRST_NAMES = [
  'สมมุตินาม', 'ทดสอบใจ', 'ตัวอย่างศรี', 'จำลองพร', 'สาธิตา', 'ทดลองชัย', 'อุปมาพร', 'นามสมมุติ', 'ลองดู', 'สมมุติมา',
  'ทดสอบพงษ์', 'ตัวอย่างวดี', 'จำลองชัย', 'สาธิตพงศ์', 'ทดลองรัตน์', 'อุปไมย', 'นามแฝง', 'ลองทำ', 'สมมุติวัฒน์', 'ทดสอบนภา',
] as const; // prettier-ignore

/** Visibly invented surnames, see data/ATTRIBUTION.md. */
export const SURNAMES: readonly string[] = readFileSync(
  new URL('../data/surnames-invented.txt', import.meta.url),
  'utf8',
)
  .split('\n')
  .map((name) => name.trim())
  .filter((name) => name !== '');

/** Who confirms for an agency: offices, not persons. */
export const CONFIRMERS = [
  'ผู้อำนวยการกองกลาง',
  'หัวหน้าสำนักงานปลัด',
  'ผู้อำนวยการสำนักบริหารกลาง',
  'เลขานุการกรม',
  'หัวหน้าฝ่ายบริหารทั่วไป',
] as const;
