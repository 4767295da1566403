// Sample rows as text files, as Excel saves them.
import iconv from 'iconv-lite';
import { SAMPLE_FIELDS } from './row.js';
import type { SampleRow } from './row.js';

/** `utf-16le` is Excel's "Unicode text": with mark, separated by tabs. */
export type SampleEncoding = 'utf-8' | 'utf-8-bom' | 'windows-874' | 'utf-16le';

const MARK: Record<SampleEncoding, string> = {
  'utf-8': '',
  'utf-8-bom': '\uFEFF',
  'windows-874': '',
  'utf-16le': '\uFEFF',
};

export function csvStart(headers: readonly string[], encoding: SampleEncoding): Buffer {
  return encode(MARK[encoding] + line(headers, encoding), encoding);
}

export function csvPiece(rows: readonly SampleRow[], encoding: SampleEncoding): Buffer {
  let text = '';
  for (const { cells } of rows)
    text += line(
      SAMPLE_FIELDS.map((field) => String(cells[field])),
      encoding,
    );
  return encode(text, encoding);
}

function line(cells: readonly string[], encoding: SampleEncoding): string {
  const separator = encoding === 'utf-16le' ? '\t' : ',';
  let text = '';
  for (let index = 0; index < cells.length; index++) {
    const cell = cells[index] ?? '';
    if (index > 0) text += separator;
    text +=
      cell.includes(separator) || cell.includes('"') || cell.includes('\n') ? `"${cell.replaceAll('"', '""')}"` : cell;
  }
  return `${text}\r\n`;
}

function encode(text: string, encoding: SampleEncoding): Buffer {
  if (encoding === 'windows-874') return iconv.encode(text, 'win874');
  return Buffer.from(text, encoding === 'utf-16le' ? 'utf16le' : 'utf8');
}
