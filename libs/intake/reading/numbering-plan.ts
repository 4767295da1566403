// Thailand's numbering plan, taken from libphonenumber's metadata when the program starts.
import { Metadata } from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/max/metadata';

/** What a Thai national number is, as libphonenumber-js/max says it. */
export type ThaiNumberType = 'MOBILE' | 'FIXED_LINE' | 'other' | 'none';

/** The part of the library's numbering plan that its own type declarations leave out. */
interface Plan {
  nationalNumberPattern(): string;
  possibleLengths(): number[];
  type(name: string): { pattern(): string | undefined } | undefined;
}

const source = new Metadata(metadata);
source.selectNumberingPlan('TH');
const plan = checked(source.numberingPlan);

const general = whole(plan.nationalNumberPattern());
const mobile = whole(plan.type('MOBILE')?.pattern());
const fixedLine = whole(plan.type('FIXED_LINE')?.pattern());
const others = ['VOIP', 'TOLL_FREE', 'PREMIUM_RATE', 'SHARED_COST', 'PERSONAL_NUMBER', 'PAGER', 'UAN', 'VOICEMAIL'].map(
  (name) => whole(plan.type(name)?.pattern()),
);
const lengths = new Set(plan.possibleLengths());

/**
 * The type of a national number without its leading zero, digits only. Same verdict as `parsePhoneNumber(…).getType()`
 * of libphonenumber-js/max, which costs some 5 µs a number; a property test compares the two.
 */
export function thaiNumberType(national: string): ThaiNumberType {
  if (!general.test(national)) return 'none';
  if (fixedLine.test(national)) return 'FIXED_LINE';
  if (mobile.test(national)) return 'MOBILE';
  return others.some((pattern) => pattern.test(national)) ? 'other' : 'none';
}

/** Lengths that a national number without its leading zero can have. */
export function isThaiLength(length: number): boolean {
  return lengths.has(length);
}

/** A new version of the library that works otherwise must stop the program at its start, not misjudge numbers. */
function checked(found: unknown): Plan {
  if (!isPlan(found))
    throw new Error('libphonenumber-js no longer gives a numbering plan with types; see numbering-plan.ts');
  return found;
}

function isPlan(found: unknown): found is Plan {
  return (
    typeof found === 'object' &&
    found !== null &&
    'type' in found &&
    'nationalNumberPattern' in found &&
    'possibleLengths' in found
  );
}

function whole(pattern: string | undefined): RegExp {
  return pattern ? new RegExp(`^(?:${pattern})$`) : /^$/;
}
