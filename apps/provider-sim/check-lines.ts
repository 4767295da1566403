// Checks a part as a whole before any line of it is applied.
import type { Observer } from './book/record.js';
import { type IncomingPart, RefusedError, type WireLine } from './words.js';

/** Longest ref, number and circuit that is taken. */
const MAX_TEXT = 64;

/**
 * Throws RefusedError when the positions of a part do not run on by one. `first` is the position its first line must
 * have, undefined when it cannot be known yet (a part that overtook an earlier one).
 */
export function checkPositions(part: IncomingPart, first: number | undefined): void {
  const start = first ?? part.lines[0]?.n ?? 1;
  for (let i = 0; i < part.lines.length; i++) {
    if ((part.lines[i] as WireLine).n === start + i) continue;
    throw new RefusedError({
      status: 422,
      code: 'POSITION_HOLE',
      fileCode: 'E106',
      detail: `the line at place ${i + 1} of part ${part.part} should have n ${start + i}`,
    });
  }
}

/** Notes seqs outside the range that the batch names, and seqs of a delta that do not rise. */
export function observeSeqs(part: IncomingPart, observer: Observer): void {
  if (part.seqs === 'guessed') return;
  let last = 0;
  for (const line of part.lines) {
    const low = part.kind === 'full' ? 1 : part.fromSeq;
    if (!(line.seq >= low && line.seq <= part.toSeq)) {
      observer.violation('seqOutsideRange', { batch: part.batch, n: line.n, ref: line.ref });
    }
    if (part.kind === 'delta') {
      if (line.seq <= last) observer.violation('seqNotRising', { batch: part.batch, n: line.n, ref: line.ref });
      last = line.seq;
    }
  }
}

/** True when the line can be read; terms are checked where they are numbered. */
export function isReadable(line: WireLine): boolean {
  if (typeof line.ref !== 'string' || line.ref.length === 0 || line.ref.length > MAX_TEXT) return false;
  if (!Number.isSafeInteger(line.seq) || line.seq < 1) return false;
  if (typeof line.line !== 'string') return false;
  if (line.access === 'MB') {
    if (!isE164(line.line)) return false;
  } else if (
    line.access !== 'FB' ||
    line.line.length === 0 ||
    line.line.length > MAX_TEXT ||
    !/^[\x21-\x7b\x7d\x7e]+$/.test(line.line)
  ) {
    return false;
  }
  if (line.op === 'ADD') return true;
  return line.op === 'REMOVE' && line.package === undefined && line.from === undefined && line.to === undefined;
}

function isE164(text: string): boolean {
  if (text.length < 8 || text.length > 16 || text.charCodeAt(0) !== 43 || text.charCodeAt(1) === 48) return false;
  for (let i = 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return false;
  }
  return true;
}
