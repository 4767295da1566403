// Files that go back to people: the columns they sent and some of ours, as CSV for Excel, safe to open.
import { Transform } from 'node:stream';
import { OWN_COLUMNS } from './fields.js';
import type { Field } from './fields.js';
import type { HeaderMap } from './header.js';
import type { RowProblem } from './problems.js';

/** Excel takes a cell that begins like this for a formula; an apostrophe before it makes it text. */
const FORMULA = /^[=+\-@\t\r\n]/;
const NEEDS_QUOTES = /[",;\n\r\t]|^\s|\s$/;
const BOM = '\uFEFF';

/** One cell of CSV, neutralised against formula injection and quoted where needed. */
export function csvCell(text: string): string {
  const safe = FORMULA.test(text.trimStart()) || FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/** One row on its way back: the cells as they came, and what we add, in the order of the extra headers. */
export interface AnnotatedRow {
  cells: readonly string[];
  extra: readonly string[];
}

/** Lines gathered before they are written as one buffer. */
const LINES_A_WRITE = 256;

/** Rows to CSV in UTF-8 with BOM. */
class TableOut<Row> extends Transform {
  private readonly kept: number[];
  private readonly dropped: Set<number>;
  private lines: string[] = [];

  constructor(
    header: HeaderMap,
    extraHeaders: readonly string[],
    private readonly annotate: (row: Row) => AnnotatedRow,
  ) {
    super({ writableObjectMode: true, readableObjectMode: false });
    const own = new Set<string>(Object.values(OWN_COLUMNS));
    this.dropped = new Set(header.dropped);
    this.kept = header.cells.flatMap((cell, index) => (own.has(cell) ? [] : [index]));
    this.push(BOM + csvLine([...header.cells.filter((cell) => !own.has(cell)), ...extraHeaders]));
  }

  override _transform(row: Row, _encoding: BufferEncoding, done: () => void): void {
    const { cells, extra } = this.annotate(row);
    const own = this.kept.map((index) => (this.dropped.has(index) ? '' : (cells[index] ?? '')));
    this.lines.push(csvLine([...own, ...extra]));
    if (this.lines.length >= LINES_A_WRITE) this.writeOut();
    done();
  }

  override _flush(done: () => void): void {
    this.writeOut();
    done();
  }

  private writeOut(): void {
    if (this.lines.length === 0) return;
    this.push(this.lines.join(''));
    this.lines = [];
  }
}

/**
 * A stream that takes AnnotatedRow objects and gives CSV bytes (UTF-8 with BOM): the file's own columns, short rows
 * filled up and dropped columns empty, then ours. Columns that the hub added to an earlier file are left out.
 */
export function annotatedCsv(header: HeaderMap, extraHeaders: readonly string[]): Transform {
  return new TableOut<AnnotatedRow>(header, extraHeaders, (row) => row);
}

/** One rejected row on its way back. */
export interface RejectedRow {
  row: number;
  cells: readonly string[];
  problems: readonly RowProblem[];
}

/**
 * The error file: a stream that takes RejectedRow objects and gives the rows in the columns they came in, with row
 * number, codes, columns, reasons and remedies (Thai first). Corrected, the file can be imported as it is.
 */
export function errorFile(header: HeaderMap): Transform {
  const { row: rowHeader, codes, columns, reason, remedy } = OWN_COLUMNS;
  const columnOf = (field: Field | 'row') => {
    const index = field === 'row' ? undefined : header.columns[field];
    return (index === undefined ? undefined : header.cells[index]) ?? field;
  };
  return new TableOut<RejectedRow>(header, [rowHeader, codes, columns, reason, remedy], ({ row, cells, problems }) => ({
    cells,
    extra: [
      String(row),
      problems.map((problem) => problem.code).join(' '),
      [...new Set(problems.map((problem) => columnOf(problem.field)))].join(', '),
      problems.map((problem) => `${problem.th} (${problem.en})`).join('\n'),
      [...new Set(problems.map((problem) => `${problem.remedyTh} (${problem.remedyEn})`))].join('\n'),
    ],
  }));
}
