// File names of the contract: WAH_<KIND>_<FROM>_<TO>_<YYYYMMDD>_<SEQ6>[-<k>].csv
import type { ProviderCode } from '../words.js';

export interface FileName {
  /** `TWAH` is test numbering. */
  prefix: 'WAH' | 'TWAH';
  kind: string;
  from: string;
  to: string;
  date: string;
  batch: number;
  /** Number of the file among several of one batch, undefined when it has none. */
  piece: number | undefined;
}

const NAME = /^(T?WAH)_([A-Z]{3})_([A-Z0-9]+)_([A-Z0-9]+)_(\d{8})_(\d{6,9})(?:-([1-9]\d*))?\.csv$/;

export function parseName(name: string): FileName | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const [, prefix = '', kind = '', from = '', to = '', date = '', batch, piece] = match;
  return {
    prefix: prefix === 'TWAH' ? 'TWAH' : 'WAH',
    kind,
    from,
    to,
    date,
    batch: Number(batch),
    piece: piece === undefined ? undefined : Number(piece),
  };
}

export function sequence(batch: number): string {
  return String(batch).padStart(6, '0');
}

/** The name of an answer to the file `asked`. */
export function answerName(
  asked: FileName,
  kind: 'ACK' | 'RES' | 'DAK',
  provider: ProviderCode,
  piece?: number,
): string {
  const tail = piece === undefined ? '' : `-${piece}`;
  return `${asked.prefix}_${kind}_${provider}_ONDE_${asked.date}_${sequence(asked.batch)}${tail}.csv`;
}
