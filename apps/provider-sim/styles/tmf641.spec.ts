// The TMF641 style over real HTTP: orders, look-up, notifications, conflicts, and faults.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type SimulatedProvider, type Simulator, startSimulator } from '../simulator.js';
import { call, refOf, until } from '../sim-test-kit.js';

const BASE = '/tmf-api/serviceOrdering/v4';
const JSON_TYPE = { 'content-type': 'application/json;charset=utf-8' };

interface Item {
  id: string;
  action: string;
  state: string;
  service: { id?: string; state?: string };
  errorMessage?: { code: string; reason: string }[];
}

interface Order {
  id: string;
  externalId: string;
  state: string;
  serviceOrderItem: Item[];
}

interface Event {
  path: string;
  eventId: string;
  eventType: string;
  event: { serviceOrder: Order };
}

let simulator: Simulator;
let dtac: SimulatedProvider;
let listener: Server;
let events: Event[];

before(async () => {
  simulator = await startSimulator({ providers: ['DTAC'], seed: 3, settings: { DTAC: { style: 'tmf641' } } });
  dtac = simulator.get('DTAC');
  listener = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      events.push({ ...(JSON.parse(text) as Event), path: String(request.url) });
      response.writeHead(201).end('{}');
    });
  });
  await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done));
});

after(async () => {
  await simulator.stop();
  listener.closeAllConnections();
  listener.close();
});

beforeEach(() => {
  events = [];
  dtac.provider.reset();
  dtac.turn({ reject: { share: 0 }, silence: 0, faults: { error500After: 0 }, answer: { repeat: 0, omit: 0 } });
});

function url(path: string): string {
  return `${dtac.address.target}${BASE}${path}`;
}

