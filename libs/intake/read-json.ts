// Registrations as JSON, read by the same rules as the rows of a file: one set of repairs and reasons for all ways in.
import type { ProblemItem } from '#contracts';
import type { Catalogue } from './catalogue.js';
import { createRowReader, FIELDS, headerOfFields, type RowProblem, type RowVerdict } from './reading/index.js';

/** One line of a registration as JSON has it. Anything may be missing; the reader says so. */
export interface JsonRegistration {
  agency?: unknown;
  reference?: unknown;
  provider?: unknown;
  access?: unknown;
  /** The mobile number or the circuit number. */
  number?: unknown;
  package?: unknown;
  validFrom?: unknown;
  validTo?: unknown;
  apps?: unknown;
  name?: unknown;
  confirmation?: unknown;
}

export type JsonReader = (row: number, json: JsonRegistration) => RowVerdict<number>;

/** Clocks of agencies' servers run ahead of ours by up to this much. */
const CLOCKS_MS = 5 * 60_000;

const HEADER = headerOfFields(FIELDS);

/** The request's field for each field of the reader that has another name there. */
const JSON_FIELD: Record<string, string> = {
  line: 'number',
  phone: 'number',
  circuit: 'number',
  confirmedAt: 'confirmation/confirmedAt',
  confirmedBy: 'confirmation/confirmedBy',
  document: 'confirmation/document',
};

/** Makes a reader of JSON registrations; dates in JSON are never taken for month-first. */
export function createJsonReader(catalogue: Catalogue, now: Date, defaultAgencyId?: number): JsonReader {
  const read = createRowReader<number>({
    header: HEADER,
    agencies: catalogue.resolveAgency,
    providers: [...catalogue.providers.values()],
    dates: { dateSystem: '1900', monthFirst: false },
    now: new Date(now.getTime() + CLOCKS_MS),
    defaults: { agencyId: defaultAgencyId },
  });
  return (row, json) => {
    const evidence = isObject(json.confirmation) ? json.confirmation : {};
    const values: Record<string, unknown> = {
      ...json,
      line: json.number,
      confirmedAt: evidence['confirmedAt'],
      confirmedBy: evidence['confirmedBy'],
      document: evidence['document'],
      nationalId: undefined,
    };
    return read({ row, cells: FIELDS.map((field) => textOf(values[field])), flaw: null });
  };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? value.map(textOf).join(',') : '';
}

/** A reader's problem as an item of a Problem; `base` is the JSON pointer of the object, e.g. `#/lines/3`. */
export function problemItem(problem: RowProblem, base: string): ProblemItem {
  const field = JSON_FIELD[problem.field] ?? problem.field;
  const shared = ['agency', 'reference'].includes(field) || field.startsWith('confirmation');
  return {
    pointer: problem.field === 'row' ? base : `${shared ? '#' : base}/${field}`,
    field,
    code: problem.code,
    detail: problem.en,
    detailTh: problem.th,
    remedy: problem.remedyEn,
    remedyTh: problem.remedyTh,
  };
}
