// Renders a part of a batch as an H/D/T file (docs/providers/contract.md, "Files"): UTF-8, LF, fields between `|`.
import { createHash } from 'node:crypto';
import iconv from 'iconv-lite';
import { FieldNotAllowed, type BatchHeader, type BatchLine } from '#contracts';
import { CONTRACT_VERSION, type BatchFormat } from './format.js';
import { sixDigits } from './file-names.js';

/** The hub's name in files. */
export const HUB = 'ONDE';

// A pipe would shift fields, a control character would break lines; half a surrogate pair has no UTF-8.
const NOT_ALLOWED = /[|\p{Cc}\u2028\u2029\ufeff]|\p{Surrogate}/u;

/** Text of a file. Windows-874 is what older Thai systems read. */
export type Charset = 'utf-8' | 'windows-874';

// ASCII, Thai, and the few signs of code page 874; encoders write "?" for anything else, which nobody would notice.
const NOT_IN_874 = /[^\x20-\x7e\xa0\u0e01-\u0e3a\u0e3f-\u0e5b\u20ac\u2026\u2018\u2019\u201c\u201d\u2022\u2013\u2014]/u;

function allowedIn(charset: Charset): (value: string, field: string, n: number | null) => string {
  return (value, field, n) => {
    if (NOT_ALLOWED.test(value)) {
      throw new FieldNotAllowed(
        field,
        n,
        'holds "|", a control character or half a character; correct it in the registration',
      );
    }
    if (charset === 'windows-874' && NOT_IN_874.test(value)) {
      throw new FieldNotAllowed(
        field,
        n,
        'holds a character that Windows-874 does not have; correct it in the registration',
      );
    }
    return value;
  };
}

/** UTC to the second: `2020-03-18T17:05:10Z`. */
export function secondsUtc(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

export const hdt = hdtIn('utf-8');

/** The format with files in this charset; the hash in the trailer is over the bytes as they stand in the file. */
export function hdtIn(charset: Charset): BatchFormat {
  const allowed = allowedIn(charset);
  return {
    contentType: `text/plain; charset=${charset}`,
    render: (header, lines) => render(header, lines, allowed, charset),
  };
}

function render(
  header: BatchHeader,
  lines: readonly BatchLine[],
  allowed: ReturnType<typeof allowedIn>,
  charset: Charset,
): Buffer {
  const kind = header.kind === 'full' ? 'FUL' : 'SUB';
  const provider = allowed(header.provider, 'provider', null);
  let out =
    `H|WAH|${CONTRACT_VERSION}|${kind}|${HUB}|${provider}|${sixDigits(header.number)}|${secondsUtc(header.sealedAt)}` +
    `|from=${header.fromSeq}|to=${header.toSeq}|parts=${header.part}/${header.parts}\n`;
  let adds = 0;
  // Packages are few; each is looked at once.
  const packages = new Set<string>();
  const row = ({ n, op, ref, seq, access, line, package: name, from, to }: BatchLine): string => {
    const start = `D|${n}|${op}|${allowed(ref, 'ref', n)}|${seq}|${access}|${allowed(line, 'line', n)}|`;
    if (op !== 'ADD') return `${start}||\n`;
    if (!packages.has(name ?? '')) packages.add(allowed(name ?? '', 'package', n));
    return `${start}${name ?? ''}|${allowed(from ?? '', 'from', n)}|${allowed(to ?? '', 'to', n)}\n`;
  };
  const faults: FieldNotAllowed[] = [];
  for (const line of lines) {
    try {
      out += row(line);
      if (line.op === 'ADD') adds++;
    } catch (error) {
      if (!(error instanceof FieldNotAllowed)) throw error;
      faults.push(error);
    }
  }
  const [first, ...others] = faults;
  if (first) throw new FieldNotAllowed(first.field, first.n, first.reason, others);
  const body = charset === 'utf-8' ? Buffer.from(out) : iconv.encode(out, charset);
  const sha256 = createHash('sha256').update(body).digest('hex');
  const trailer = `T|${lines.length}|ADD=${adds}|REMOVE=${lines.length - adds}|sha256=${sha256}\n`;
  return Buffer.concat([body, Buffer.from(trailer)]);
}
