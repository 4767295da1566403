import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { Problem, type BatchHeader, type BatchLine } from '#contracts';
import { assertTmf641 } from '../../../test/support/tmf641-schema.js';
import { dtac } from '../profiles/dtac.js';
import { readTmfCallback, tokenOf } from './callback.js';
import { tmf641 } from './format.js';
import { answerOf, readNotification, readOrder } from './read-order.js';
import { externalIdOf, meaningOf, readExternalId, readItemId } from './words.js';

const header: BatchHeader = {
  provider: 'DTAC',
  number: 42,
  kind: 'delta',
  fromSeq: 40_001,
  toSeq: 41_000,
  part: 1,
  parts: 1,
  count: 4,
  sealedAt: new Date('2020-03-18T17:05:10Z'),
};
const line: BatchLine = {
  n: 1,
  op: 'ADD',
  ref: 'r-1',
  seq: 40_001,
  access: 'MB',
  line: '+66812345678',
  package: 'WAH-MB',
  from: '2020-03-19',
  to: '2020-06-30',
};
const span = { first: 1, last: 4 };
const key = { number: 42, part: 1, several: false };
const order = (changes: Record<string, unknown>): Record<string, unknown> => ({
  id: 'SO-1',
  externalId: externalIdOf('DTAC', key),
  state: 'completed',
  serviceOrderItem: [],
  ...changes,
});
const item = (
  id: string,
  state: string | undefined,
  changes: Record<string, unknown> = {},
): Record<string, unknown> => ({ id, action: 'add', state, service: {}, ...changes });

describe('an order', () => {
  test('is a ServiceOrder_Create of the swagger, sets nothing that a client may not set, and is the same every time', () => {
    const lines: BatchLine[] = [
      line,
      { ...line, n: 2, ref: 'r-2', to: null, package: null },
      { ...line, n: 3, ref: 'r-3', handle: 'svc-3' },
      { ...line, n: 4, ref: 'r-4', op: 'REMOVE', handle: 'svc-4' },
      { ...line, n: 5, ref: 'r-5', op: 'REMOVE', access: 'FB', line: '8801234567' },
    ];
    const bytes = tmf641.render(header, lines);
    assert.deepEqual(bytes, tmf641.render(header, structuredClone(lines)));
    const read = JSON.parse(bytes.toString()) as {
      externalId: string;
      serviceOrderItem: { id: string; action: string; service: Record<string, unknown> }[];
    };
    assertTmf641('ServiceOrder_Create', read);
    for (const name of ['id', 'href', 'orderDate', 'state']) assert.ok(!(name in read));
    assert.equal(read.externalId, 'SAPHAN-DTAC-000000042');
    assert.deepEqual(
      read.serviceOrderItem.map((one) => [one.id, one.action, one.service['id']]),
      [
        ['1-r-1', 'add', undefined],
        ['2-r-2', 'add', undefined],
        ['3-r-3', 'modify', 'svc-3'],
        ['4-r-4', 'delete', 'svc-4'],
        ['5-r-5', 'delete', undefined],
      ],
    );
    assert.equal(read.serviceOrderItem[0]!.service['endDate'], '2020-06-30T23:59:59+07:00');
    assert.ok(!('endDate' in read.serviceOrderItem[1]!.service));
    // With its own id the number is not told again; without, it is the only way to find the service.
    assert.ok(!JSON.stringify(read.serviceOrderItem[3]).includes('812345678'));
    assert.ok(JSON.stringify(read.serviceOrderItem[4]).includes('8801234567'));
  });

  test('is found again by its keys', () => {
    for (const one of [key, { number: 7, part: 3, several: true }, { number: 7, part: 1, several: true }]) {
      assert.deepEqual(readExternalId(externalIdOf('3BB', one), '3BB'), one);
    }
    for (const text of ['SAPHAN-DTAC-p0-000000042', 'SAPHAN-AIS-000000042', 'SAPHAN-DTAC-000000000', 'WAH-1', 7, null])
      assert.equal(readExternalId(text, 'DTAC'), null);
    assert.deepEqual(readItemId('12-0198f0c2-7a31'), { n: 12, ref: '0198f0c2-7a31' });
    for (const text of ['0-a', '1', '-a', 1, 'x-1']) assert.equal(readItemId(text), null);
    assert.equal(meaningOf('toString'), null);
  });
});

