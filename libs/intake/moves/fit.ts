// Whether a provider can take over a line: by the kind of line, and by the look of its circuit numbers.
import type { Access } from '#contracts';

/** Why a line stays where it is in a hand-over. */
export const MISFITS = {
  NO_MOBILE: {
    en: 'The new provider has no mobile lines.',
    th: 'ผู้ให้บริการรายใหม่ไม่มีบริการมือถือ',
  },
  NO_FIXED: {
    en: 'The new provider has no fixed lines.',
    th: 'ผู้ให้บริการรายใหม่ไม่มีบริการเน็ตบ้าน',
  },
  CIRCUIT_FORMAT: {
    en: 'The circuit number does not have the form that the new provider uses.',
    th: 'หมายเลขวงจรไม่ตรงรูปแบบของผู้ให้บริการรายใหม่',
  },
  CIRCUIT_TWICE: {
    en: 'Two lines would have the same circuit number at the new provider.',
    th: 'มีสองสายที่หมายเลขวงจรซ้ำกันที่ผู้ให้บริการรายใหม่',
  },
} as const;
export type Misfit = keyof typeof MISFITS;

/** What a provider takes, from its profile. */
export interface Takes {
  accesses: readonly Access[];
  circuitPattern: string | null;
}

const patterns = new Map<string, RegExp>();

function compiled(pattern: string): RegExp {
  let known = patterns.get(pattern);
  if (!known) patterns.set(pattern, (known = new RegExp(pattern)));
  return known;
}

/** The circuit number in `F:<code>:<circuit>`. */
export function circuitOf(lineKey: string): string {
  return lineKey.slice(lineKey.indexOf(':', 2) + 1);
}

/** Why the provider cannot take the line, or null. A fixed line keeps its key with the code it was registered under. */
export function misfitOf(lineKey: string, takes: Takes): Exclude<Misfit, 'CIRCUIT_TWICE'> | null {
  if (lineKey.startsWith('M:')) return takes.accesses.includes('MB') ? null : 'NO_MOBILE';
  if (!takes.accesses.includes('FB') || takes.circuitPattern === null) return 'NO_FIXED';
  return compiled(takes.circuitPattern).test(circuitOf(lineKey)) ? null : 'CIRCUIT_FORMAT';
}
