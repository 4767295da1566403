// Renders a part of a batch as an H/D/T file (docs/providers/contract.md, "Files"): UTF-8, LF, fields between `|`.
import { createHash } from 'node:crypto';
import type { BatchHeader, BatchLine } from '#contracts';
import { CONTRACT_VERSION, FieldNotAllowed, type BatchFormat } from './format.js';
import { sixDigits } from './file-names.js';

/** The hub's name in files. */
export const HUB = 'ONDE';

// A pipe would shift fields, a control character would break lines; half a surrogate pair has no UTF-8.
// eslint-disable-next-line no-control-regex
const NOT_ALLOWED = /[|\p{Cc}\u2028\u2029\ufeff]|\p{Surrogate}/u;

function allowed(value: string, field: string, n: number | null): string {
  if (NOT_ALLOWED.test(value)) {
    throw new FieldNotAllowed(field, n, 'holds "|", a control character or half a character; correct it in the registration');
  }
  return value;
}

/** UTC to the second: `2020-03-18T17:05:10Z`. */
export function secondsUtc(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

export const hdt: BatchFormat = {
  contentType: 'text/plain; charset=utf-8',

  render(header: BatchHeader, lines: readonly BatchLine[]): Buffer {
    const kind = header.kind === 'full' ? 'FUL' : 'SUB';
    const provider = allowed(header.provider, 'provider', null);
    let out =
      `H|WAH|${CONTRACT_VERSION}|${kind}|${HUB}|${provider}|${sixDigits(header.number)}|${secondsUtc(header.sealedAt)}` +
      `|from=${header.fromSeq}|to=${header.toSeq}|parts=${header.part}/${header.parts}\n`;
    let adds = 0;
    // Packages are few; each is looked at once.
    const packages = new Set<string>();
    for (const line of lines) {
      const { n } = line;
      out += `D|${n}|${line.op}|${allowed(line.ref, 'ref', n)}|${line.seq}|${line.access}|${allowed(line.line, 'line', n)}|`;
      if (line.op === 'ADD') {
        adds++;
        const name = line.package ?? '';
        if (!packages.has(name)) packages.add(allowed(name, 'package', n));
        out += `${name}|${allowed(line.from ?? '', 'from', n)}|${allowed(line.to ?? '', 'to', n)}\n`;
      } else {
        out += '||\n';
      }
    }
    const body = Buffer.from(out);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const trailer = `T|${lines.length}|ADD=${adds}|REMOVE=${lines.length - adds}|sha256=${sha256}\n`;
    return Buffer.concat([body, Buffer.from(trailer)]);
  },
};
