// Pure: what a TMF641 service order, as answer, look-up or event, says of the batch that it carries.
import type { IncomingAnswer, LineOutcome, Outcomes, ResultCode } from '#contracts';
import { AnswerNotUsable, Complaints, isObject, kindOf } from '../formats/reading.js';
import { readObject, type Span } from '../formats/outcomes-json.js';
import { quoted } from '../wording.js';
import {
  codeOf,
  meaningOf,
  outcomeOfFailure,
  readExternalId,
  readItemId,
  type OrderKey,
  type StateMeaning,
} from './words.js';

/** Longest id of a provider's service that is kept. */
const LONGEST_HANDLE = 200;

export interface Order {
  /** The provider's own id of the order. */
  id: string;
  key: OrderKey;
  /** Positions that the order lists, from lowest to highest; null when it lists none. */
  listed: Span | null;
  /** Its words on the lines; null while it has none. */
  outcomes: Outcomes | null;
  /** Set when it refused the order as a whole. */
  refusal: { code: ResultCode; detail: string } | null;
}

/**
 * Reads one `ServiceOrder`. Throws `AnswerNotUsable` when it is not an order of ours, or makes no sense.
 * @param span the positions that were sent, for the order as a whole to speak of; null when not known (events).
 */
export function readOrder(value: unknown, provider: string, span: Span | null): Order {
  if (!isObject(value)) throw new AnswerNotUsable([`the order is ${kindOf(value)}, an object was expected`]);
  const complaints = new Complaints();
  const ours = readExternalId(value['externalId'], provider);
  if (!ours) complaints.add(`"externalId" is none that the hub gave to ${provider}`);
  const id = value['id'];
  if (typeof id !== 'string' || id === '' || id.length > LONGEST_HANDLE) complaints.add('"id" of the order is absent');
  const meaning = meaningOf(value['state']);
  if (!meaning) complaints.add('"state" is no state of a TMF641 order');
  const items = value['serviceOrderItem'] ?? [];
  if (!Array.isArray(items)) complaints.add(`"serviceOrderItem" is ${kindOf(items)}, an array was expected`);
  complaints.settle();
  const errors = errorsByItem(value['errorMessage']);
  // Of several parts, an order that does not say its positions speaks only of the items that it lists.
  const wholeBatch = meaning === 'done' && (span !== null || !ours!.several);
  const { except, listed } = readItems(
    items as unknown[],
    meaning!,
    { errors, span, listDone: !wholeBatch },
    complaints,
  );
  complaints.settle();
  const refused = value['state'] === 'rejected' || (meaning === 'failed' && except.length === 0);
  const result: Order = { id: id as string, key: ours!, listed, outcomes: null, refusal: null };
  if (refused) {
    const { code, text } = firstError(value['errorMessage']);
    result.refusal = {
      code: code === undefined ? 'PROVIDER_ERROR' : codeOf(code),
      detail: quoted(`order ${String(value['state'])} ${text}`),
    };
  } else if (wholeBatch) {
    // "completed" is its word on the whole order, also on items that it leaves out.
    result.outcomes = { default: 'applied', except, ...(span ? { first: span.first, last: span.last } : {}) };
  } else if (except.length > 0) {
    result.outcomes = { except };
  }
  return result;
}

interface ItemContext {
  errors: Map<string, unknown>;
  span: Span | null;
  /** Whether items that are done are listed even when there is nothing more to say of them. */
  listDone: boolean;
}