describe('what an order says', () => {
  test('completed: all lines, with the ids of what was added', () => {
    assert.deepEqual(
      readOrder(
        order({
          serviceOrderItem: [
            item('1-r-1', 'completed', { service: { id: 'svc-1' } }),
            item('2-r-2', 'completed', { action: 'delete', service: { id: 'svc-2' } }),
          ],
        }),
        'DTAC',
        span,
      ).outcomes,
      {
        default: 'applied',
        first: 1,
        last: 4,
        except: [{ n: 1, ref: 'r-1', outcome: 'applied', handle: 'svc-1' }],
      },
    );
  });

  test('partial: each item for itself, and nothing of those still under way', () => {
    const read = readOrder(
      order({
        state: 'partial',
        errorMessage: [{ code: 'NOT_SUBSCRIBER', serviceOrderItem: [{ id: '3-r-3', itemId: '3-r-3' }] }],
        serviceOrderItem: [
          item('1-r-1', 'completed'),
          item('2-r-2', 'failed', { errorMessage: [{ code: 'PORTED_OUT', reason: 'x' }] }),
          item('3-r-3', 'failed'),
          item('4-r-4', 'inProgress'),
        ],
      }),
      'DTAC',
      span,
    );
    assert.deepEqual(read.outcomes, {
      except: [
        { n: 1, ref: 'r-1', outcome: 'applied' },
        { n: 2, ref: 'r-2', outcome: 'rejected', code: 'PORTED_OUT' },
        { n: 3, ref: 'r-3', outcome: 'rejected', code: 'NOT_SUBSCRIBER' },
      ],
    });
  });

  test('failures by their code', () => {
    const cases: [unknown, object][] = [
      ['ALREADY_REMOVED', { outcome: 'already' }],
      ['LINE_SUSPENDED', { outcome: 'retryLater', code: 'LINE_SUSPENDED' }],
      ['E203', { outcome: 'rejected', code: 'PACKAGE_NOT_ELIGIBLE' }],
      ['IDENTIFIER_NOT_FOUND', { outcome: 'rejected', code: 'NOT_SUBSCRIBER' }],
      ['their own', { outcome: 'retryLater', code: 'PROVIDER_ERROR' }],
      [undefined, { outcome: 'retryLater', code: 'PROVIDER_ERROR' }],
    ];
    for (const [code, expected] of cases) {
      const { outcomes } = readOrder(
        order({ state: 'failed', serviceOrderItem: [item('1-r-1', 'rejected', { errorMessage: [{ code }] })] }),
        'DTAC',
        span,
      );
      assert.deepEqual(outcomes, { except: [{ n: 1, ref: 'r-1', ...expected }] });
    }
  });

  test('a service that is not there needs no removal, and is ordered anew where it was to be changed', () => {
    const read = (action: string, code: string, service: unknown = {}) =>
      readOrder(
        order({
          state: 'failed',
          serviceOrderItem: [item('1-r-1', 'failed', { action, service, errorMessage: [{ code }] })],
        }),
        'DTAC',
        span,
      ).outcomes?.except[0];
    assert.deepEqual(read('delete', 'SERVICE_NOT_FOUND'), { n: 1, ref: 'r-1', outcome: 'already', handle: null });
    assert.deepEqual(read('modify', '404'), {
      n: 1,
      ref: 'r-1',
      outcome: 'retryLater',
      code: 'PROVIDER_ERROR',
      handle: null,
    });
    assert.equal(read('add', 'SERVICE_NOT_FOUND')?.handle, undefined);
    // What is there already has its id all the same.
    assert.deepEqual(read('add', 'ALREADY_EXISTS', { id: 'svc-9' }), {
      n: 1,
      ref: 'r-1',
      outcome: 'already',
      handle: 'svc-9',
    });
  });

  test('under way: nothing yet; refused: as a whole', () => {
    for (const state of ['acknowledged', 'pending', 'held', 'inProgress'])
      assert.equal(readOrder(order({ state, serviceOrderItem: [item('1-r-1', state)] }), 'DTAC', span).outcomes, null);
    const refused = readOrder(
      order({ state: 'rejected', errorMessage: [{ code: 'QUOTA', reason: 'Line 0812345678 is one too many' }] }),
      'DTAC',
      span,
    );
    assert.deepEqual(answerOf(refused, 'DTAC'), {
      provider: 'DTAC',
      number: 42,
      receipt: 'refused',
      code: 'QUOTA',
      detail: 'order rejected QUOTA Line *** is one too many',
      outcomes: null,
    });
  });

  test('one of several orders speaks only of the items that it lists, unless its positions are known', () => {
    const part = order({
      externalId: externalIdOf('DTAC', { ...key, several: true }),
      serviceOrderItem: [item('1-r-1', 'completed'), item('2-r-2', undefined)],
    });
    assert.deepEqual(readOrder(part, 'DTAC', null).outcomes, {
      except: [
        { n: 1, ref: 'r-1', outcome: 'applied' },
        { n: 2, ref: 'r-2', outcome: 'applied' },
      ],
    });
    assert.deepEqual(readOrder(part, 'DTAC', { first: 1, last: 2 }).outcomes, {
      default: 'applied',
      except: [],
      first: 1,
      last: 2,
    });
    assert.deepEqual(readOrder(order({}), 'DTAC', null).outcomes, { default: 'applied', except: [] });
  });

  test('what is wrong is named', () => {
    const cases: [unknown, RegExp][] = [
      [[], /the order is an array/],
      [order({ externalId: 'x' }), /none that the hub gave to DTAC/],
      [order({ state: 'ready' }), /no state of a TMF641 order/],
      [order({ serviceOrderItem: {} }), /an array was expected/],
      [order({ serviceOrderItem: [item('9', 'completed')] }), /not the id that was sent/],
      [order({ serviceOrderItem: [item('5-r', 'completed')] }), /positions 1 to 4 were sent/],
      [order({ id: undefined }), /"id" of the order/],
      [order({ serviceOrderItem: [item('1-r', 'completed'), item('1-r', 'failed')] }), /a second time/],
      [order({ serviceOrderItem: [item('1-r', 'done')] }), /no state of a TMF641 item/],
    ];
    for (const [value, expected] of cases) assert.throws(() => readOrder(value, 'DTAC', span), expected);
  });
});

