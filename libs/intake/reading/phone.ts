// Telephone numbers as agencies really send them, to E.164; repaired only where one reading is possible.
import { isThaiLength, thaiNumberType } from './numbering-plan.js';
import type { RowProblemCode } from './problems.js';
import { NO_REPAIRS } from './repairs.js';
import type { RepairCode } from './repairs.js';
import { hasThaiDigits, mapThaiDigits, tidy } from './text.js';

export type PhoneCode = Extract<RowProblemCode, `PHONE_${string}`>;

export type PhoneReading =
  | { outcome: 'phone'; e164: string; type: 'MOBILE' | 'FIXED_LINE'; repairs: readonly RepairCode[] }
  | { outcome: 'rejected'; code: PhoneCode };

const FORMATTING = /[\s().\-\u2010-\u2015\u2212/]/g;
const FLOAT = /^(\d+)\.0+$/;
const SCIENTIFIC = /^(\d)(?:\.(\d+))?[eE]\+?(\d{1,2})$/;
const TWO_NUMBERS = /[,;/|\n&]|หรือ|และ|\bor\b|\band\b/;

/**
 * Reads one cell. Every digit of the result stood in the cell; only the country code and a lost leading zero are added.
 * The common case (0 and nine digits) takes no detour.
 */
export function readPhone(cell: string): PhoneReading {
  if (cell.length === 10 && cell.charCodeAt(0) === 48) {
    const national = cell.slice(1);
    if (thaiNumberType(national) === 'MOBILE') {
      return { outcome: 'phone', e164: `+66${national}`, type: 'MOBILE', repairs: NO_REPAIRS };
    }
  }
  return readSlowly(cell);
}

function readSlowly(cell: string): PhoneReading {
  const repairs: RepairCode[] = [];
  let text = tidy(cell);
  if (text.startsWith("'")) {
    text = text.slice(1).trim();
    if (!/^[+\-=@]/.test(text)) repairs.push('textMarker');
  }
  if (hasThaiDigits(text)) {
    text = mapThaiDigits(text);
    repairs.push('thaiDigits');
  }
  const float = FLOAT.exec(text);
  if (float) {
    text = float[1] ?? '';
    repairs.push('floatExport');
  }
  const scientific = SCIENTIFIC.exec(text);
  if (scientific) {
    const digits = `${scientific[1] ?? ''}${scientific[2] ?? ''}`;
    // All digits must stand there: a shorter mantissa may have been rounded, and zeros may be digits that were lost.
    if (digits.length !== Number(scientific[3]) + 1) return rejected('PHONE_DIGITS_LOST');
    text = digits;
    repairs.push('scientific');
  }
  const digits = text.replace(FORMATTING, '');
  if (!/^\+?\d+$/.test(digits)) {
    if (countNumbers(text) > 1) return rejected('PHONE_TWO_NUMBERS');
    return rejected('PHONE_HAS_TEXT');
  }
  if (digits.length >= 16 && (countNumbers(text) > 1 || /^0\d{9}0\d{9}$/.test(digits)))
    return rejected('PHONE_TWO_NUMBERS');
  // One dot in a number without its zero is a decimal point, not a separator: 81234567.8.
  if (/^[1-9]\d*\.\d+$/.test(text)) return rejected('PHONE_HAS_TEXT');
  return readDigits(digits, repairs);
}

/** Digits with an optional plus in front. */
function readDigits(digits: string, repairs: RepairCode[]): PhoneReading {
  if (digits.startsWith('+')) {
    if (!digits.startsWith('+66')) return rejected('PHONE_FOREIGN');
    return afterCountryCode(digits.slice(3), repairs);
  }
  if (digits.startsWith('0066')) {
    repairs.push('internationalPrefix');
    return afterCountryCode(digits.slice(4), repairs);
  }
  if (digits.length === 13 && isNationalId(digits)) return rejected('PHONE_IS_NATIONAL_ID');
  if (digits.startsWith('66') && digits.length >= 10) {
    // 66 and a whole number, with or without the zero; ten digits (66 and a fixed number) cannot be anything else.
    repairs.push('countryCode');
    return afterCountryCode(digits.slice(2), repairs);
  }
  if (digits.startsWith('0')) return verdict(digits.slice(1), repairs);
  if (/^1[89]00/.test(digits)) return rejected('PHONE_NOT_MOBILE');
  repairs.push('leadingZero');
  return verdict(digits, repairs);
}

function afterCountryCode(digits: string, repairs: RepairCode[]): PhoneReading {
  if (!digits.startsWith('0')) return verdict(digits, repairs);
  repairs.push('trunkZero');
  return verdict(digits.slice(1), repairs);
}

function verdict(national: string, repairs: RepairCode[]): PhoneReading {
  const type = thaiNumberType(national);
  if (type === 'MOBILE' || type === 'FIXED_LINE') {
    return { outcome: 'phone', e164: `+66${national}`, type, repairs: repairs.length > 0 ? repairs : NO_REPAIRS };
  }
  if (type === 'other') return rejected('PHONE_NOT_MOBILE');
  // Eight digits are a whole fixed number; of a mobile number one is missing.
  if (national.length < 9 && !(national.length === 8 && /^[2-57]/.test(national))) return rejected('PHONE_TOO_SHORT');
  if (national.length > 9) return rejected('PHONE_TOO_LONG');
  return rejected(isThaiLength(national.length) ? 'PHONE_NO_SUCH_RANGE' : 'PHONE_TOO_SHORT');
}

/** How many telephone numbers seem to stand in a text. */
function countNumbers(text: string): number {
  return text.split(TWO_NUMBERS).filter((part) => part.replace(/\D/g, '').length >= 8).length;
}

/** Thirteen digits with the check digit of a Thai national ID (people: first digit 1–8). */
function isNationalId(digits: string): boolean {
  if (!/^[1-8]/.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < 12; index++) sum += Number(digits[index]) * (13 - index);
  return (11 - (sum % 11)) % 10 === Number(digits[12]);
}

function rejected(code: PhoneCode): PhoneReading {
  return { outcome: 'rejected', code };
}
