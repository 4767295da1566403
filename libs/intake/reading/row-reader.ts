// One raw row to one registration or the reasons why not. Used for three million rows: no validator objects, no copies.
import type { Access, Day } from '#contracts';
import type { AgencyReading, AgencyResolver } from './agencies.js';
import { KNOWN_APPS, readApps } from './apps.js';
import { readDay, readMoment } from './dates.js';
import type { DateContext } from './dates.js';
import { FIELDS } from './fields.js';
import type { Field } from './fields.js';
import type { HeaderMap } from './header.js';
import { rowProblem } from './problems.js';
import type { RowProblem, RowProblemCode } from './problems.js';
import { KNOWN_ACCESSES, providerReader, readAccess } from './providers.js';
import type { ProviderRule } from './providers.js';
import type { RawRow } from './raw-row.js';
import type { RowVerdict } from './registration.js';
import { repairOf } from './repairs.js';
import type { Repair, RepairCode } from './repairs.js';
import { readLine } from './row-line.js';
import type { Fix, LineCells } from './row-line.js';
import { DAMAGED, hasThaiDigits, mapThaiDigits, remembered, tidy } from './text.js';

export interface RowReaderOptions<AgencyId> {
  header: HeaderMap;
  agencies: AgencyResolver<AgencyId>;
  providers: readonly ProviderRule[];
  dates: DateContext;
  /** The moment of reading; a confirmation after it is refused. */
  now: Date;
  /** What the import itself says, for rows that leave it empty. */
  defaults?: { agencyId?: AgencyId; validFrom?: Day; validTo?: Day };
}

export type RowReader<AgencyId> = (row: RawRow) => RowVerdict<AgencyId>;

const LONGEST_REFERENCE = 64;
const LONGEST_TEXT = 200;
const ROUNDED_NUMBER = /^\d(?:\.\d+)?[eE]\+?\d+$/;
const PACKAGE = /^[A-Z0-9][A-Z0-9-]{0,31}$/;
const NO_REPAIRS: readonly Repair[] = Object.freeze([]);
/** Fields whose damage matters; a national ID is never looked at. */
const READ_FIELDS = FIELDS.filter((field) => field !== 'nationalId');

/** Makes a reader for one file. It keeps bounded look-ups of repeated cells (agency, provider, dates), nothing else. */
export function createRowReader<AgencyId>(options: RowReaderOptions<AgencyId>): RowReader<AgencyId> {
  const reading = new RowReading(options);
  return (row) => reading.read(row);
}

/**
 * The state of reading one row after another. Look-ups are keyed by the cell as it stands in the file, so that a cell
 * that was seen before costs one look-up.
 */
class RowReading<AgencyId> {
  private readonly columns: HeaderMap['columns'];
  private readonly width: number;
  private readonly now: number;
  private readonly knownProviders: string;
  private readonly agencyOf: (cell: string) => AgencyReading<AgencyId> | { outcome: 'empty' };
  private readonly providerOf;
  private readonly accessOf;
  private readonly appsOf;
  private readonly dayOf;
  private readonly momentOf;
  private readonly numbers: LineCells;
  private cells: readonly string[] = [];
  private problems: RowProblem[] | null = null;
  private fixes: Fix[] = [];

  constructor(private readonly options: RowReaderOptions<AgencyId>) {
    const { header, dates } = options;
    this.columns = header.columns;
    this.width = header.cells.length;
    this.now = options.now.getTime();
    this.knownProviders = options.providers.map((rule) => rule.code).join(', ');
    const findProvider = providerReader(options.providers);
    this.agencyOf = remembered((cell) =>
      plain(cell) === '' ? { outcome: 'empty' } : options.agencies(plain(cell), ''),
    );
    this.providerOf = remembered((cell) =>
      plain(cell) === '' ? { outcome: 'empty' as const } : findProvider(plain(cell)),
    );
    this.accessOf = remembered((cell) => ({ stated: plain(cell) !== '', access: readAccess(plain(cell)) }));
    this.appsOf = remembered((cell) => readApps(plain(cell)));
    this.dayOf = remembered((cell) =>
      plain(cell) === '' ? { outcome: 'empty' as const } : readDay(plain(cell), dates),
    );
    this.momentOf = remembered((cell) => {
      if (plain(cell) === '') return { outcome: 'empty' as const };
      const reading = readMoment(plain(cell), dates);
      return reading.outcome === 'moment' ? { ...reading, time: Date.parse(reading.at) } : reading;
    });
    const oneColumn = this.columns.circuit === undefined && this.columns.line === undefined;
    this.numbers = { phone: '', circuit: '', line: '', oneColumn };
  }

