// Days and moments as Thai offices write them: day first, Thai months, Buddhist years, Thai digits, Excel day numbers.
import type { Day } from '#contracts';
import type { RowProblemCode } from './problems.js';
import { NO_REPAIRS } from './repairs.js';
import type { RepairCode } from './repairs.js';
import { hasThaiDigits, mapThaiDigits, tidy } from './text.js';
import type { DateSystem } from './xlsx-workbook.js';

export type DateCode = Extract<RowProblemCode, `DATE_${string}`>;

export type DayReading =
  { outcome: 'day'; day: Day; repairs: readonly RepairCode[] } | { outcome: 'rejected'; code: DateCode };

/** `at` is RFC 3339 with Bangkok's offset, or the one that was written. */
export type MomentReading =
  { outcome: 'moment'; at: string; repairs: readonly RepairCode[] } | { outcome: 'rejected'; code: DateCode };

export interface DateContext {
  dateSystem: DateSystem;
  /** True when the file is known to write the month first: then 4/5/2020 is refused. */
  monthFirst: boolean;
}

/** Buddhist era = Christian era + 543. From this year on a year is taken as Buddhist. */
const BUDDHIST_FROM = 2400;
const BUDDHIST_OFFSET = 543;
const FIRST_YEAR = 2000;
const LAST_YEAR = 2100;

const MONTHS: Record<string, number> = {};
const NAMES = [
  'มกราคม มค january jan',
  'กุมภาพันธ์ กพ february feb',
  'มีนาคม มีค march mar',
  'เมษายน เมย april apr',
  'พฤษภาคม พค may',
  'มิถุนายน มิย june jun',
  'กรกฎาคม กค july jul',
  'สิงหาคม สค august aug',
  'กันยายน กย september sep sept',
  'ตุลาคม ตค october oct',
  'พฤศจิกายน พย november nov',
  'ธันวาคม ธค december dec',
];
NAMES.forEach((names, index) => names.split(' ').forEach((name) => (MONTHS[name] = index + 1)));

