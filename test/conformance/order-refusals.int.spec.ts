// docs/providers/receivers/dtac.mjs and what it must not take, or must not complete: said as docs/providers/dtac.md says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { signatureHeaders } from '../../libs/adapters/signing/standard-webhooks.js';
import { assertTmf641 } from '../support/tmf641-schema.js';
import { newSecret, startReceiver, type RunningReceiver } from './documented.js';

interface Item {
  state: string;
  service: { id?: string };
  errorMessage?: { code: string }[];
}
interface Order {
  id: string;
  state: string;
  serviceOrderItem: Item[];
}

const BASE = '/tmf-api/serviceOrdering/v4';
const secret = newSecret();
let receiver: RunningReceiver;

before(async () => {
  const source = readFileSync(join(process.cwd(), 'docs', 'providers', 'receivers', 'dtac.mjs'), 'utf8');
  receiver = await startReceiver(source, { SIGNING_SECRETS: secret });
});
after(() => receiver.stop());

async function call(path: string, body = '', type = 'application/json;charset=utf-8'): Promise<Response> {
  const headers = { 'content-type': type, ...signatureHeaders([secret], 'message', new Date(), body) };
  return fetch(`${receiver.target}${BASE}${path}`, body ? { method: 'POST', headers, body } : { headers });
}

const order = (number: number, items: unknown): string =>
  JSON.stringify({ externalId: `SAPHAN-DTAC-${String(number).padStart(9, '0')}`, serviceOrderItem: items });

function item(action: string, changes: { id?: string; ref?: string; seq?: number } = {}): unknown {
  const { id, ref = 'r-1', seq = 1 } = changes;
  const serviceCharacteristic = [
    { name: 'entryRef', value: ref },
    { name: 'seq', value: String(seq) },
    { name: 'msisdn', value: '+66200000001' },
  ];
  return { id: `1-${ref}`, action, service: { ...(id ? { id } : {}), serviceCharacteristic } };
}

/** Posts an order that is taken, and reads it back. */
async function done(number: number, items: unknown): Promise<Order> {
  const created = await call('/serviceOrder', order(number, items));
  assert.equal(created.status, 201);
  const { id } = (await created.json()) as Order;
  const shown = await call(`/serviceOrder/${id}`);
  const read = (await shown.json()) as Order;
  assertTmf641('ServiceOrder', read);
  return read;
}

const said = ({ state, serviceOrderItem: [first] }: Order): unknown[] => [
  state,
  first?.state,
  first?.errorMessage?.[0]?.code,
];

describe('the receiver of docs/providers/receivers/dtac.mjs', () => {
  test('refuses as a whole what is no order, and the key stays free', async () => {
    const refused: [string, number, string?][] = [
      [order(1, []), 400],
      [order(1, undefined), 400],
      [order(1, [item('noChange')]), 400],
      [order(1, [item('add'), item('activate', { ref: 'r-2' })]), 400],
      [order(1, [null]), 400],
      [order(1, [{ ...(item('add') as object), service: undefined }]), 400],
      [order(1, [{ ...(item('add') as object), id: undefined }]), 400],
      [order(1, [item('modify')]), 400],
      ['[]', 400],
      ['null', 400],
      ['{"serviceOrderItem":', 400],
      ['<html>Sign in</html>', 415, 'text/html'],
      [order(1, [item('add')]), 415, 'text/plain'],
    ];
    for (const [body, status, type] of refused) {
      const response = await call('/serviceOrder', body, type);
      assert.equal(response.status, status, body.slice(0, 200));
      assertTmf641('Error', await response.json());
    }
    assert.deepEqual(await (await call('/serviceOrder')).json(), []);
    assert.deepEqual(said(await done(1, [item('add')])), ['completed', 'completed', undefined]);
  });

  test('does not complete a change of a service that is not there, and makes none', async () => {
    const changed = await done(2, [item('modify', { id: 'svc-of-nobody', ref: 'r-2', seq: 2 })]);
    assert.deepEqual(said(changed), ['failed', 'failed', 'SERVICE_NOT_FOUND']);
    const removed = await done(3, [item('delete', { ref: 'r-2', seq: 3 })]);
    assert.deepEqual(said(removed), ['failed', 'failed', 'ALREADY_REMOVED']);
  });

  test('says of a delete of what is gone that it was so already, by its id and by its line', async () => {
    const {
      serviceOrderItem: [added],
    } = await done(4, [item('add', { ref: 'r-4', seq: 4 })]);
    const id = added?.service.id;
    assert.ok(id);
    assert.deepEqual(said(await done(5, [item('delete', { id, ref: 'r-4', seq: 5 })])), [
      'completed',
      'completed',
      undefined,
    ]);
    for (const [number, named] of [
      [6, { id }],
      [7, {}],
    ] as const) {
      const again = await done(number, [item('delete', { ...named, ref: 'r-4', seq: number })]);
      assert.deepEqual(said(again), ['failed', 'failed', 'ALREADY_REMOVED']);
    }
  });
});
