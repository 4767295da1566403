// Lists by file: reads a DST file whole, and says in a receipt what became of it.
import { sha256 } from '../book/book.js';
import type { Provider } from '../provider.js';
import { checked, ListError, type Destination, type List } from './list.js';

/** Reads an H/D/T file of destinations. Throws ListError. */
export function parseList(bytes: Buffer, provider: string, number: number): List & { rows: number } {
  const rows = bytes.toString('latin1').split('\n');
  if (rows.pop() !== '') throw new ListError('the file does not end with a line feed');
  const trailer = rows.pop() ?? '';
  const [head = '', ...lines] = rows;
  const fields = head.split('|');
  if (fields[0] !== 'H' || fields[3] !== 'DST' || fields[5] !== provider || Number(fields[6]) !== number)
    throw new ListError('the header is not that of a list for this provider under this number');
  const named = new Map(fields.slice(8).map((one) => one.split('=', 2) as [string, string]));
  const body = bytes.subarray(0, bytes.length - trailer.length - 1);
  const [, count, , , , hash] = /^T\|(\d+)\|KEEP=(\d+)\|ADD=(\d+)\|REMOVE=(\d+)\|sha256=(.+)$/.exec(trailer) ?? [];
  if (Number(count) !== lines.length || hash !== sha256(body)) throw new ListError('the trailer does not agree');
  const destinations = new Map<string, Destination>();
  lines.forEach((line, i) => {
    const [mark, n, op, app = '', kind = '', value = '', proto = '', ports = ''] = line.split('|');
    if (mark !== 'D' || Number(n) !== i + 1) throw new ListError(`row ${i + 2} is no row of a list`);
    if (op === 'REMOVE') return;
    if (op !== 'ADD' && op !== 'KEEP') throw new ListError(`row ${i + 2} must be ADD, KEEP or REMOVE`);
    const key = `${app} ${kind} ${value}`;
    const one = destinations.get(key) ?? { app, kind: kind.toLowerCase(), value, flows: [] };
    one.flows.push({ proto: proto.toLowerCase(), ports: ports === '' ? [] : ports.split(',') });
    destinations.set(key, one);
  });
  const list = checked({
    version: Number(named.get('version')),
    sha256: named.get('list') ?? '',
    destinations: [...destinations.values()],
  });
  return { ...list, rows: lines.length };
}

export interface FileVerdict {
  /** Text of the receipt. */
  receipt: string;
  /** Milliseconds until it is written: a list that waits is acknowledged when it is enforced. */
  afterMs: number;
}

export function takeListFile(provider: Provider, bytes: Buffer, number: number): FileVerdict {
  const sequence = String(number).padStart(6, '0');
  try {
    const { rows, ...list } = parseList(bytes, provider.code, number);
    const verdict = provider.destinations.take(list);
    if (verdict === 'failed')
      return { receipt: `A|DST|${sequence}|REJECTED|E900|the list could not be put to work\n`, afterMs: 0 };
    const afterMs = verdict === 'waiting' ? provider.dial.destinations.lateMs : 0;
    const since = new Date(provider.now() + afterMs).toISOString();
    return { receipt: `A|DST|${sequence}|ACCEPTED|${rows}|${sha256(bytes)}|${since}\n`, afterMs };
  } catch (error) {
    if (!(error instanceof ListError)) throw error;
    provider.destinations.figures.refused++;
    provider.observer.violation('malformedBatch', { detail: `destinations: ${error.message}` });
    return { receipt: `A|DST|${sequence}|REJECTED|E101|${error.message}\n`, afterMs: 0 };
  }
}
