// The examples of docs/providers/dtac.md: valid by TM Forum's swagger, and what the project's code writes and reads.
import assert from 'node:assert/strict';
import type { BatchLine } from '#contracts';
import { tmf641 } from '../../../libs/adapters/tmf641/format.js';
import { answerOf, readNotification, readOrder } from '../../../libs/adapters/tmf641/read-order.js';
import { BASE_PATH, externalIdOf, readExternalId } from '../../../libs/adapters/tmf641/words.js';
import { LISTENER_PATH } from '../../../apps/api/tmf641/listener.controller.js';
import { assertTmf641 } from '../../support/tmf641-schema.js';
import { httpMessage } from '../http-message.js';

const SPAN = { first: 1, last: 4 };
const ref = (i: number): string => `0198f0c2-7a31-7c55-8d2f-0a4be1a5b0c${i}`;
const ADDED = { op: 'ADD', access: 'MB', package: 'WAH-MB', from: '2020-03-19', to: '2020-06-30' } as const;
const REMOVED = { op: 'REMOVE', access: 'MB', package: null, from: null, to: null } as const;
const LINES: BatchLine[] = [
  { ...ADDED, n: 1, ref: ref(1), seq: 40_001, line: '+66200000001' },
  { ...ADDED, n: 2, ref: ref(2), seq: 40_002, line: '+66200000002', to: null, handle: 'svc-0000778' },
  { ...REMOVED, n: 3, ref: ref(3), seq: 40_003, line: '+66200000003', handle: 'svc-0000779' },
  { ...REMOVED, n: 4, ref: ref(4), seq: 40_004, line: '+66200000004' },
];
/** What the event says, whichever way it is heard. */
const OUTCOMES = {
  except: [
    { n: 1, ref: ref(1), outcome: 'applied', handle: 'svc-0000801' },
    { n: 2, ref: ref(2), outcome: 'rejected', code: 'PACKAGE_NOT_ELIGIBLE' },
    { n: 3, ref: ref(3), outcome: 'applied' },
    { n: 4, ref: ref(4), outcome: 'already' },
  ],
};

/** Reads a notification as the listener does. */
function heard(text: string): ReturnType<typeof answerOf> {
  assertTmf641('ServiceOrderStateChangeEvent', JSON.parse(text));
  const order = readNotification(Buffer.from(text), 'DTAC');
  assert.ok(order, 'it says nothing of an order');
  return answerOf(order, 'DTAC');
}

export const EXAMPLES: Record<string, (text: string) => void> = {
  'dtac-order'(text) {
    const order = JSON.parse(text) as unknown;
    assertTmf641('ServiceOrder_Create', order);
    const header = { provider: 'DTAC', number: 42, kind: 'delta', fromSeq: 40_001, toSeq: 40_004 } as const;
    const sealedAt = new Date('2020-03-18T17:05:10Z');
    const bytes = tmf641.render({ ...header, part: 1, parts: 1, count: 4, sealedAt }, LINES);
    assert.deepEqual(order, JSON.parse(bytes.toString()));
  },
  'dtac-accepted'(text) {
    const order = JSON.parse(text) as unknown;
    assertTmf641('ServiceOrder', order);
    assert.equal(readOrder(order, 'DTAC', SPAN).outcomes, null);
  },
  'dtac-409': (text) => assertTmf641('Error', JSON.parse(text)),
  'dtac-400'(text) {
    assertTmf641('Error', JSON.parse(text));
    assert.equal((JSON.parse(text) as { code: string }).code, 'INVALID_FORMAT');
  },
  'dtac-hub'(text) {
    assertTmf641('EventSubscriptionInput', JSON.parse(text));
    const { callback } = JSON.parse(text) as { callback: string };
    assert.match(`${new URL(callback).pathname}/listener/serviceOrderStateChangeEvent`, LISTENER_PATH);
  },
  'dtac-hub-answer': (text) => assertTmf641('EventSubscription', JSON.parse(text)),
  'dtac-event'(text) {
    assert.deepEqual(heard(text), { provider: 'DTAC', number: 42, receipt: 'accepted', outcomes: OUTCOMES });
    const { event } = JSON.parse(text) as { event: { serviceOrder: unknown } };
    assertTmf641('ServiceOrder', event.serviceOrder);
    assert.deepEqual(readOrder(event.serviceOrder, 'DTAC', SPAN).outcomes, OUTCOMES);
  },
  'dtac-event-answer': (text) => assertTmf641('EventSubscription', JSON.parse(text)),
  'dtac-event-rejected'(text) {
    const { number, receipt, code } = heard(text);
    assert.deepEqual([number, receipt, code], [43, 'refused', 'INVALID_FORMAT']);
  },
  'dtac-no-service'(text) {
    assert.deepEqual(heard(text).outcomes, {
      except: [{ n: 1, ref: ref(1), outcome: 'retryLater', code: 'PROVIDER_ERROR', handle: null }],
    });
  },
  'dtac-lookup'(text) {
    const [, path = ''] = httpMessage(text).start.split(' ');
    const url = new URL(path, 'https://dtac.example');
    assert.equal(url.pathname, `${BASE_PATH}/serviceOrder`);
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      externalId: externalIdOf('DTAC', { number: 42, part: 1, several: false }),
      fields: 'id,externalId,state',
      offset: '0',
      limit: '500',
    });
  },
  'dtac-list'(text) {
    const [order] = JSON.parse(text) as { externalId: string }[];
    assertTmf641('ServiceOrder', order);
    assert.equal(readExternalId(order?.externalId, 'DTAC')?.number, 42);
  },
};