const ISO = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$/;
const DAY_FIRST = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d+)$/;
const DAY_NAMED_MONTH = /^(\d{1,2})[\s\-/]*([ก-๎.]+|[a-z]+\.?)[\s\-/,]*(\d+)$/i;
const NAMED_MONTH_DAY = /^([a-z]+)\.?\s*(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d+)$/i;
const SERIAL = /^(\d{5,6})(?:\.(\d+))?$/;
const TIME =
  /^(.+?)(?:\s*T\s*|\s+(?:เวลา\s*)?)(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:\.\d+)?)?\s*(?:น\.?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i;

interface Parts {
  year: number;
  month: number;
  day: number;
  repairs: RepairCode[];
}

/** Reads a calendar day. A time of midnight behind it is dropped (database exports); any other time is refused. */
export function readDay(cell: string, context: DateContext): DayReading {
  const text = prepare(cell);
  const time = TIME.exec(text.text);
  if (time && Number(time[2]) + Number(time[3]) + Number(time[4] ?? 0) > 0) return rejected('DATE_UNREADABLE');
  const parts = readParts(time?.[1] ?? text.text, context, text.repairs);
  if (typeof parts === 'string') return rejected(parts);
  return { outcome: 'day', day: dayOf(parts), repairs: parts.repairs.length > 0 ? parts.repairs : NO_REPAIRS };
}

/** Reads a moment; a day alone is its first moment in Bangkok, so that it never counts as later than it was. */
export function readMoment(cell: string, context: DateContext): MomentReading {
  const { text, repairs } = prepare(cell);
  const time = TIME.exec(text);
  const parts = readParts(time?.[1] ?? text, context, repairs, true);
  if (typeof parts === 'string') return rejected(parts);
  let clock = '00:00:00';
  let zone = '+07:00';
  if (time) {
    const [hour, minute, second] = [Number(time[2]), Number(time[3]), Number(time[4] ?? 0)];
    if (hour > 23 || minute > 59 || second > 59) return rejected('DATE_UNREADABLE');
    clock = [hour, minute, second].map((value) => String(value).padStart(2, '0')).join(':');
    if (time[5]) zone = /^z$/i.test(time[5]) ? 'Z' : time[5].replace(/^(...):?(..)$/, '$1:$2');
  } else {
    const fraction = SERIAL.exec(text)?.[2];
    // Excel keeps the time as the fraction of a day, to the second.
    if (fraction) clock = new Date(Math.round(Number(`0.${fraction}`) * 86_400) * 1000).toISOString().slice(11, 19);
  }
  return {
    outcome: 'moment',
    at: `${dayOf(parts)}T${clock}${zone}`,
    repairs: parts.repairs.length > 0 ? parts.repairs : NO_REPAIRS,
  };
}

/** True for a date that can only be read with the month first, as in 3/19/2020. */
export function monthComesFirst(cell: string): boolean {
  const match = DAY_FIRST.exec(prepare(cell).text.replace(/ .*/s, ''));
  if (match?.[3]?.length !== 4) return false;
  const [first, second] = [Number(match[1]), Number(match[2])];
  return first <= 12 && second > 12 && second <= 31;
}

function prepare(cell: string): { text: string; repairs: RepairCode[] } {
  let text = tidy(cell);
  const repairs: RepairCode[] = [];
  if (text.startsWith("'")) {
    text = text.slice(1);
    repairs.push('textMarker');
  }
  if (hasThaiDigits(text)) {
    text = mapThaiDigits(text);
    repairs.push('thaiDigits');
  }
  text = text
    .replace(/^วันที่\s*/, '')
    .replace(/(?:พ\.?\s?ศ\.?|ค\.?\s?ศ\.?|B\.?E\.?|A\.?D\.?)\s*(?=\d)/i, '')
    .replace(/^วัน[ก-์]+\s*(?:ที่)?\s*(?=\d)/, '');
  return { text, repairs };
}

function readParts(text: string, context: DateContext, repairs: RepairCode[], withTime = false): Parts | DateCode {
  const iso = ISO.exec(text);
  if (iso) return check(iso[1], Number(iso[2]), Number(iso[3]), repairs);
  const numeric = DAY_FIRST.exec(text);
  if (numeric) {
    const [day, month] = [Number(numeric[1]), Number(numeric[2])];
    if (context.monthFirst && day <= 12 && month <= 12 && day !== month) return 'DATE_DAY_OR_MONTH';
    return check(numeric[3], month, day, repairs);
  }
  const named = DAY_NAMED_MONTH.exec(text);
  if (named) return checkNamed(named[3], named[2], Number(named[1]), repairs);
  const english = NAMED_MONTH_DAY.exec(text);
  if (english) return checkNamed(english[3], english[1], Number(english[2]), repairs);
  const serial = SERIAL.exec(text);
  if (serial && (withTime || !serial[2] || Number(serial[2]) === 0))
    return fromSerial(Number(serial[1]), context.dateSystem, repairs);
  return 'DATE_UNREADABLE';
}

function checkNamed(year = '', name = '', day: number, repairs: RepairCode[]): Parts | DateCode {
  const month = MONTHS[name.replaceAll('.', '').toLowerCase()];
  return month === undefined ? 'DATE_UNREADABLE' : check(year, month, day, repairs);
}

function check(yearText = '', month: number, day: number, repairs: RepairCode[]): Parts | DateCode {
  if (yearText.length === 2) return 'DATE_TWO_DIGIT_YEAR';
  if (yearText.length !== 4) return 'DATE_UNREADABLE';
  let year = Number(yearText);
  if (year >= BUDDHIST_FROM) {
    year -= BUDDHIST_OFFSET;
    repairs.push('buddhistYear');
  }
  if (year < FIRST_YEAR || year > LAST_YEAR) return 'DATE_YEAR_UNLIKELY';
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return 'DATE_NO_SUCH_DAY';
  return { year, month, day, repairs };
}

/** Day 1 of the 1900 system is 1900-01-01, and it counts a 29 February 1900 that never was; the 1904 system starts 1,462 later. */
function fromSerial(serial: number, system: DateSystem, repairs: RepairCode[]): Parts | DateCode {
  const days = serial - 25_569 + (system === '1904' ? 1462 : 0);
  const date = new Date(days * 86_400_000);
  const parts = check(String(date.getUTCFullYear()), date.getUTCMonth() + 1, date.getUTCDate(), repairs);
  if (typeof parts === 'string') return 'DATE_UNREADABLE';
  repairs.push('excelSerial');
  return parts;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function dayOf({ year, month, day }: Parts): Day {
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

function rejected(code: DateCode): { outcome: 'rejected'; code: DateCode } {
  return { outcome: 'rejected', code };
}