describe('notifications', () => {
  const event = (eventType: string, serviceOrder: unknown = order({})): Buffer =>
    Buffer.from(JSON.stringify({ eventId: 'e', eventType, event: { serviceOrder } }));
  const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
  const other = `whsec_${Buffer.alloc(32, 4).toString('base64')}`;

  test('in either letter case; others of the standard say nothing', () => {
    for (const type of [
      'ServiceOrderStateChangeEvent',
      'serviceOrderStateChangeEvent',
      'serviceOrderAttributeValueChangeEvent',
    ]) {
      assert.equal(readNotification(event(type), 'DTAC')?.key.number, 42);
    }
    assert.equal(readNotification(event('ServiceOrderMilestoneEvent'), 'DTAC'), null);
    assert.throws(() => readNotification(Buffer.from('{}'), 'DTAC'), /"eventType" is absent/);
    assert.throws(
      () => readNotification(Buffer.from('{"eventType":"ServiceOrderStateChangeEvent"}'), 'DTAC'),
      /"event" is absent/,
    );
  });

  test('count only with the token of the subscribed address, also of an older secret', () => {
    const body = event('ServiceOrderStateChangeEvent');
    const token = tokenOf(secret, 'DTAC');
    assert.equal(readTmfCallback(dtac, [other, secret], { 'callback-token': token }, body).number, 42);
    assert.deepEqual(
      readTmfCallback(dtac, [secret], { 'callback-token': token }, event('ServiceOrderMilestoneEvent')),
      { provider: 'DTAC', number: 0, receipt: null, outcomes: null },
    );
    for (const headers of [{}, { 'callback-token': 'x' }, { 'callback-token': tokenOf(secret, 'AIS') }]) {
      assert.throws(
        () => readTmfCallback(dtac, [secret], headers, body),
        (error: unknown) => error instanceof Problem && error.status === 401,
      );
    }
    assert.throws(
      () => readTmfCallback(dtac, [secret], { 'callback-token': token }, Buffer.from('<html>')),
      (error: unknown) => error instanceof Problem && error.status === 422,
    );
  });
});
