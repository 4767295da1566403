// Makes a registrations file of any size from a seed, and says what it damaged in it.
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import iconv from 'iconv-lite';
import type { Day } from '#contracts';
import { headerOf } from '../reading/index.js';
import type { AgencyRecord } from '../reading/index.js';
import { csvPiece, csvStart } from './csv-out.js';
import type { SampleEncoding } from './csv-out.js';
import { damage, DAMAGES } from './damage.js';
import type { DamageKind, Expectation } from './damage.js';
import { createRandom } from './random.js';
import { addDays, rowMaker, SAMPLE_FIELDS } from './row.js';
import type { SampleRow } from './row.js';
import { writeXlsx, XLSX_MOST_ROWS } from './xlsx-out.js';

export interface SampleOptions {
  /** Data rows; for XLSX at most 1,048,575 (a sheet's limit less the header). */
  lines: number;
  seed: string | number;
  /** Share of damaged rows, 0 to 1. */
  mess: number;
  agencies: readonly Pick<AgencyRecord, 'code' | 'nameTh'>[];
  format: 'csv' | 'xlsx';
  /** For CSV; default `utf-8-bom`. `utf-16le` is tab-separated, as Excel's "Unicode text". */
  encoding?: SampleEncoding;
  /** All rows are valid on this day and confirmed before it; default 2020-03-19. */
  today?: Day;
}

export interface SampleReport {
  lines: number;
  clean: number;
  /** Per kind of damage: rows, what intake must make of them, and the repair or reason that it must name. */
  damaged: Partial<Record<DamageKind, { rows: number; expect: Expectation; code: string | null }>>;
  /** What an import of the file must end with; `accepted` includes repaired and drafts. */
  expected: { accepted: number; repaired: number; drafts: number; rejected: number };
}

/** The scheme's rows end this many days after they begin (three months and a half, as first announced). */
const PERIOD_DAYS = 103;

/**
 * Writes the file to `out` and ends it. The same options give the same rows on every machine. Numbers are synthetic but
 * may be real people's: never send them to a provider.
 */
export async function generateSample(options: SampleOptions, out: Writable): Promise<SampleReport> {
  const { lines, mess, format, encoding = 'utf-8-bom' } = options;
  if (!Number.isSafeInteger(lines) || lines < 0 || lines > 10_000_000)
    throw new RangeError('lines must be 0 to 10,000,000');
  if (format === 'xlsx' && lines > XLSX_MOST_ROWS - 1)
    throw new RangeError(`an XLSX sheet holds at most ${XLSX_MOST_ROWS - 1} lines; use csv`);
  if (!(mess >= 0 && mess <= 1)) throw new RangeError('mess must be 0 to 1');
  const agencies =
    format === 'csv' && encoding === 'windows-874' ? options.agencies.filter(fitsWindows874) : options.agencies;
  if (agencies.length === 0) throw new RangeError('at least one agency is needed');
  const report: SampleReport = {
    lines,
    clean: 0,
    damaged: {},
    expected: { accepted: 0, repaired: 0, drafts: 0, rejected: 0 },
  };
  const rows = sampleRows({ ...options, agencies }, report);
  const headers = SAMPLE_FIELDS.map((field) => headerOf(field, 'th'));
  const ended = finished(out);
  // Awaited below; noted here so that a failure while writing is not reported twice.
  ended.catch(() => undefined);
  if (format === 'xlsx') await writeXlsx(headers, rows, out);
  else await writeCsv(headers, rows, encoding, out);
  await ended;
  return report;
}

function* sampleRows(options: SampleOptions, report: SampleReport): Generator<SampleRow> {
  const random = createRandom(options.seed);
  const today = options.today ?? '2020-03-19';
  const make = rowMaker({ agencies: options.agencies, today, until: addDays(today, PERIOD_DAYS), random });
  for (let line = 0; line < options.lines; line++) {
    const row = make();
    if (random.chance(options.mess)) count(report, damage(row, random));
    else {
      report.clean++;
      report.expected.accepted++;
    }
    yield row;
  }
}

function count(report: SampleReport, kind: DamageKind): void {
  const { expect, code = null }: { expect: Expectation; code?: string | null } = DAMAGES[kind];
  const entry = (report.damaged[kind] ??= { rows: 0, expect, code });
  entry.rows++;
  const { expected } = report;
  if (expect === 'rejected') expected.rejected++;
  else expected.accepted++;
  if (expect === 'repaired') expected.repaired++;
  if (expect === 'draft') expected.drafts++;
}

const ROWS_A_PIECE = 500;

async function writeCsv(
  headers: string[],
  rows: Iterable<SampleRow>,
  encoding: SampleEncoding,
  out: Writable,
): Promise<void> {
  out.write(csvStart(headers, encoding));
  let piece: SampleRow[] = [];
  const flush = async () => {
    const room = out.write(csvPiece(piece, encoding));
    piece = [];
    if (!room) await once(out, 'drain');
  };
  for (const row of rows) {
    piece.push(row);
    if (piece.length === ROWS_A_PIECE) await flush();
  }
  if (piece.length > 0) await flush();
  out.end();
}

function fitsWindows874({ nameTh }: { nameTh: string }): boolean {
  return iconv.decode(iconv.encode(nameTh, 'win874'), 'win874') === nameTh;
}
