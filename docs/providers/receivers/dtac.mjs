// A server of TMF641 service orders (DTAC's style): takes orders, can be asked, posts order events to its one listener.
// Plain Node, no packages: SIGNING_SECRETS=whsec_… node dtac.mjs
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';

const { PROVIDER = 'DTAC', PORT = '4000', SIGNING_SECRETS = '' } = process.env;
const STORE = process.env.STORE ?? `${PROVIDER}.journal`; // one for each environment: test and live never share it
const SECRETS = SIGNING_SECRETS.split(',').filter(Boolean); // two while they are changed over
const BASE = '/tmf-api/serviceOrdering/v4';

const services = new Map(); // service id -> { id, ref, seq, terms }; what is on the list
const serviceOf = new Map(); // ref -> service id
const newest = new Map(); // ref -> highest seq heard of it, so that an older change never wins
const orders = new Map(); // order id -> order; never forgotten
const byExternalId = new Map(); // externalId -> order: the only key against doing an order twice
const owed = new Map(); // event id -> event that the listener has not taken yet
let hub = null; // the one subscription: { id, callback, query }

const failure = (status, code, reason) => Object.assign(new Error(reason), { status, code });
const instant = () => new Date().toISOString();

function verify(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': given = '' } = headers;
  const macs = given.split(' ').map((one) => Buffer.from(one.replace(/^v1,/, ''), 'base64'));
  const fits = SECRETS.some((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    const own = createHmac('sha256', key).update(`${id}.${at}.`).update(body).digest();
    return macs.some((mac) => mac.length === own.length && timingSafeEqual(mac, own));
  });
  if (!fits) throw failure(401, 'BAD_SIGNATURE', 'no signature fits');
  if (!(Math.abs(Date.now() / 1000 - Number(at)) <= 300)) throw failure(401, 'STALE', 'more than five minutes away');
}

// Your own systems go here: a code of docs/result-codes.md, or null when the line may be put on the list.
function refusalOf({ msisdn }) {
  return /^\+66\d{8,9}$/.test(msisdn ?? '') ? null : 'INVALID_FORMAT';
}

const characteristics = (item) =>
  Object.fromEntries((item.service.serviceCharacteristic ?? []).map(({ name, value }) => [name, value]));

/** What becomes of one item: its final state, with your service id when it was added. */
function fulfil(item, serviceId) {
  const { entryRef: ref, seq: text, ...terms } = characteristics(item);
  const seq = Number(text);
  const done = (id, state) => ({
    id: item.id,
    action: item.action,
    state: 'completed',
    service: id ? { id, state } : { serviceType: 'ZeroRating' },
  });
  const failed = (code) => ({
    id: item.id,
    action: item.action,
    state: 'failed',
    service: item.service.id ? { id: item.service.id } : { serviceType: 'ZeroRating' },
    errorMessage: [{ code, reason: code, timestamp: instant() }],
  });
  const held = services.get(item.service.id ?? serviceOf.get(ref));
  if (item.action === 'modify' && held?.ref !== ref) return failed('SERVICE_NOT_FOUND'); // it is ordered anew by "add"
  if (seq < (newest.get(ref) ?? 0)) return failed(item.action === 'delete' ? 'ALREADY_REMOVED' : 'ALREADY_APPLIED');
  const code = item.action === 'delete' ? null : refusalOf(terms);
  if (code) return failed(code);
  newest.set(ref, seq);
  if (item.action === 'delete') {
    if (!held) return failed('ALREADY_REMOVED');
    services.delete(held.id);
    serviceOf.delete(held.ref);
    return done(held.id, 'terminated');
  }
  const id = held?.id ?? serviceId;
  services.set(id, { id, ref, seq, terms });
  serviceOf.set(ref, id);
  return done(id, 'active');
}

/** Puts an order into the book; `names` are the ids that it was given, the same when it is read back. */
function take(order, names) {
  const items = order.serviceOrderItem.map((item, i) => fulfil(item, `svc-${names.id}-${i + 1}`));
  const failed = items.filter((one) => one.state === 'failed').length;
  const state = failed === 0 ? 'completed' : failed === items.length ? 'failed' : 'partial';
  const { id, at } = names;
  const done = { id, href: `${BASE}/serviceOrder/${id}`, externalId: order.externalId, state, orderDate: at };
  Object.assign(done, { completionDate: at, serviceOrderItem: items, '@type': 'ServiceOrder' });
  orders.set(id, done);
  byExternalId.set(order.externalId, done);
  const event = { eventId: `evt-${id}`, eventTime: at, eventType: 'ServiceOrderStateChangeEvent' };
  if (hub) owed.set(event.eventId, { ...event, correlationId: order.externalId, event: { serviceOrder: done } });
  return done;
}

/** What nobody listened for is looked up by the hub. */
function subscribe(listener) {
  hub = listener;
  if (!hub) owed.clear();
}

