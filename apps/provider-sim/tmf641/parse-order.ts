// Reads a TMF641 v4.1.0 ServiceOrder_Create as a batch: one order is one batch, one item is one line.
import type { Book } from '../book/book.js';
import { type IncomingPart, RefusedError, type WireLine } from '../words.js';
import { refOfService } from './service-id.js';

export type Loose = Record<string, unknown>;

function refuse(code: string, detail: string): never {
  throw new RefusedError({ status: 400, code, fileCode: 'E101', detail });
}

function objects(value: unknown): Loose[] {
  return Array.isArray(value) ? value.filter((one): one is Loose => typeof one === 'object' && one !== null) : [];
}

function object(value: unknown): Loose {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

const SERVER_SETS = [
  'id',
  'href',
  'orderDate',
  'completionDate',
  'expectedCompletionDate',
  'startDate',
  'state',
  'jeopardyAlert',
  'errorMessage',
  'milestone',
];
const ACCESS: Record<string, string> = { MOBILE_BROADBAND: 'MB', FIXED_BROADBAND: 'FB' };

/** The batch number at the end of an externalId such as `WAH-DTAC-00042`, undefined when there is none. */
export function batchOf(externalId: string): number | undefined {
  const digits = /(\d{1,15})$/.exec(externalId)?.[1];
  return digits === undefined || Number(digits) < 1 ? undefined : Number(digits);
}

/** The day in Bangkok of a date-time, as the book keeps it. */
function day(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const at = Date.parse(text(value));
  return Number.isNaN(at) ? 'unreadable' : new Date(at + 7 * 3_600_000).toISOString().slice(0, 10);
}

/** The body as an object; throws RefusedError when it is none. */
export function readOrder(body: string): Loose {
  try {
    return object(JSON.parse(body));
  } catch {
    refuse('NOT_JSON', 'the body is not JSON');
  }
}

/** Throws RefusedError when the order as a whole is not what the standard says. */
export function parseOrder(order: Loose, sha256: string, book: Book): IncomingPart {
  const forbidden = SERVER_SETS.find((name) => name in order);
  if (forbidden !== undefined) refuse('NOT_SETTABLE', `${forbidden} is set by the server`);
  const batch = batchOf(text(order['externalId']));
  if (batch === undefined) refuse('NO_EXTERNAL_ID', 'externalId must end with the number of the batch');
  const given = order['serviceOrderItem'];
  const items = objects(given);
  if (Array.isArray(given) && items.length < given.length) refuse('BAD_ITEM', 'an item is no object');
  if (items.length === 0) refuse('NO_ITEMS', 'serviceOrderItem must have at least one item');
  const lines = items.map((item) => lineOf(item, book));
  const guessed = items.some(
    (item) => !objects(object(item['service'])['serviceCharacteristic']).some((one) => one['name'] === 'seq'),
  );
  const seqs = lines.map((line) => line.seq);
  const [fromSeq, toSeq] = [seqs.reduce((a, b) => Math.min(a, b)), seqs.reduce((a, b) => Math.max(a, b))];
  return {
    batch,
    kind: 'delta',
    part: 1,
    parts: 1,
    fromSeq,
    toSeq,
    sha256,
    ...(guessed ? { seqs: 'guessed' as const } : {}),
    lines,
  };
}

function lineOf(item: Loose, book: Book): WireLine {
  const action = text(item['action']);
  if (typeof item['service'] !== 'object' || item['service'] === null) refuse('NO_SERVICE', 'an item has no service');
  const service = object(item['service']);
  const named = new Map(
    objects(service['serviceCharacteristic']).map((one) => [text(one['name']), text(one['value'])]),
  );
  if (text(item['id']) === '') refuse('NO_ITEM_ID', 'an item has no id');
  // An item's id is the client's own word; the hub's begins with the position.
  const n = parseInt(text(item['id']), 10);
  if (action === 'delete') {
    const id = text(service['id']);
    // Without an id of ours it must say which line it means, and for a line the hub's own ref stands here.
    if (id === '' && !named.has('msisdn') && !named.has('circuit'))
      refuse('NO_SERVICE_ID', 'service.id is required to delete, or the line among the characteristics');
    const ref = id === '' ? (named.get('entryRef') ?? '') : (refOfService(id) ?? id);
    const held = book.get(ref);
    // A delete carries only the service's id; its place in the log is behind whatever was heard of the entry.
    const seq = Number(named.get('seq') ?? book.seqOf(book.find(ref)) + 1);
    return { n, op: 'REMOVE', ref, seq, access: held?.access ?? 'FB', line: held?.line ?? '-' };
  }
  if (action !== 'add' && action !== 'modify') refuse('UNKNOWN_ACTION', 'action must be add, modify or delete');
  if (text(object(service['serviceSpecification'])['id']) === '')
    refuse('NO_SPECIFICATION', 'service.serviceSpecification.id is required');
  const access = ACCESS[named.get('accessType') ?? ''] ?? '';
  const ref = named.get('entryRef') ?? '';
  const id = text(service['id']);
  if (action === 'modify' && id === '') refuse('NO_SERVICE_ID', 'service.id is required to modify');
  return {
    n,
    op: 'ADD',
    // Whoever modifies a service by another's id would overwrite it.
    ref: action === 'modify' && refOfService(id) !== ref ? id.slice(0, 64) : ref,
    seq: Number(named.get('seq') ?? NaN),
    ...(action === 'modify' ? { mustHold: true as const } : {}),
    access,
    line: named.get(access === 'FB' ? 'circuit' : 'msisdn') ?? '',
    package: named.get('package'),
    from: day(service['startDate']),
    to: day(service['endDate']),
  };
}
