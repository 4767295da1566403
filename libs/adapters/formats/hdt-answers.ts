// Reads a provider's answer files: receipts (ACK) and outcomes (RES), strictly, before anything is applied.
import { createHash } from 'node:crypto';
import iconv from 'iconv-lite';
import {
  batchCodeOf,
  isResultCode,
  refusalOf,
  resultCodeOf,
  type IncomingAnswer,
  type LineOutcome,
  type Outcomes,
  type ResultCode,
} from '#contracts';
import { quoted } from '../wording.js';
import { sixDigits } from './file-names.js';
import { HUB, type Charset } from './hdt.js';
import { AnswerNotUsable, Complaints, troubleWithInstant } from './reading.js';

/** What the provider says of the batch as a whole. `copy`: this number with these bytes was there before. */
export type FileReceipt =
  | { word: 'accepted' | 'copy'; lines: number; sha256: string }
  | { word: 'rejected'; code: ResultCode; detail: string; because?: NonNullable<IncomingAnswer['because']> };

/** Which batch of whom an answer file must speak of: known from its name. */
export interface Expected {
  provider: string;
  number: number;
  charset: Charset;
  /** `YYYYMMDD` of the name: nobody answers before the batch was sealed. Absent: not looked at. */
  day?: string;
  /** The hub's clock. */
  now?: Date;
}

/** Clocks may differ by so much; beyond it one of them is wrong, and nothing is believed. */
const CLOCK_TOLERANCE_MS = 24 * 3_600_000;

/** What is wrong with a time in an answer, or null: its form, its year, or the clock that it was taken from. */
function troubleWithTime(value: unknown, { day, now }: Expected): string | null {
  const trouble = troubleWithInstant(value);
  if (trouble || typeof value !== 'string') return trouble;
  const at = Date.parse(value);
  if (now && at > now.getTime() + CLOCK_TOLERANCE_MS)
    return 'is more than a day in the future; set the clock of the system that writes it';
  const sealed = day ? Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00+07:00`) : NaN;
  if (at < sealed - CLOCK_TOLERANCE_MS)
    return 'is before the day on which the batch was sealed; set the clock of the system that writes it';
  return null;
}

/** The lines of a file without the last LF. Throws `AnswerNotUsable` for what is no such text at all. */
function linesOf(bytes: Buffer, charset: Charset): string[] {
  if (bytes.length === 0) throw new AnswerNotUsable(['the file is empty']);
  const text = charset === 'utf-8' ? utf8(bytes) : windows874(bytes);
  if (text.includes('\r')) throw new AnswerNotUsable(['lines end with CR LF; write LF alone']);
  if (!text.endsWith('\n')) throw new AnswerNotUsable(['the last line has no line end: is the file cut off?']);
  return text.slice(0, -1).split('\n');
}

function utf8(bytes: Buffer): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    throw new AnswerNotUsable(['the file begins with a BOM; write UTF-8 without']);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new AnswerNotUsable(['the file is not UTF-8']);
  }
}

function windows874(bytes: Buffer): string {
  const text = iconv.decode(bytes, 'windows-874');
  if (text.includes('\ufffd')) throw new AnswerNotUsable(['the file has bytes that Windows-874 does not have']);
  return text;
}

function checkNumber(text: string | undefined, expected: number, where: string, complaints: Complaints): void {
  if (text !== sixDigits(expected))
    complaints.add(`${where} carries another number than the file's name (${sixDigits(expected)})`);
}

/** Reads `A|SUB|000042|ACCEPTED|2|<sha256>` and its kin. Throws `AnswerNotUsable`. */
export function readReceiptFile(bytes: Buffer, expected: Expected): FileReceipt {
  const lines = linesOf(bytes, expected.charset);
  const complaints = new Complaints();
  if (lines.length !== 1) complaints.add(`a receipt is one line, this file has ${lines.length}`);
  const [mark, kind, number, word, fourth = '', fifth = '', ...rest] = lines[0]!.split('|');
  if (mark !== 'A') complaints.add('line 1 does not begin with A|');
  if (kind !== 'SUB' && kind !== 'FUL') complaints.add('line 1, field 2 is neither SUB nor FUL');
  checkNumber(number, expected.number, 'line 1', complaints);
  if (rest.length > 0) complaints.add('line 1 has more than six fields');
  if (word === 'ACCEPTED' || word === 'COPY') {
    if (!/^\d{1,9}$/.test(fourth)) complaints.add('line 1, field 5 is not the count of lines that were read');
    if (!/^[0-9a-f]{64}$/.test(fifth))
      complaints.add('line 1, field 6 is not the SHA-256 of the file that was read, 64 lower-case hexadecimal digits');
    complaints.settle();
    return { word: word === 'COPY' ? 'copy' : 'accepted', lines: Number(fourth), sha256: fifth };
  }
  if (word !== 'REJECTED') complaints.add('line 1, field 4 is none of ACCEPTED, COPY, REJECTED');
  else if (!/^E\d{3}$/.test(fourth) && !isResultCode(fourth) && !batchCodeOf(fourth))
    complaints.add('line 1, field 5 is no code such as E103');
  complaints.settle();
  const { code, hubDoes } = refusalOf(fourth);
  const detail = quoted(`${fourth} ${fifth}`);
  if (hubDoes !== 'person') return { word: 'rejected', code, detail };
  // Whatever becomes of keys and numbering, no line is guilty: one that travelled alone is tried again.
  const because = batchCodeOf(fourth) === 'OTHER_BYTES' ? 'otherBytes' : 'needsPerson';
  return { word: 'rejected', code: 'PROVIDER_ERROR', detail, because };
}

