// Whether a line of a snapshot can be one: what a spreadsheet, a cut or a shift makes of a line is told before it is believed.
import { bangkokDate } from './days.js';
import type { ProviderProfile, SnapshotLine } from '#contracts';

/** The list as a whole cannot be used; the text names a position and never a line. */
export class SnapshotNotUsable extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'SnapshotNotUsable';
  }
}

/** Thai numbers have 8 or 9 digits behind the country's code; others are possible in border areas. */
const MOBILE = /^\+[1-9]\d{7,14}$/;
const SCIENTIFIC = /^\+?\d+(?:[.,]\d+)?[eE][+-]?\d+$/;

function damage(line: string): string {
  if (SCIENTIFIC.test(line)) return 'is in scientific notation: a spreadsheet rewrote it';
  if (/^\d+[.,]0*$/.test(line)) return 'ends with a decimal point: a spreadsheet rewrote it';
  if (/^\s|\s$/.test(line)) return 'has a space before or behind it';
  if (/^\+?0*66\d{8,9}$/.test(line)) return 'has lost its plus: a spreadsheet rewrote it, or it is no E.164';
  if (/^0?\d{9}$/.test(line)) return 'is written without its country code';
  return 'is not what was sent for it';
}

/** Returns a judge of one line: null, or what is wrong, without the line. */
export function lineChecker(
  profile: Pick<ProviderProfile, 'accesses' | 'circuitPattern'>,
): (line: SnapshotLine) => string | null {
  const circuit = profile.circuitPattern === null ? null : new RegExp(profile.circuitPattern, 'u');
  const mobile = profile.accesses.includes('MB');
  return ({ ref, access, line, package: name, from, to }) => {
    if (ref === '' || ref.length > 64) return 'its ref is not one that was sent';
    if (access === 'MB') {
      if (!mobile) return 'it is a mobile line, and this provider has none';
      if (!MOBILE.test(line)) return `its number ${damage(line)}`;
    } else if (access === 'FB') {
      if (!circuit) return 'it is a fixed line, and this provider has none';
      if (!circuit.test(line)) {
        const lost = /^\d+$/.test(line) && circuit.test(`0${line}`);
        return `its circuit number ${lost ? 'has lost its leading zeros: a spreadsheet rewrote it' : damage(line)}`;
      }
    } else return 'its access is neither MB nor FB';
    if (name === '' || name.length > 64) return 'it has no package';
    if (!bangkokDate(from)) return 'its first day is no day like 2020-04-10';
    if (to !== null && !bangkokDate(to)) return 'its last day is no day like 2020-07-10';
    return null;
  };
}