function readItems(
  items: unknown[],
  order: StateMeaning,
  { errors, span, listDone }: ItemContext,
  complaints: Complaints,
): { except: LineOutcome[]; listed: Span | null } {
  const except: LineOutcome[] = [];
  let listed = null as Span | null;
  const seen = new Set<number>();
  for (const [i, item] of items.entries()) {
    const where = `serviceOrderItem[${i}]`;
    const key = isObject(item) ? readItemId(item['id']) : null;
    if (!isObject(item) || !key) {
      complaints.add(`${where}.id is not the id that was sent`);
      continue;
    }
    if (span && (key.n < span.first || key.n > span.last)) {
      complaints.add(`${where}.id has position ${key.n}, positions ${span.first} to ${span.last} were sent`);
      continue;
    }
    if (seen.has(key.n)) complaints.add(`${where} speaks of position ${key.n} a second time`);
    seen.add(key.n);
    listed = { first: Math.min(listed?.first ?? key.n, key.n), last: Math.max(listed?.last ?? key.n, key.n) };
    if (item['state'] !== undefined && !meaningOf(item['state']))
      complaints.add(`${where}.state is no state of a TMF641 item`);
    // An item without a state of its own is as the order is; only "completed" can be said so, a failure needs its reason.
    const meaning = item['state'] === undefined ? (order === 'done' ? 'done' : 'open') : meaningOf(item['state']);
    if (meaning === 'done') {
      const handle = handleOf(item);
      if (handle !== null) except.push({ ...key, outcome: 'applied', handle });
      else if (listDone) except.push({ ...key, outcome: 'applied' });
    } else if (meaning === 'failed') {
      const { code } = firstError(item['errorMessage']);
      const failure = outcomeOfFailure(code ?? errors.get(String(item['id'])), item['action']);
      const handle = failure.outcome === 'already' ? handleOf(item) : null;
      except.push({ ...key, ...failure, ...(handle === null ? {} : { handle }) });
    }
  }
  return { except, listed };
}

/** The provider's id of a service that stands; a deleted one needs none. */
function handleOf(item: Record<string, unknown>): string | null {
  const service = item['service'];
  if (item['action'] === 'delete' || !isObject(service)) return null;
  const id = service['id'];
  return typeof id === 'string' && id !== '' && id.length <= LONGEST_HANDLE ? id : null;
}

function firstError(value: unknown): { code: unknown; text: string } {
  const first: unknown = Array.isArray(value) ? value[0] : undefined;
  if (!isObject(first)) return { code: undefined, text: '' };
  return {
    code: first['code'],
    text: [first['code'], first['reason']].filter((one) => typeof one === 'string').join(' '),
  };
}

/** Errors at the order may name their items, by `itemId` or `id`. */
function errorsByItem(value: unknown): Map<string, unknown> {
  const result = new Map<string, unknown>();
  for (const error of Array.isArray(value) ? value : []) {
    if (!isObject(error) || !Array.isArray(error['serviceOrderItem'])) continue;
    for (const item of error['serviceOrderItem']) {
      if (isObject(item)) result.set(String(item['itemId'] ?? item['id']), error['code']);
    }
  }
  return result;
}

/** What the hub is to record of an order. Parts of a full list are answered one by one; only a whole batch is refused. */
export function answerOf(order: Order, provider: string): IncomingAnswer {
  const base = { provider, number: order.key.number };
  if (order.refusal)
    return { ...base, receipt: 'refused', code: order.refusal.code, detail: order.refusal.detail, outcomes: null };
  return { ...base, receipt: 'accepted', outcomes: order.outcomes };
}

/** Events that say something of an order, in lower case: servers write the name with either first letter. */
const ORDER_EVENTS = new Set([
  'serviceordercreateevent',
  'serviceorderattributevaluechangeevent',
  'serviceorderstatechangeevent',
]);

/** Reads a notification. Other events of the standard are accepted and say nothing: null. Throws `AnswerNotUsable`. */
export function readNotification(body: Buffer, provider: string): Order | null {
  const event = readObject(body);
  const type = event['eventType'];
  if (typeof type !== 'string') throw new AnswerNotUsable(['"eventType" is absent']);
  if (!ORDER_EVENTS.has(type.toLowerCase())) return null;
  const payload = event['event'];
  if (!isObject(payload))
    throw new AnswerNotUsable([`"event" is ${kindOf(payload)}, an object with "serviceOrder" was expected`]);
  return readOrder(payload['serviceOrder'], provider, null);
}
