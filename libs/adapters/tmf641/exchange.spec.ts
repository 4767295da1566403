// The exchange against servers that are awkward in ways that the simulator is not: paging, filters, listeners.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ProviderAdapter, SealedBatch } from '#contracts';
import { assertTmf641 } from '../../../test/support/tmf641-schema.js';
import { makeAdapter } from '../make-adapter.js';
import type { AdapterNotice } from '../options.js';
import { withEndpoint } from '../profiles/defaults.js';
import { dtac } from '../profiles/dtac.js';
import { LOOPBACK_NETWORKS } from '../transports/target-guard.js';
import { inMemory, type SubscriptionStore } from './subscription.js';
import { BASE_PATH, externalIdOf } from './words.js';

const SECRET = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
const calm = new AbortController().signal;
const batch: SealedBatch = {
  provider: 'DTAC',
  number: 42,
  kind: 'delta',
  fromSeq: 1,
  toSeq: 1,
  lineCount: 1,
  sealedAt: new Date('2020-03-18T17:05:10Z'),
  sha256: '00',
};

interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

let server: Server;
let requests: string[];
let answers: (method: string, path: string, query: URLSearchParams) => Answer;
let notices: AdapterNotice[];
let now: number;

beforeEach(async () => {
  requests = [];
  notices = [];
  now = Date.now();
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    const path = url.pathname.slice(BASE_PATH.length);
    requests.push(`${request.method} ${path}`);
    let body = '';
    request
      .on('data', (chunk: Buffer) => (body += chunk.toString()))
      .on('end', () => {
        if (path === '/hub') assertTmf641('EventSubscriptionInput', JSON.parse(body));
        const answer = answers(request.method ?? '', path, url.searchParams);
        response.writeHead(answer.status, answer.headers);
        response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
      });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function adapter(store?: SubscriptionStore, base: string | undefined = 'http://127.0.0.1:1'): ProviderAdapter {
  const profile = withEndpoint(dtac, { target: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  return makeAdapter(profile, {
    secrets: { secret: () => SECRET },
    allowedNetworks: LOOPBACK_NETWORKS,
    callbackBase: () => base,
    clock: () => new Date(now),
    notice: (notice) => notices.push(notice),
    ...(store ? { subscriptions: () => store } : {}),
  });
}

const keyOf = (number: number): string => externalIdOf('DTAC', { number, part: 1, several: false });
const orders = (numbers: number[]): unknown[] =>
  numbers.map((number) => ({ id: `SO-${number}`, externalId: keyOf(number), state: 'completed' }));

describe('lists of orders', () => {
  test('a server with small pages, with or without a count, is read to its end', async () => {
    const all = orders(Array.from({ length: 23 }, (_, i) => i + 1));
    for (const counted of [true, false]) {
      requests = [];
      answers = (_method, _path, query) => {
        const offset = Number(query.get('offset'));
        const found = all.filter((each) =>
          [null, (each as { externalId: string }).externalId].includes(query.get('externalId')),
        );
        const page = found.slice(offset, offset + 10);
        return { status: 206, body: page, ...(counted ? { headers: { 'x-total-count': String(found.length) } } : {}) };
      };
      const one = adapter();
      const told = (number: number) => ({ said: 'number', number, sha256: null, appliedSeq: null });
      assert.deepEqual(await one.highestNumber(22, calm), told(23));
      // Two look-ups of the next number first, then the list: no page more than it has.
      assert.equal(requests.length, counted ? 5 : 7);
      requests = [];
      assert.deepEqual(await one.highestNumber(23, calm), told(23));
      assert.equal(requests.length, 2);
      await one.close();
    }
  });

  test('a server that ignores the filter is read until the order is found; one that never ends cannot tell', async () => {
    const all = orders(Array.from({ length: 60 }, (_, i) => i + 1));
    answers = (_method, path, query) => {
      if (path === '/hub') return { status: 201, body: { id: '1', callback: 'http://127.0.0.1:1' } };
      if (path !== '/serviceOrder') return { status: 200, body: { ...(all[41] as object), serviceOrderItem: [] } };
      const offset = Number(query.get('offset'));
      return { status: 200, body: all.slice(offset, offset + 25), headers: { 'x-total-count': '60' } };
    };
    const one = adapter();
    const found = await one.ask(batch, calm);
    assert.deepEqual(found, {
      answer: 'has',
      sha256: null,
      outcomes: { default: 'applied', except: [], first: 1, last: 1 },
    });
    assert.equal((await one.ask({ ...batch, number: 61 }, calm)).answer, 'hasNot');
    answers = () => ({ status: 200, body: all.slice(0, 5) });
    assert.equal((await one.ask({ ...batch, number: 61 }, calm)).answer, 'cannotTell');
    assert.equal((await one.highestNumber(4, calm)).said, 'notReached');
    await one.close();
  });

  test('an order that was rejected as a whole is found as refused', async () => {
    answers = (method, path) =>
      path === '/hub'
        ? { status: 201, body: { id: '1', callback: 'x' } }
        : path === '/serviceOrder'
          ? { status: method === 'POST' ? 409 : 200, body: orders([42]), headers: { 'x-total-count': '1' } }
          : {
              status: 200,
              body: {
                id: 'SO-42',
                externalId: keyOf(42),
                state: 'rejected',
                errorMessage: [{ code: 'QUOTA', reason: 'no' }],
              },
            };
    const one = adapter();
    const asked = await one.ask(batch, calm);
    assert.ok(asked.answer === 'refused' && asked.code === 'QUOTA');
    await one.close();
  });
});

describe('the subscription', () => {
  /** A server for one listener, with nothing else to say. */
  function single(): { id: string | null } {
    const there: { id: string | null } = { id: null };
    let made = 0;
    answers = (method, path) => {
      if (path.startsWith('/hub/')) {
        if (there.id !== path.slice(5)) return { status: 404, body: { code: '404', reason: 'none' } };
        there.id = null;
        return { status: 204 };
      }
      if (method === 'POST' && path === '/hub') {
        if (there.id !== null) return { status: 409, body: { code: '409', reason: 'there is one' } };
        there.id = String(++made);
        return { status: 201, body: { id: there.id, callback: 'x' } };
      }
      if (path === '/serviceOrder') return { status: 200, body: orders([42]), headers: { 'x-total-count': '1' } };
      return { status: 200, body: { ...(orders([42])[0] as object), serviceOrderItem: [] } };
    };
    return there;
  }
  const hubRequests = (): string[] => requests.filter((one) => one.includes('/hub'));

  test('is made once, renewed in time, and a lost one is made again then', async () => {
    const there = single();
    const store = { ...inMemory(), shared: true };
    const one = adapter(store);
    await one.ask({ ...batch, sealedAt: new Date(now) }, calm);
    await one.ask({ ...batch, sealedAt: new Date(now) }, calm);
    assert.deepEqual(hubRequests(), ['POST /hub']);
    now += 11 * 60_000;
    await one.ask({ ...batch, sealedAt: new Date(now) }, calm);
    assert.deepEqual(hubRequests(), ['POST /hub', 'POST /hub'], 'refused with 409: it is still there');
    assert.equal(there.id, '1');
    there.id = null;
    now += 11 * 60_000;
    await one.ask({ ...batch, sealedAt: new Date(now) }, calm);
    assert.equal(there.id, '2');
    assert.equal((await store.load())?.id, '2');
    await one.close();
    assert.equal(there.id, '2', 'a shared one outlives the process');
    const next = adapter(store);
    requests = [];
    await next.ask({ ...batch, sealedAt: new Date(now) }, calm);
    assert.deepEqual(hubRequests(), []);
    await next.close();
  });

  test('is made again at once when an order is found done that no event told of', async () => {
    const there = single();
    const one = adapter();
    await one.ask({ ...batch, sealedAt: new Date(now) }, calm);
    there.id = null;
    now += 6_000;
    // Found after the ten minutes of silence that the profile allows.
    await one.ask({ ...batch, sealedAt: new Date(now - 600_000) }, calm);
    await one.ask({ ...batch, sealedAt: new Date(now) }, calm);
    assert.equal(there.id, '2');
    await one.close();
    assert.equal(there.id, null, 'one that nobody would find again is ended');
  });

  test('another listener, whose id nobody told, is left alone and told of', async () => {
    const there = single();
    there.id = 'foreign';
    const one = adapter();
    assert.equal((await one.ask(batch, calm)).answer, 'has');
    assert.equal(there.id, 'foreign');
    assert.match(notices[0]?.text ?? '', /another listener/);
    await one.close();
  });

  test('without a public address there is none, and that is told', async () => {
    single();
    const one = adapter(undefined, '');
    const none = makeAdapter(one.profile, {
      secrets: { secret: () => SECRET },
      allowedNetworks: LOOPBACK_NETWORKS,
      notice: (notice) => notices.push(notice),
    });
    assert.equal((await none.ask(batch, calm)).answer, 'has');
    assert.deepEqual(hubRequests(), []);
    assert.match(notices[0]?.text ?? '', /SAPHAN_PUBLIC_URL/);
    await Promise.all([one.close(), none.close()]);
  });
});