async function subscribe(): Promise<{ id: string }> {
  const callback = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/tmf/dtac`;
  const { status, text } = await call(
    url('/hub'),
    'POST',
    JSON.stringify({ callback, query: 'eventType=ServiceOrderStateChangeEvent' }),
    JSON_TYPE,
  );
  assert.equal(status, 201);
  return JSON.parse(text) as { id: string };
}

function add(number: number, n: number, seq: number): unknown {
  return {
    id: String(n),
    action: 'add',
    '@type': 'ServiceOrderItem',
    service: {
      serviceType: 'ZeroRating',
      serviceSpecification: { id: 'wah-zero-rating', version: '1' },
      state: 'active',
      startDate: '2020-03-19T00:00:00+07:00',
      endDate: '2020-06-30T23:59:59+07:00',
      serviceCharacteristic: [
        { name: 'entryRef', value: refOf(number) },
        { name: 'seq', value: String(seq) },
        { name: 'msisdn', value: `+668${10_000_000 + number}` },
        { name: 'accessType', value: 'MOBILE_BROADBAND' },
        { name: 'package', value: 'WAH-MB' },
      ],
    },
  };
}

function create(batch: number, items: unknown[], change: Record<string, unknown> = {}): ReturnType<typeof call> {
  const body = JSON.stringify({
    externalId: `WAH-DTAC-${String(batch).padStart(5, '0')}`,
    category: 'ZeroRatingWhitelist',
    serviceOrderItem: items,
    ...change,
  });
  return call(url('/serviceOrder'), 'POST', body, JSON_TYPE);
}

describe('orders', () => {
  test('an order is acknowledged, told, found by its externalId, and its service ids are good for deleting', async () => {
    const { id } = await subscribe();
    dtac.turn({ reject: { share: 0.3, codes: ['PORTED_OUT'] } });
    const created = await create(
      1,
      Array.from({ length: 40 }, (_, i) => add(i, i + 1, i + 1)),
    );
    assert.equal(created.status, 201);
    const acknowledged = JSON.parse(created.text) as Order;
    assert.equal(acknowledged.state, 'acknowledged');
    assert.ok(acknowledged.serviceOrderItem.every((item) => item.state === 'acknowledged'));
    await until(() => events.length === 1);
    assert.equal(events[0]?.path, '/tmf/dtac/listener/serviceOrderStateChangeEvent');
    assert.match(events[0]?.eventType ?? '', /^serviceorderstatechangeevent$/i);
    const told = events[0]?.event.serviceOrder;
    assert.deepEqual([told?.id, told?.state, told?.externalId], [acknowledged.id, 'partial', 'WAH-DTAC-00001']);
    const failed = told?.serviceOrderItem.filter((item) => item.state === 'failed') ?? [];
    const completed = told?.serviceOrderItem.filter((item) => item.state === 'completed') ?? [];
    assert.ok(failed.length > 3 && failed.every((item) => item.errorMessage?.[0]?.code === 'PORTED_OUT'));
    assert.equal(completed.length, dtac.provider.applier.book.count);
    const found = JSON.parse(
      (await call(url('/serviceOrder?externalId=WAH-DTAC-00001'), 'GET', '', {})).text,
    ) as Order[];
    assert.deepEqual(
      found.map((order) => [order.id, order.state]),
      [[acknowledged.id, 'partial']],
    );
    assert.equal((await call(url(`/serviceOrder/${acknowledged.id}`), 'GET', '', {})).status, 200);
    assert.deepEqual(JSON.parse((await call(url('/serviceOrder?externalId=WAH-DTAC-00009'), 'GET', '', {})).text), []);
    await create(
      2,
      completed.map((item, i) => ({ id: String(i + 1), action: 'delete', service: { id: item.service.id } })),
    );
    await until(() => events.length === 2);
    assert.equal(events[1]?.event.serviceOrder.state, 'completed');
    assert.equal(dtac.provider.applier.book.count, 0);
    assert.deepEqual(dtac.provider.observer.state.violations, {});
    assert.equal((await call(url(`/hub/${id}`), 'DELETE', '', {})).status, 204);
  });

  test('a known externalId is a conflict, and after a failure the order is there to be looked up', async () => {
    dtac.turn({ faults: { error500After: 1 } });
    assert.equal((await create(1, [add(1, 1, 1)])).status, 500);
    dtac.turn({ faults: { error500After: 0 } });
    const found = JSON.parse(
      (await call(url('/serviceOrder?externalId=WAH-DTAC-00001'), 'GET', '', {})).text,
    ) as Order[];
    assert.equal(found[0]?.state, 'completed');
    const again = await create(1, [add(1, 1, 1)]);
    assert.equal(again.status, 409);
    assert.deepEqual(Object.keys(JSON.parse(again.text) as object).slice(0, 2), ['code', 'reason']);
    assert.equal(dtac.provider.applier.book.count, 1);
  });

  test('silent orders are found by polling, repeated events carry one id', async () => {
    const { id } = await subscribe();
    dtac.turn({ answer: { repeat: 1, reorderMs: 1 } });
    await create(11, [add(1, 1, 1)]);
    // Events of earlier orders may have waited for somebody to subscribe.
    const told = (): Event[] => events.filter((one) => one.event.serviceOrder.externalId === 'WAH-DTAC-00011');
    await until(() => told().length === 2);
    assert.equal(told()[0]?.eventId, told()[1]?.eventId);
    dtac.turn({ silence: 1 });
    const created = JSON.parse((await create(12, [add(2, 1, 2)])).text) as Order;
    const shown = JSON.parse((await call(url(`/serviceOrder/${created.id}`), 'GET', '', {})).text) as Order;
    assert.equal(shown.state, 'completed');
    assert.equal((await call(url(`/hub/${id}`), 'DELETE', '', {})).status, 204);
  });

  test('what is not an order is refused whole', async () => {
    assert.equal((await create(1, [])).status, 400);
    assert.equal((await create(1, [add(1, 1, 1)], { externalId: 'none' })).status, 400);
    assert.equal((await create(1, [add(1, 1, 1)], { state: 'acknowledged' })).status, 400);
    assert.equal((await create(1, [{ id: '1', action: 'remove', service: {} }])).status, 400);
    assert.equal((await call(url('/serviceOrder'), 'POST', '{', JSON_TYPE)).status, 400);
    assert.equal(dtac.provider.applier.book.count, 0);
  });

  test('one listener at a time, on this machine only', async () => {
    const { id } = await subscribe();
    const other = JSON.stringify({ callback: 'http://127.0.0.1:1/x' });
    assert.equal((await call(url('/hub'), 'POST', other, JSON_TYPE)).status, 409);
    assert.equal((await call(url('/hub/none'), 'DELETE', '', {})).status, 404);
    assert.equal((await call(url(`/hub/${id}`), 'DELETE', '', {})).status, 204);
    assert.equal(
      (await call(url('/hub'), 'POST', JSON.stringify({ callback: 'http://hub.example.com' }), JSON_TYPE)).status,
      400,
    );
  });
});