  read(raw: RawRow): RowVerdict<AgencyId> {
    const { cells, row } = raw;
    const unreadable = this.unreadable(raw);
    if (unreadable.length > 0) return { outcome: 'rejected', row, problems: unreadable };
    this.cells = cells;
    this.problems = null;
    if (this.fixes.length > 0) this.fixes = [];

    const agencyId = this.readAgency();
    const reference = this.readReference();
    const line = this.readProviderAndLine();
    const bundle = this.readPackage();
    const validFrom = this.readDay('validFrom');
    const validTo = this.readDay('validTo');
    if (validFrom !== null && validTo !== null && validTo < validFrom) this.reject('validTo', 'PERIOD_REVERSED');
    const apps = this.appsOf(this.cell('apps'));
    if (apps.outcome === 'unknown') this.reject('apps', 'APP_UNKNOWN', KNOWN_APPS);
    const confirmedAt = this.readConfirmedAt();
    const confirmedBy = this.shortText('confirmedBy');
    const documentRef = this.shortText('document');
    const name = this.readName();

    const problems = this.problems as RowProblem[] | null;
    if (problems || line === null || apps.outcome === 'unknown' || agencyId === undefined || validFrom === null) {
      return { outcome: 'rejected', row, problems: problems ?? [] };
    }
    const state = confirmedAt !== null && confirmedBy !== null && documentRef !== null ? 'confirmed' : 'draft';
    return {
      outcome: 'accepted',
      row,
      registration: {
        agencyId,
        reference,
        lineKey: line.lineKey,
        access: line.access,
        provider: line.provider,
        package: bundle,
        validFrom,
        validTo,
        apps: apps.apps,
        appBits: apps.bits,
        state,
        confirmedAt,
        confirmedBy,
        documentRef,
        name,
        repairs: this.fixes.length === 0 ? NO_REPAIRS : this.fixes.map((fix) => repairOf(fix.field, fix.code)),
      },
    };
  }

  /** The cell as it stands in the file. */
  private cell(field: Field): string {
    const column = this.columns[field];
    return column === undefined ? '' : (this.cells[column] ?? '');
  }

  private text(field: Field): string {
    return plain(this.cell(field));
  }

  private reject(field: Field, code: RowProblemCode, known?: string): void {
    (this.problems ??= []).push(rowProblem(field, code, known));
  }

  private fixed(field: Field, codes: readonly RepairCode[]): void {
    for (const code of codes) this.fixes.push({ field, code });
  }

  /** What makes the row as a whole untrustworthy. */
  private unreadable({ flaw, cells }: RawRow): RowProblem[] {
    if (flaw === 'brokenQuotes') return [rowProblem('row', 'QUOTES_BROKEN')];
    if (cells.length > this.width && cells.slice(this.width).some((cell) => cell.trim() !== '')) {
      return [rowProblem('row', 'TOO_MANY_CELLS')];
    }
    if (flaw === null) return [];
    const damaged = READ_FIELDS.filter((field) => DAMAGED.test(cells[this.columns[field] ?? -1] ?? ''));
    return damaged.map((field) => rowProblem(field, 'TEXT_DAMAGED'));
  }

  private readAgency(): AgencyId | undefined {
    let reading = this.agencyOf(this.cell('agency'));
    if (reading.outcome === 'agency') return reading.id;
    const given = this.options.defaults?.agencyId;
    if (reading.outcome === 'empty') {
      if (given === undefined) this.reject('agency', 'MISSING');
      return given;
    }
    const ministry = this.text('ministry');
    if (reading.outcome === 'ambiguous' && ministry !== '') {
      reading = this.options.agencies(this.text('agency'), ministry);
      if (reading.outcome === 'agency') return reading.id;
    }
    this.reject('agency', reading.outcome === 'ambiguous' ? 'AGENCY_AMBIGUOUS' : 'AGENCY_UNKNOWN', reading.known);
    return undefined;
  }

