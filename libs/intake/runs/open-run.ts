// Opens a run's original, whatever its kind: what was understood, and its rows as verdicts.
import type { DataSource } from 'typeorm';
import type { Vault } from '#platform';
import { CatalogueCache, type Catalogue } from '../catalogue.js';
import { createJsonReader, isObject } from '../read-json.js';
import {
  createRowReader,
  FIELDS,
  headerOfFields,
  openRegistrationsFile,
  type HeaderMap,
  type ReadRegistration,
  type Understood,
} from '../reading/index.js';
import { ndjsonLines } from './ndjson.js';
import { privateFile } from './original.js';
import type { KeptProblem, RunRow } from './run.js';

/** One row, judged. `cells` are those of the header, for files that go back. */
export type JudgedRow =
  | { row: number; cells: readonly string[]; registration: ReadRegistration<number>; onlyRevision?: number }
  | { row: number; cells: readonly string[]; problems: KeptProblem[] };

export interface OpenedRun {
  catalogue: Catalogue;
  header: HeaderMap;
  /** What was understood of the file, to be shown. */
  understood:
    | (Omit<Understood, 'header'> & { headerRow: number; columns: Record<string, string>; unknownColumns: string[] })
    | { format: 'ndjson' };
  /** Rows after `afterRow` in order, in blocks of some hundred. May be called several times. */
  rows(afterRow?: number): AsyncGenerator<JudgedRow[]>;
  close(): Promise<void>;
}

/** Rows are judged as of the moment the run was made, so that a run that is resumed judges alike. */
export async function openRun(source: DataSource, vault: Vault, run: RunRow): Promise<OpenedRun> {
  const catalogue = await new CatalogueCache(source).get();
  const file = await privateFile(source, vault, run.run_id);
  try {
    return run.source === 'ndjson'
      ? openNdjson(file.path, run, catalogue, file.remove)
      : await openTable(file.path, run, catalogue, file.remove);
  } catch (error) {
    await file.remove();
    throw error;
  }
}

async function openTable(
  path: string,
  run: RunRow,
  catalogue: Catalogue,
  remove: () => Promise<void>,
): Promise<OpenedRun> {
  const { validFrom, validTo, encoding, separator, sheet } = run.understood?.options ?? {};
  const file = await openRegistrationsFile(path, {
    encoding,
    separator,
    sheet,
    agencyGiven: run.agency_id !== null,
    validFromGiven: validFrom !== undefined,
  });
  const { header, ...rest } = file.understood;
  const judge = createRowReader<number>({
    header,
    agencies: catalogue.resolveAgency,
    providers: [...catalogue.providers.values()],
    now: run.created_at,
    dates: { dateSystem: rest.dateSystem, monthFirst: rest.monthFirst },
    defaults: { agencyId: run.agency_id ?? undefined, validFrom, validTo },
  });
  const columns = Object.fromEntries(
    Object.entries(header.columns).map(([field, index]) => [field, header.cells[index] ?? '']),
  );
  return {
    catalogue,
    header,
    understood: {
      ...rest,
      headerRow: header.row,
      columns,
      unknownColumns: header.unknown.map((column) => column.header),
    },
    async *rows(afterRow = 0) {
      for await (const block of file.rows({ afterRow })) {
        yield block.map((raw): JudgedRow => {
          const verdict = judge(raw);
          return verdict.outcome === 'accepted'
            ? { row: raw.row, cells: raw.cells, registration: verdict.registration }
            : { row: raw.row, cells: raw.cells, problems: verdict.problems.map(kept) };
        });
      }
    },
    async close() {
      file.close();
      await remove();
    },
  };
}

function kept({ field, code, th, en }: KeptProblem): KeptProblem {
  return { field, code, th, en };
}

const NOT_JSON: KeptProblem = {
  field: 'row',
  code: 'JSON_INVALID',
  en: 'The line is not one JSON object.',
  th: 'บรรทัดนี้ไม่ใช่ JSON object หนึ่งรายการ',
};

/** Columns of the error file of a stream: the reader's fields, without the national ID. */
const STREAM_FIELDS = FIELDS.filter((field) => field !== 'nationalId');

function openNdjson(path: string, run: RunRow, catalogue: Catalogue, remove: () => Promise<void>): OpenedRun {
  const judge = createJsonReader(catalogue, run.created_at, run.agency_id ?? undefined);
  const extension = run.understood?.options.extension;
  const judged = (row: number, text: string | null): JudgedRow => {
    const json = parsed(text);
    if (!json) return { row, cells: [], problems: [NOT_JSON] };
    const evidence = isObject(json['confirmation']) ? json['confirmation'] : {};
    const values: Record<string, unknown> = { ...json, line: json['number'], ...evidence };
    const cells = STREAM_FIELDS.map((field) =>
      values[field] === undefined || values[field] === null ? '' : String(values[field]),
    );
    const verdict = judge(row, json);
    if (verdict.outcome === 'rejected') return { row, cells, problems: verdict.problems.map(kept) };
    const { registration } = verdict;
    // Only in runs that the hub made of its own registrations; a sender cannot bind its rows.
    return extension
      ? { row, cells, registration, onlyRevision: Number(json['onlyRevision']) }
      : { row, cells, registration };
  };
  return {
    catalogue,
    header: headerOfFields(STREAM_FIELDS),
    understood: { format: 'ndjson' },
    async *rows(afterRow = 0) {
      for await (const lines of ndjsonLines(path, afterRow)) yield lines.map(({ row, text }) => judged(row, text));
    },
    close: remove,
  };
}

function parsed(text: string | null): Record<string, unknown> | null {
  if (text === null) return null;
  try {
    const json: unknown = JSON.parse(text);
    return isObject(json) ? json : null;
  } catch {
    return null;
  }
}
