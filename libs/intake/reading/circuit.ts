// Fixed-broadband circuit numbers: each provider's own format, treated as text.
import type { RowProblemCode } from './problems.js';
import { NO_REPAIRS } from './repairs.js';
import type { RepairCode } from './repairs.js';
import { hasThaiDigits, mapThaiDigits, tidy } from './text.js';

export type CircuitReading =
  | { outcome: 'circuit'; circuit: string; repairs: readonly RepairCode[] }
  | { outcome: 'rejected'; code: Extract<RowProblemCode, `CIRCUIT_${string}`> };

const FLOAT = /^(\d+)\.0+$/;
const SCIENTIFIC = /^(\d)(?:\.(\d+))?[eE]\+?(\d{1,2})$/;

/**
 * Reads one cell against the provider's anchored pattern. What does not fit is repaired in ways that lose nothing
 * (Thai digits, capitals, spaces and hyphens, ".0", scientific notation with all digits) and must fit then. A leading
 * zero is never added: a mistyped number would look the same.
 */
export function readCircuit(cell: string, pattern: RegExp): CircuitReading {
  if (pattern.test(cell)) return { outcome: 'circuit', circuit: cell, repairs: NO_REPAIRS };
  const repairs: RepairCode[] = [];
  let text = tidy(cell);
  const repair = (code: RepairCode, changed: string) => {
    if (changed === text) return;
    text = changed;
    repairs.push(code);
  };
  if (text.startsWith("'")) repair('textMarker', text.slice(1).trim());
  if (hasThaiDigits(text)) repair('thaiDigits', mapThaiDigits(text));
  const float = FLOAT.exec(text);
  if (float) repair('floatExport', float[1] ?? '');
  const scientific = SCIENTIFIC.exec(text);
  if (scientific && !pattern.test(text)) {
    const digits = `${scientific[1] ?? ''}${scientific[2] ?? ''}`;
    if (digits.length !== Number(scientific[3]) + 1) return { outcome: 'rejected', code: 'CIRCUIT_DIGITS_LOST' };
    repair('scientific', digits);
  }
  if (!pattern.test(text)) repair('upperCase', text.toUpperCase());
  if (!pattern.test(text)) repair('separators', text.replace(/[\s\-\u2010-\u2015]/g, ''));
  if (!pattern.test(text)) return { outcome: 'rejected', code: 'CIRCUIT_FORMAT' };
  return { outcome: 'circuit', circuit: text, repairs: repairs.length > 0 ? repairs : NO_REPAIRS };
}
