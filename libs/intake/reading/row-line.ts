// Which line a row means: mobile or circuit, from which column, and its canonical key.
import type { Access } from '#contracts';
import { readCircuit } from './circuit.js';
import type { Field } from './fields.js';
import { readPhone } from './phone.js';
import type { RowProblem } from './problems.js';
import { rowProblem } from './problems.js';
import type { ProviderReading } from './providers.js';
import type { RepairCode } from './repairs.js';

/** The cells that speak of the line, tidied; `oneColumn`: the file has a single column for all numbers. */
export interface LineCells {
  phone: string;
  circuit: string;
  line: string;
  oneColumn: boolean;
}

export type Fix = { field: Field; code: RepairCode };

export type LineReading =
  { outcome: 'line'; lineKey: string; access: Access } | { outcome: 'rejected'; problem: RowProblem };

type Found = Extract<ProviderReading, { outcome: 'provider' }>;

/**
 * Reads the line. `stated` is the kind of line that the row states, undefined when it says nothing: then the column
 * that is filled, the provider, or the number itself must leave one possibility. Repairs are added to `fixes`.
 */
export function readLine(cells: LineCells, stated: Access | undefined, provider: Found, fixes: Fix[]): LineReading {
  const access = stated ?? inferAccess(cells, provider);
  if (typeof access !== 'string') return { outcome: 'rejected', problem: access.problem };
  if (stated === undefined) fixes.push({ field: 'access', code: 'fromLine' });
  const { rule, circuit } = provider;
  if (access === 'MB' && rule.accesses.includes('MB')) return readMobile(cells, fixes);
  if (access === 'FB' && rule.accesses.includes('FB') && circuit !== null)
    return readFixed(cells, circuit, provider, fixes);
  const known = rule.accesses.map((offered) => (offered === 'MB' ? 'มือถือ (mobile)' : 'เน็ตบ้าน (fixed)')).join(', ');
  return rejected('provider', 'PROVIDER_LACKS_ACCESS', known);
}

function readMobile(cells: LineCells, fixes: Fix[]): LineReading {
  const [field, cell]: [Field, string] = cells.phone !== '' ? ['phone', cells.phone] : ['line', cells.line];
  if (cell === '') return rejected('phone', 'MISSING');
  const phone = readPhone(cell);
  if (phone.outcome === 'rejected') return rejected(field, phone.code);
  if (phone.type !== 'MOBILE') return rejected(field, 'PHONE_NOT_MOBILE');
  for (const code of phone.repairs) fixes.push({ field, code });
  if (cells.circuit !== '') fixes.push({ field: 'circuit', code: 'otherLineUnused' });
  return { outcome: 'line', lineKey: `M:${phone.e164.slice(1)}`, access: 'MB' };
}

function readFixed(cells: LineCells, pattern: RegExp, { rule }: Found, fixes: Fix[]): LineReading {
  let field: Field = 'circuit';
  let cell = cells.circuit;
  if (cell === '' && cells.line !== '') [field, cell] = ['line', cells.line];
  if (cell === '' && cells.oneColumn) [field, cell] = ['phone', cells.phone];
  if (cell === '') return rejected('circuit', 'MISSING');
  const reading = readCircuit(cell, pattern);
  if (reading.outcome === 'rejected') {
    const hint = rule.circuitHint;
    return rejected(field, reading.code, hint ? `${hint.th} (${hint.en})` : rule.code);
  }
  for (const repair of reading.repairs) fixes.push({ field, code: repair });
  if (cells.phone !== '' && field !== 'phone') fixes.push({ field: 'phone', code: 'otherLineUnused' });
  return { outcome: 'line', lineKey: `F:${rule.code}:${reading.circuit}`, access: 'FB' };
}

function inferAccess(cells: LineCells, { rule, circuit }: Found): Access | { problem: RowProblem } {
  if (cells.phone !== '' && cells.circuit !== '') return { problem: rowProblem('line', 'LINE_AMBIGUOUS') };
  if (cells.circuit !== '') return 'FB';
  if (cells.phone !== '' && !cells.oneColumn) return 'MB';
  const cell = cells.phone || cells.line;
  if (cell === '') return { problem: rowProblem('line', 'MISSING') };
  const [only, another] = rule.accesses;
  if (only && !another) return only;
  const phone = readPhone(cell);
  const isMobile = phone.outcome === 'phone' && phone.type === 'MOBILE';
  const isCircuit = circuit !== null && readCircuit(cell, circuit).outcome === 'circuit';
  // A mobile number in a column for telephone numbers is one, even where the provider's circuits look the same.
  if (isMobile && cells.phone !== '') return 'MB';
  if (isMobile && isCircuit) return { problem: rowProblem('access', 'MISSING') };
  return isCircuit ? 'FB' : 'MB';
}

function rejected(field: Field, code: Parameters<typeof rowProblem>[1], known = ''): LineReading {
  return { outcome: 'rejected', problem: rowProblem(field, code, known) };
}
