// Reads an H/D/T file whole and refuses it, with a receipt code, before anything of it is applied.
import { sha256 } from '../book/book.js';
import { type IncomingPart, type ProviderCode, RefusedError, type WireLine } from '../words.js';
import { textOf } from './form.js';
import type { FileName } from './names.js';

function refuse(fileCode: string, code: string, detail: string): never {
  throw new RefusedError({ status: 422, code, fileCode, detail });
}

const KINDS = { SUB: 'delta', FUL: 'full' } as const;

/**
 * A part whose header, rows and trailer agree with each other and with `name` (unknown when a journal is read back).
 * Throws RefusedError.
 */
export function parseFile(
  bytes: Buffer,
  provider: ProviderCode,
  name?: FileName,
  charset: 'utf-8' | 'windows-874' = 'utf-8',
): IncomingPart {
  if (bytes.length === 0 || bytes[bytes.length - 1] !== 10)
    refuse('E101', 'NOT_WHOLE', 'the file does not end with a line feed');
  const bom = charset === 'utf-8' && bytes[0] === 0xef;
  if (bom || bytes.includes(13)) refuse('E101', 'NOT_PLAIN', 'no BOM and no carriage return is allowed');
  const rows = textOf(bytes, charset).split('\n');
  rows.pop();
  const header = parseHeader(rows[0] ?? '', provider);
  if (name !== undefined && (name.batch !== header.batch || KINDS[name.kind as keyof typeof KINDS] !== header.kind)) {
    refuse('E102', 'NAME_DIFFERS', `the header says ${header.batch} ${header.kind}, the name says otherwise`);
  }
  const trailerText = rows.length > 1 ? (rows.pop() as string) : '';
  const lines: WireLine[] = [];
  let adds = 0;
  for (let i = 1; i < rows.length; i++) {
    const line = parseRow(rows[i] as string, i);
    lines.push(line);
    if (line.op === 'ADD') adds++;
  }
  checkTrailer(trailerText, bytes, lines.length, adds);
  return { ...header, sha256: sha256(bytes), lines };
}

function parseHeader(row: string, provider: ProviderCode): Omit<IncomingPart, 'sha256' | 'lines'> {
  const field = row.split('|');
  if (field[0] !== 'H' || field[1] !== 'WAH') refuse('E101', 'NO_HEADER', 'the first row must begin with H|WAH');
  if (!/^1\.\d+$/.test(field[2] ?? '')) refuse('E105', 'UNSUPPORTED_CONTRACT', 'the version must be 1.x');
  const kind = KINDS[field[3] as keyof typeof KINDS];
  if (kind === undefined) refuse('E101', 'UNKNOWN_KIND', 'the kind must be SUB or FUL');
  if (field[4] !== 'ONDE' || field[5] !== provider)
    refuse('E105', 'WRONG_PROVIDER', `the file must go from ONDE to ${provider}`);
  const batch = Number(field[6]);
  if (!/^\d{6,9}$/.test(field[6] ?? '') || batch < 1)
    refuse('E102', 'BAD_NUMBER', 'the number must have at least six digits');
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(field[7] ?? ''))
    refuse('E101', 'BAD_TIME', 'the time must be RFC 3339 in UTC');
  const rest = new Map(field.slice(8).map((one) => one.split('=', 2) as [string, string]));
  const parts = /^([1-9]\d*)\/([1-9]\d*)$/.exec(rest.get('parts') ?? '1/1');
  const fromSeq = Number(rest.get('from'));
  const toSeq = Number(rest.get('to'));
  if (parts === null || !Number.isSafeInteger(fromSeq) || !Number.isSafeInteger(toSeq)) {
    refuse('E101', 'BAD_RANGE', 'from=, to= and parts= must be there, as numbers');
  }
  return { batch, kind, part: Number(parts[1]), parts: Number(parts[2]), fromSeq, toSeq };
}

function parseRow(row: string, number: number): WireLine {
  const fields = row.split('|');
  const [mark, n, op = '', ref = '', seq, access = '', line = '', pack, from, to] = fields;
  if (mark !== 'D' || fields.length !== 10)
    refuse('E106', 'BAD_ROW', `row ${number + 1} must begin with D and have 10 fields`);
  return {
    n: Number(n),
    op,
    ref,
    seq: Number(seq),
    access,
    line,
    package: pack || undefined,
    from: from || undefined,
    to: to || undefined,
  };
}

function checkTrailer(row: string, bytes: Buffer, lines: number, adds: number): void {
  const match = /^T\|(\d+)\|ADD=(\d+)\|REMOVE=(\d+)\|sha256=([0-9a-f]{64})$/.exec(row);
  if (match === null) refuse('E103', 'NO_TRAILER', 'the last row must be T|count|ADD=…|REMOVE=…|sha256=…');
  const [, count, added, removed, hash] = match;
  if (Number(count) !== lines) refuse('E103', 'COUNT_MISMATCH', `trailer count ${count}, read ${lines}`);
  if (Number(added) !== adds || Number(removed) !== lines - adds) {
    refuse('E103', 'COUNT_MISMATCH', `trailer says ADD=${added} REMOVE=${removed}, read ${adds} and ${lines - adds}`);
  }
  const before = bytes.subarray(0, bytes.length - Buffer.byteLength(row) - 1);
  if (sha256(before) !== hash)
    refuse('E104', 'HASH_MISMATCH', 'sha256 in the trailer is not that of the bytes before it');
}
