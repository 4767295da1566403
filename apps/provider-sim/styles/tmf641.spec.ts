// The TMF641 style over real HTTP: orders, look-up, notifications, conflicts, and faults.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type SimulatedProvider, type Simulator, startSimulator } from '../simulator.js';
import { tmf641Witness } from '../../../test/support/tmf641-schema.js';
import { call, refOf, until } from '../sim-test-kit.js';

const { witness, seen, faults } = tmf641Witness();

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
  simulator = await startSimulator({ providers: ['DTAC'], seed: 3, settings: { DTAC: { witness } } });
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
  dtac.turn({
    reject: { share: 0 },
    silence: 0,
    poison: 0,
    faults: { error500After: 0 },
    answer: { repeat: 0, omit: 0 },
    orders: {
      listeners: 'one',
      loseSubscriptions: 0,
      conflict: 0,
      earlyEvents: 0,
      refuse: 'atOnce',
      filter: 'on',
      page: 100,
    },
  });
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
    assert.match(events[0]?.path ?? '', /^\/tmf\/dtac\/listener(?:\/serviceorderstatechangeevent)?$/i);
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
    const html = { 'content-type': 'text/html' };
    assert.equal((await call(url('/serviceOrder'), 'POST', '<html>', html)).status, 415);
    assert.equal((await create(1, [add(1, 1, 1)], { serviceOrderItem: [add(1, 1, 1), null] })).status, 400);
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

  test('early events, in any letter case and at either address', async () => {
    const { id } = await subscribe();
    dtac.turn({ orders: { earlyEvents: 1 }, answer: { reorderMs: 20 } });
    for (let batch = 1; batch <= 20; batch++) await create(batch, [add(batch, 1, batch)]);
    await until(() => events.length === 60);
    const states = new Set(events.map((one) => one.event.serviceOrder.state));
    assert.deepEqual([...states].toSorted(), ['acknowledged', 'completed', 'inProgress']);
    assert.ok(new Set(events.map((one) => one.eventType)).size > 3);
    assert.ok(events.some((one) => one.path === '/tmf/dtac/listener'));
    assert.ok(events.some((one) => one.path.endsWith('/SERVICEORDERSTATECHANGEEVENT')));
    assert.equal((await call(url(`/hub/${id}`), 'DELETE', '', {})).status, 204);
  });

  test('a lost subscription loses events, several listeners are all told', async () => {
    await subscribe();
    dtac.turn({ orders: { loseSubscriptions: 1 } });
    await create(1, [add(1, 1, 1)]);
    assert.equal((dtac.state()['subscriptions'] as unknown[]).length, 0);
    await until(() => (dtac.state()['callbacks'] as { unheard: number }).unheard > 0);
    dtac.turn({ orders: { loseSubscriptions: 0, listeners: 'many' } });
    const [one, other] = [await subscribe(), await subscribe()];
    await create(2, [add(2, 1, 2)]);
    await until(() => events.length === 2);
    for (const { id } of [one, other]) assert.equal((await call(url(`/hub/${id}`), 'DELETE', '', {})).status, 204);
  });

  test('a new order may be taken and answered 409, or taken and rejected as a whole later', async () => {
    const { id } = await subscribe();
    dtac.turn({ orders: { conflict: 1 } });
    assert.equal((await create(1, [add(1, 1, 1)])).status, 409);
    assert.equal(dtac.provider.applier.book.count, 1);
    dtac.turn({ orders: { conflict: 0, refuse: 'later' }, poison: 1 });
    assert.equal((await create(2, [add(2, 1, 2)])).status, 201);
    await until(() => events.some((one) => one.event.serviceOrder.state === 'rejected'));
    assert.equal((await create(2, [add(2, 1, 2)])).status, 409);
    const [found] = JSON.parse(
      (await call(url('/serviceOrder?externalId=WAH-DTAC-00002'), 'GET', '', {})).text,
    ) as Order[];
    assert.equal(found?.state, 'rejected');
    assert.equal(dtac.provider.applier.book.count, 1);
    assert.equal((await call(url(`/hub/${id}`), 'DELETE', '', {})).status, 204);
  });

  test('orders are listed in pages, with counts and with the fields that were asked for', async () => {
    for (let batch = 1; batch <= 5; batch++) await create(batch, [add(batch, 1, batch)]);
    dtac.turn({ orders: { page: 2, filter: 'off' } });
    const page = async (offset: number): Promise<Partial<Order>[]> =>
      JSON.parse(
        (await call(url(`/serviceOrder?fields=id,externalId&offset=${offset}&limit=50&externalId=x`), 'GET', '', {}))
          .text,
      ) as Partial<Order>[];
    assert.deepEqual(
      [...(await page(0)), ...(await page(2)), ...(await page(4)), ...(await page(6))].map((one) => one.externalId),
      [1, 2, 3, 4, 5].map((batch) => `WAH-DTAC-0000${batch}`),
    );
    assert.equal((await page(0))[0]?.serviceOrderItem, undefined);
  });

  test('a service is changed and deleted by its own id; what is not there cannot be changed', async () => {
    await create(1, [add(1, 1, 1)]);
    const order = (batch: number): Promise<Order> =>
      call(url(`/serviceOrder?externalId=WAH-DTAC-0000${batch}`), 'GET', '', {}).then(
        ({ text }) => (JSON.parse(text) as Order[])[0]!,
      );
    const id = (await order(1)).serviceOrderItem[0]?.service.id;
    const modify = (n: number, entry: number, seq: number): unknown => {
      const item = add(entry, n, seq) as { service: object };
      return { ...item, action: 'modify', service: { ...item.service, id, endDate: '2020-07-31T23:59:59+07:00' } };
    };
    await create(2, [modify(1, 1, 2)]);
    assert.equal((await order(2)).state, 'completed');
    assert.equal(dtac.provider.applier.book.get(refOf(1))?.to, '2020-07-31');
    const { byServiceId } = dtac.state()['deletes'] as { byServiceId: number };
    await create(3, [{ id: '1', action: 'delete', service: { id } }]);
    assert.equal((dtac.state()['deletes'] as { byServiceId: number }).byServiceId, byServiceId + 1);
    await create(4, [modify(1, 1, 4)]);
    const failed = await order(4);
    assert.deepEqual(
      [failed.state, failed.serviceOrderItem[0]?.errorMessage?.[0]?.code],
      ['failed', 'SERVICE_NOT_FOUND'],
    );
    assert.equal(dtac.provider.applier.book.count, 0);
    await create(7, [{ id: '1', action: 'delete', service: { id } }, add(7, 2, 7)]);
    const gone = await order(7);
    assert.deepEqual(
      [gone.state, ...gone.serviceOrderItem.map((item) => [item.state, item.errorMessage?.[0]?.code])],
      ['partial', ['failed', 'ALREADY_REMOVED'], ['completed', undefined]],
    );
    const listed = JSON.parse((await call(url('/serviceOrder?fields=id,state'), 'GET', '', {})).text) as Order[];
    assert.deepEqual(
      listed.map((one) => one.state),
      ['completed', 'completed', 'completed', 'failed', 'partial'],
    );
    await create(8, [{ id: '1', action: 'delete', service: { id: gone.serviceOrderItem[1]?.service.id } }]);
    assert.equal(dtac.provider.applier.book.count, 0);
    await create(5, [add(1, 1, 5)]);
    const byLine = [
      { name: 'msisdn', value: '+66810000001' },
      { name: 'entryRef', value: refOf(1) },
    ];
    await create(6, [{ id: '1', action: 'delete', service: { serviceCharacteristic: byLine } }]);
    assert.equal(dtac.provider.applier.book.count, 0);
    assert.equal((dtac.state()['deletes'] as { heldByLine: number }).heldByLine, 1);
  });

  test('everything that was said in either direction is what the standard says', () => {
    assert.deepEqual([...faults], []);
    for (const kind of ['order', 'answer', 'list', 'error', 'hub', 'hubAnswer', 'event'] as const)
      assert.ok((seen.get(kind) ?? 0) > 0, kind);
  });
});
