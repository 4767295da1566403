// A receiver that pulls (3BB's style): told by an event, it fetches its feed and posts outcomes. Plain Node, no packages.
// SIGNING_SECRETS=whsec_… CALLBACK_SECRET=whsec_… KEY=sk_… HUB=http://127.0.0.1:8080 PORT=4000 node 3bb.mjs
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';

const { PROVIDER = '3BB', HUB, KEY, PORT, SIGNING_SECRETS = '', CALLBACK_SECRET = '' } = process.env;
const STORE = process.env.STORE ?? `${PROVIDER}.journal`; // one for each environment: test and live never share it
const LOOK_MS = Number(process.env.LOOK_MS ?? 60_000); // it looks by itself, too: an event may get lost
const LONGEST_EVENT = 64 * 1024;

const held = new Map(); // ref -> { seq, terms }; terms null: removed. The seq stays, so that an older change never wins.
const owed = new Map(); // id -> body of a callback that the hub has not taken yet
let cursor = ''; // of the last page that is in the store
let notBefore = 0; // the hub said "later": nothing is asked before
let list = null; // refs named so far by a full list that is being read

const key = (secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
const sign = (secret, id, at, body) =>
  createHmac('sha256', key(secret)).update(`${id}.${at}.`).update(body).digest('base64');

function isGenuine(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': given } = headers;
  if (!id || !given || !(Math.abs(Date.now() / 1000 - Number(at)) <= 300)) return false;
  const good = SIGNING_SECRETS.split(' ').map((secret) => Buffer.from(`v1,${sign(secret, id, at, body)}`));
  return given.split(' ').some((one) => {
    const bytes = Buffer.from(one);
    return good.some((each) => each.length === bytes.length && timingSafeEqual(each, bytes));
  });
}

// A page counts only when it is whole: its last line says how many lines it has, and the hash of all before.
function read(text) {
  const rows = text.split('\n');
  if (rows.pop() !== '') throw new Error('the page was cut off');
  const end = JSON.parse(rows.pop());
  const hash = createHash('sha256')
    .update(rows.map((row) => `${row}\n`).join(''))
    .digest('hex');
  const [header, ...lines] = rows.map((row) => JSON.parse(row));
  if (end.end !== true || end.sha256 !== hash || end.count !== lines.length) throw new Error('the page is not whole');
  if (header.provider !== PROVIDER || !/^1\.\d+$/.test(header.contract)) throw new Error('the page is for another');
  return { header, lines, next: end.next };
}

// Your own systems go here: a code of docs/result-codes.md, or null when the line may be put on the list.
function refusalOf({ access, line }) {
  return (access === 'FB' ? /^\d{10}$/ : /^\+66\d{8,9}$/).test(line) ? null : 'INVALID_FORMAT';
}

// Applies a page, and owes the hub its outcomes. The same page again changes nothing.
function take(text) {
  const { header, lines, next } = read(text);
  const { batch, kind, part, parts, toSeq } = header;
  if (kind === 'full' && part === 1) list = new Set();
  const except = [];
  for (const { n, ref, seq, op, access, line, package: name, from, to } of lines) {
    list?.add(ref);
    const before = held.get(ref);
    const terms = op === 'ADD' ? [access, line, name, from, to ?? ''].join('|') : null;
    const code = op === 'ADD' ? refusalOf({ access, line }) : null;
    if (code) except.push({ n, ref, outcome: 'rejected', code });
    else if ((before?.terms ?? null) === terms || before?.seq > seq) except.push({ n, ref, outcome: 'already' });
    if (!code && !(before?.seq > seq)) held.set(ref, { seq, terms });
  }
  if (kind === 'full' && part === parts) {
    // What the list does not name is to be removed, unless it is newer than the list.
    for (const [ref, { seq }] of held) if (!list?.has(ref) && seq <= toSeq) held.set(ref, { seq, terms: null });
    list = null;
  }
  cursor = next;
  if (lines.length === 0) return;
  const id = `${PROVIDER}-${batch}-${part}`;
  const outcomes = { default: 'applied', except, first: lines[0].n, last: lines.at(-1).n };
  const event = { specversion: '1.0', id, source: `urn:provider:${PROVIDER}`, datacontenttype: 'application/json' };
  const data = { contract: '1.0', provider: PROVIDER, batch, outcomes };
  owed.set(id, JSON.stringify({ ...event, type: 'th.onde.saphan.whitelist.outcomes.v1', data }));
}

const get = (path) => fetch(`${HUB}${path}`, { headers: { authorization: `Bearer ${KEY}` } }); // asks for gzip, and unpacks

// From the cursor to the end of the feed. A page is in the store before the hub hears its cursor.
async function pull() {
  for (;;) {
    const answer = await get(`/v1/feed/${PROVIDER}/pages${cursor === '' ? '' : `?after=${cursor}`}`);
    if (answer.status === 204) return;
    if (answer.status === 410) {
      const { newest } = await (await get(`/v1/providers/${PROVIDER}/full-list`)).json();
      if (!newest?.kept) throw new Error('pages were erased; ask for a full list: POST …/full-list');
      cursor = newest.after === 'start' ? '' : newest.after;
      continue;
    }
    // 429 and 503 say how long to wait, in seconds; anything else that failed waits a second.
    notBefore = Date.now() + 1_000 * Number(answer.headers.get('retry-after') ?? 0);
    if (answer.status !== 200) throw new Error(`status ${answer.status}: ${await answer.text()}`);
    const page = await answer.text();
    read(page); // throws, and is fetched again, when it is not whole
    keep({ page });
    take(page);
  }
}

let wanted = true;
async function reader() {
  if (wanted && Date.now() >= notBefore) {
    wanted = false;
    await pull().catch((error) => {
      console.error(error.message);
      setTimeout(() => (wanted = true), 1_000);
    });
  }
  setTimeout(reader, 50);
}
setInterval(() => (wanted = true), LOOK_MS);

// 2xx: taken. Another 4xx than 408 and 429 is a mistake of this side: see what it says. All else comes again.
async function tell() {
  for (const [id, body] of owed) {
    const at = Math.floor(Date.now() / 1000);
    const headers = { 'webhook-id': id, 'webhook-timestamp': `${at}`, 'content-type': 'application/cloudevents+json' };
    headers['webhook-signature'] = `v1,${sign(CALLBACK_SECRET, id, at, body)}`;
    const url = `${HUB}/v1/providers/${PROVIDER}/acknowledgements`;
    const answer = await fetch(url, { method: 'POST', headers, body }).catch(() => null);
    if (!answer || answer.status >= 500 || answer.status === 408 || answer.status === 429) break; // again in a second
    if (!answer.ok) console.error(`outcomes ${id} were refused: ${await answer.text()}`);
    keep({ told: id });
    owed.delete(id);
  }
  setTimeout(tell, owed.size > 0 ? 1_000 : 50);
}

// At the start everything in the store is taken again, in the same order.
const before = existsSync(STORE) ? readFileSync(STORE, 'utf8').split('\n').filter(Boolean) : [];
for (const { page, told } of before.map((text) => JSON.parse(text))) {
  if (told) owed.delete(told);
  else take(page);
}
const journal = openSync(STORE, 'a');
const keep = (what) => (writeSync(journal, `${JSON.stringify(what)}\n`), fsyncSync(journal));

createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const body = Buffer.concat(pieces);
  const count = () => [...held.values()].filter(({ terms }) => terms !== null).length;
  if (request.method === 'GET' && request.url === '/held') return response.end(`${count()} ${cursor}\n`);
  if (body.length > LONGEST_EVENT || !isGenuine(request.headers, body)) return response.writeHead(401).end();
  wanted = true; // whatever it says: there may be something
  response.writeHead(204).end();
}).listen(Number(PORT), '127.0.0.1', () => console.log(`${PROVIDER} receives at http://127.0.0.1:${PORT}`));
void reader();
void tell();