/** What was just taken, as it is said at once: the outcomes follow by event. */
const acknowledged = ({ completionDate: _, serviceOrderItem, ...order }) => ({
  ...order,
  state: 'acknowledged',
  serviceOrderItem: serviceOrderItem.map(({ id, action }) => ({
    id,
    action,
    state: 'acknowledged',
    service: { serviceType: 'ZeroRating' },
  })),
});

// What was taken is on the disk before it is answered; at the start it is all taken again, in the same order.
const before = existsSync(STORE) ? readFileSync(STORE, 'utf8').split('\n').filter(Boolean) : [];
for (const { order, names, told, subscribed } of before.map((text) => JSON.parse(text))) {
  if (order) take(order, names);
  if (told) owed.delete(told);
  if (subscribed !== undefined) subscribe(subscribed);
}
const journal = openSync(STORE, 'a');
const keep = (what) => (writeSync(journal, `${JSON.stringify(what)}\n`), fsyncSync(journal));

/** Posts what the listener has not heard; what it does not take comes again. */
async function tell() {
  for (const [id, event] of hub ? owed : []) {
    if (!hub) break; // it went while an event was on its way
    const address = `${hub.callback}/listener/serviceOrderStateChangeEvent`;
    const headers = { 'content-type': 'application/json;charset=utf-8' };
    const answer = await fetch(address, { method: 'POST', headers, body: JSON.stringify(event) }).catch(() => null);
    if (!answer || answer.status >= 500 || answer.status === 429) break;
    if (!answer.ok) console.error(`event ${id} was refused: ${await answer.text()}`);
    keep({ told: id });
    owed.delete(id);
  }
  setTimeout(tell, owed.size > 0 ? 1_000 : 50);
}

const ACTIONS = ['add', 'modify', 'delete'];

/** What is wrong with an order as a whole, or null: of one that is refused nothing is applied, and its key stays free. */
function troubleWith(order) {
  if (typeof order?.externalId !== 'string') return 'externalId is absent';
  const items = order.serviceOrderItem;
  if (!Array.isArray(items) || items.length === 0) return 'serviceOrderItem has no item';
  const whole = (one) => one?.id && one.service && ACTIONS.includes(one.action);
  if (!items.every(whole)) return 'an item has no id or service, or its action is not add, modify or delete';
  return items.every((one) => one.action !== 'modify' || one.service.id) ? null : 'a modify has no service.id';
}

function handle(method, url, headers, body) {
  const path = url.pathname.replace(BASE, '');
  const json = /^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '');
  if (method === 'POST' && !json) throw failure(415, '41501', 'Content-Type is not application/json');
  if (method === 'POST' && path === '/serviceOrder') {
    const order = JSON.parse(body);
    const trouble = troubleWith(order);
    if (trouble) throw failure(400, 'INVALID_FORMAT', trouble);
    const known = byExternalId.get(order.externalId);
    if (known) throw failure(409, '40901', `an order with this externalId is there: ${known.id}`);
    const names = { id: `SO-${randomUUID()}`, at: instant() };
    const taken = take(order, names);
    keep({ order, names });
    return [201, acknowledged(taken)];
  }
  if (method === 'GET' && path === '/serviceOrder') {
    const { externalId, offset = '0', limit = '50' } = Object.fromEntries(url.searchParams);
    const all = externalId ? [byExternalId.get(externalId)].filter(Boolean) : [...orders.values()];
    return [200, all.slice(Number(offset), Number(offset) + Number(limit)), { 'x-total-count': String(all.length) }];
  }
  const order = orders.get(path.replace('/serviceOrder/', ''));
  if (method === 'GET' && order) return [200, order];
  if (method === 'POST' && path === '/hub') {
    if (hub) throw failure(409, '40902', 'this server has one listener, and it is there');
    const { callback, query } = JSON.parse(body) ?? {};
    if (typeof callback !== 'string') throw failure(400, 'INVALID_FORMAT', 'callback is absent');
    subscribe({ id: randomUUID(), callback, query });
    keep({ subscribed: hub });
    return [201, hub];
  }
  if (method === 'DELETE' && hub && path === `/hub/${hub.id}`) {
    subscribe(null);
    keep({ subscribed: null });
    return [204, undefined];
  }
  throw failure(404, '40401', 'there is no such thing here');
}

createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece); // your gateway bounds the size
  const body = Buffer.concat(pieces);
  const [status, answer, headers = {}] = await Promise.resolve()
    .then(() => verify(request.headers, body))
    .then(() => handle(request.method, new URL(request.url, 'http://receiver'), request.headers, body))
    .catch((error) => {
      const { status = error instanceof SyntaxError ? 400 : 500, code = 'INVALID_FORMAT', message } = error;
      return [status, { code, reason: message, status: String(status), '@type': 'Error' }];
    });
  response.writeHead(status, { 'content-type': 'application/json;charset=utf-8', ...headers });
  response.end(answer === undefined ? undefined : JSON.stringify(answer));
}).listen(Number(PORT), '127.0.0.1', () => console.log(`${PROVIDER} receives at http://127.0.0.1:${PORT}`));
void tell();