const WORDS: Record<string, LineOutcome['outcome']> = {
  APPLIED: 'applied',
  ALREADY: 'already',
  REJECTED: 'rejected',
  RETRY: 'retryLater',
};

/** Reads an outcomes file: header, `R` lines, trailer with count and hash. Throws `AnswerNotUsable`. */
export function readOutcomesFile(bytes: Buffer, expected: Expected): Outcomes {
  const lines = linesOf(bytes, expected.charset);
  const complaints = new Complaints();
  const result: Outcomes = { except: [] };
  readHeader(lines[0]!, expected, result, complaints);
  checkTrailer(bytes, lines, complaints);
  const seen = new Set<number>();
  for (let i = 1; i < lines.length - 1; i++) {
    const line = readResult(lines[i]!, `line ${i + 1}`, expected, complaints);
    if (!line) continue;
    if (seen.has(line.n)) complaints.add(`line ${i + 1} speaks of position ${line.n} a second time`);
    seen.add(line.n);
    result.except.push(line);
  }
  complaints.settle();
  return result;
}

function readHeader(line: string, expected: Expected, result: Outcomes, complaints: Complaints): void {
  const [mark, feed, version, kind, from, to, number, time, ...more] = line.split('|');
  if (mark !== 'H' || feed !== 'WAH') complaints.add('line 1 does not begin with H|WAH|');
  if (!/^1\.\d{1,3}$/.test(version ?? '')) complaints.add('line 1, field 3 is no 1.x version of the feed contract');
  if (kind !== 'RES') complaints.add('line 1, field 4 is not RES');
  if (from !== expected.provider || to !== HUB) complaints.add(`line 1 is not from ${expected.provider} to ${HUB}`);
  checkNumber(number, expected.number, 'line 1', complaints);
  const trouble = troubleWithTime(time, expected);
  if (trouble) complaints.add(`line 1, field 8 ${trouble}`);
  // Names that are not known are ignored: a later 1.x may add some.
  for (const member of more) {
    const at = member.indexOf('=');
    const [name, value] = [member.slice(0, at), member.slice(at + 1)];
    if (name === 'default' && value !== '') {
      if (value === 'APPLIED' || value === 'ALREADY') result.default = value === 'APPLIED' ? 'applied' : 'already';
      else complaints.add('line 1: default is none of APPLIED, ALREADY and nothing');
    } else if ((name === 'first' || name === 'last') && value !== '') {
      if (/^[1-9]\d{0,8}$/.test(value)) result[name] = Number(value);
      else complaints.add(`line 1: ${name} is no position from 1`);
    }
  }
  if (result.first !== undefined && result.last !== undefined && result.first > result.last) {
    complaints.add('line 1: first is after last');
  }
}

function checkTrailer(bytes: Buffer, lines: string[], complaints: Complaints): void {
  const trailer = lines.at(-1)!;
  const found = /^T\|(\d{1,9})\|sha256=([0-9a-f]{64})$/.exec(trailer);
  if (lines.length < 2 || !found) {
    complaints.add('the last line is not T|<count>|sha256=<64 lower-case hexadecimal digits>: is the file cut off?');
    return;
  }
  const read = lines.length - 2;
  if (Number(found[1]) !== read) complaints.add(`trailer count ${Number(found[1])}, read ${read}`);
  // The trailer is pure ASCII here, so its characters are its bytes in any of our charsets.
  const before = bytes.subarray(0, bytes.length - trailer.length - 1);
  if (createHash('sha256').update(before).digest('hex') !== found[2]) {
    complaints.add('the SHA-256 in the trailer is not that of every byte before this line');
  }
}

function readResult(line: string, where: string, expected: Expected, complaints: Complaints): LineOutcome | null {
  const [mark, n = '', ref = '', word = '', codeText = '', time, retryAfter = '', ...rest] = line.split('|');
  const problems: string[] = [];
  if (mark !== 'R') problems.push('does not begin with R|');
  if (!/^[1-9]\d{0,8}$/.test(n)) problems.push('field 2 is no position from 1');
  if (ref === '' || ref.length > 64) problems.push('field 3 is not the ref that was sent');
  const outcome = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
  if (!outcome) problems.push('field 4 is none of APPLIED, ALREADY, REJECTED, RETRY');
  const code = codeText === '' ? undefined : resultCodeOf(codeText);
  if (codeText !== '' && !code) problems.push('field 5 is no code of docs/result-codes.md');
  const needsCode = outcome === 'rejected' || outcome === 'retryLater';
  if (needsCode && codeText === '') problems.push(`field 5 is empty; ${word} needs a code`);
  const trouble = time ? troubleWithTime(time, expected) : null;
  if (trouble) problems.push(`field 6 ${trouble}`);
  if (retryAfter !== '' && !/^\d{1,7}$/.test(retryAfter)) problems.push('field 7 is no number of seconds');
  if (rest.length > 0) problems.push('has more than seven fields');
  for (const problem of problems) complaints.add(`${where} ${problem}`);
  if (problems.length > 0 || !outcome) return null;
  if (!needsCode || !code) return { n: Number(n), ref, outcome };
  const waits = outcome === 'retryLater' && retryAfter !== '' ? { retryAfter: Number(retryAfter) } : {};
  return { n: Number(n), ref, outcome, code, ...waits };
}
