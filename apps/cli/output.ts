// What is printed: results on stdout (a table, or JSON for scripts), progress on stderr.
import type { Language, Words } from './language.js';

/** Columns that a text takes: Thai vowels and tone marks above and below take none. */
export function columnsOf(text: string): number {
  return [...text.replace(/\p{Mn}/gu, '')].length;
}

function padded(text: string, width: number, right: boolean): string {
  const gap = ' '.repeat(Math.max(0, width - columnsOf(text)));
  return right ? gap + text : text + gap;
}

/** A table with its heads; numbers stand right. */
export function table(heads: string[], rows: (string | number)[][]): string {
  const cells = rows.map((row) => row.map(String));
  const widths = heads.map((head, i) => Math.max(columnsOf(head), ...cells.map((row) => columnsOf(row[i] ?? ''))));
  const right = heads.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === 'number'));
  const line = (row: string[]) =>
    row
      .map((cell, i) => padded(cell, widths[i] ?? 0, right[i] ?? false))
      .join('  ')
      .trimEnd();
  return [heads, ...cells].map(line).join('\n');
}

/** Seconds as people say them. */
export function age(seconds: number | null): string {
  if (seconds === null) return '-';
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 129_600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

export class Output {
  private drawn = false;
  private lastLine = 0;

  constructor(
    readonly language: Language,
    readonly json: boolean,
    private readonly out: NodeJS.WritableStream = process.stdout,
    private readonly err: NodeJS.WritableStream & { isTTY?: boolean } = process.stderr,
  ) {}

  /** The words in the language of the person. */
  t(words: Words): string {
    return words[this.language];
  }

  /** The result: as it is for scripts, or as text. */
  result(data: unknown, text: () => string): void {
    this.clear();
    this.out.write(`${this.json ? JSON.stringify(data, null, 2) : text()}\n`);
  }

  note(words: Words): void {
    if (this.json) return;
    this.clear();
    this.err.write(`${this.t(words)}\n`);
  }

  /** A bar where there is a terminal, a line every five seconds where there is none. `total` null: not known. */
  progress(label: string, done: number, total: number | null): void {
    if (this.json) return;
    const share = total === null || total === 0 ? null : Math.min(1, done / total);
    const bar =
      share === null ? '' : `[${'#'.repeat(Math.round(share * 30)).padEnd(30, '.')}] ${Math.floor(share * 100)} %  `;
    const text = `${label}  ${bar}${done.toLocaleString('en')}${total === null ? '' : ` / ${total.toLocaleString('en')}`}`;
    if (this.err.isTTY) {
      this.err.write(`\r\u001b[2K${text}`);
      this.drawn = true;
    } else if (Date.now() - this.lastLine >= 5000) {
      this.lastLine = Date.now();
      this.err.write(`${text}\n`);
    }
  }

  clear(): void {
    if (this.drawn) this.err.write('\r\u001b[2K');
    this.drawn = false;
  }

  fail(message: string, problem: unknown, exitCode: number): void {
    this.clear();
    if (this.json) this.out.write(`${JSON.stringify({ error: message, exitCode, problem }, null, 2)}\n`);
    else this.err.write(`${message}\n`);
  }
}