  private readReference(): string {
    let value = this.text('reference');
    if (value === '') this.reject('reference', 'MISSING');
    if (hasThaiDigits(value)) {
      value = mapThaiDigits(value);
      this.fixes.push({ field: 'reference', code: 'thaiDigits' });
    }
    if (ROUNDED_NUMBER.test(value)) this.reject('reference', 'REFERENCE_DIGITS_LOST');
    else if (value.length > LONGEST_REFERENCE) this.reject('reference', 'REFERENCE_INVALID');
    return value;
  }

  private readProviderAndLine(): { lineKey: string; access: Access; provider: string } | null {
    const { stated, access } = this.accessOf(this.cell('access'));
    const accessKnown = !stated || access !== undefined;
    if (!accessKnown) this.reject('access', 'ACCESS_UNKNOWN', KNOWN_ACCESSES);
    const provider = this.providerOf(this.cell('provider'));
    if (provider.outcome === 'empty') this.reject('provider', 'MISSING');
    else if (provider.outcome === 'unknown') this.reject('provider', 'PROVIDER_UNKNOWN', this.knownProviders);
    else if (provider.outcome === 'ambiguous') this.reject('provider', 'PROVIDER_AMBIGUOUS', provider.known);
    if (provider.outcome !== 'provider' || !accessKnown) return null;
    this.numbers.phone = this.text('phone');
    this.numbers.circuit = this.text('circuit');
    this.numbers.line = this.text('line');
    const reading = readLine(this.numbers, access, provider, this.fixes);
    if (reading.outcome === 'line')
      return { lineKey: reading.lineKey, access: reading.access, provider: provider.rule.code };
    (this.problems ??= []).push(reading.problem);
    return null;
  }

  private readPackage(): string | null {
    const cell = this.text('package');
    if (cell === '') return null;
    const value = cell.toUpperCase();
    if (!PACKAGE.test(value)) this.reject('package', 'PACKAGE_INVALID');
    else if (value !== cell) this.fixes.push({ field: 'package', code: 'upperCase' });
    return value;
  }

  private readDay(field: 'validFrom' | 'validTo'): Day | null {
    const reading = this.dayOf(this.cell(field));
    if (reading.outcome === 'day') {
      this.fixed(field, reading.repairs);
      return reading.day;
    }
    const given = this.options.defaults?.[field] ?? null;
    if (reading.outcome === 'rejected') this.reject(field, reading.code);
    else if (given !== null) return given;
    else if (field === 'validFrom') this.reject(field, 'MISSING');
    return null;
  }

  private readConfirmedAt(): string | null {
    const reading = this.momentOf(this.cell('confirmedAt'));
    if (reading.outcome === 'moment') {
      if (reading.time > this.now) this.reject('confirmedAt', 'CONFIRMED_IN_FUTURE');
      this.fixed('confirmedAt', reading.repairs);
      return reading.at;
    }
    if (reading.outcome === 'rejected') this.reject('confirmedAt', reading.code);
    return null;
  }

  private shortText(field: Field): string | null {
    const value = this.text(field);
    if (value.length > LONGEST_TEXT) this.reject(field, 'TEXT_TOO_LONG');
    return value === '' ? null : value;
  }

  private readName(): string | null {
    let value = this.text('name');
    if (value === '') value = `${this.text('title')}${this.text('firstName')} ${this.text('lastName')}`.trim();
    if (value.length > LONGEST_TEXT) this.reject('name', 'TEXT_TOO_LONG');
    return value === '' ? null : value;
  }
}

/** A cell without stray white space and without the mark that keeps spreadsheets from taking text for a formula. */
function plain(cell: string): string {
  if (cell === '') return '';
  const text = tidy(cell);
  return text.charCodeAt(0) === 39 && /^'[=+\-@]/.test(text) ? text.slice(1) : text;
}
