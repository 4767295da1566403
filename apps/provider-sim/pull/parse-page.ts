// Reads one page of the pull feed: a header line, one line per change, an end line with count, hash and the next cursor.
import { sha256 } from '../book/book.js';
import { type IncomingPart, type ProviderCode, RefusedError, type WireLine } from '../words.js';

type Loose = Record<string, unknown>;

export interface Page {
  part: IncomingPart;
  /** The cursor after this page. */
  next: string;
}

function refuse(code: string, detail: string): never {
  throw new RefusedError({ status: 422, code, fileCode: 'E101', detail });
}

function objectIn(line: string, what: string): Loose {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Loose;
  } catch {
    // Told below, like anything else that is no object.
  }
  return refuse('NOT_JSON', `the ${what} is no JSON object`);
}

/** A page that is whole by its own end line. Throws RefusedError when it is cut off, changed, or not for this provider. */
export function parsePage(body: Buffer, provider: ProviderCode): Page {
  if (body.length === 0 || body[body.length - 1] !== 10) refuse('CUT_OFF', 'the page does not end with a line feed');
  const at = body.lastIndexOf(10, body.length - 2) + 1;
  const end = objectIn(body.toString('utf8', at), 'end line');
  if (end['end'] !== true) refuse('CUT_OFF', 'the last line is no end line');
  if (end['sha256'] !== sha256(body.subarray(0, at))) refuse('HASH_DIFFERS', 'the hash in the end line is another');
  if (typeof end['next'] !== 'string' || !/^\d+-\d+$/.test(end['next'])) refuse('NO_CURSOR', 'next is no cursor');
  const [first = '', ...rest] = body.toString('utf8', 0, at - 1).split('\n');
  const header = objectIn(first, 'header line');
  if (header['provider'] !== provider) refuse('WRONG_PROVIDER', `this is ${provider}`);
  if (!/^1\.\d+$/.test(String(header['contract']))) refuse('UNSUPPORTED_CONTRACT', 'contract must be 1.x');
  if (header['kind'] !== 'delta' && header['kind'] !== 'full') refuse('UNKNOWN_KIND', 'kind must be delta or full');
  const whole = (name: string, least: number): number => {
    const value = header[name];
    if (!Number.isSafeInteger(value) || (value as number) < least)
      refuse('BAD_NUMBER', `${name} must be a whole number from ${least}`);
    return value as number;
  };
  const lines = rest.map((line) => objectIn(line, 'line') as unknown as WireLine);
  if (whole('count', 0) !== lines.length || end['count'] !== lines.length)
    refuse('COUNT_MISMATCH', `there are ${lines.length} lines, the page says otherwise`);
  return {
    next: end['next'],
    part: {
      batch: whole('batch', 1),
      kind: header['kind'],
      part: whole('part', 1),
      parts: whole('parts', 1),
      fromSeq: whole('fromSeq', 0),
      toSeq: whole('toSeq', 0),
      sha256: sha256(body),
      lines,
    },
  };
}
