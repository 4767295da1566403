// What the tool requires of a provider's messages is what TM Forum's swagger requires, and no value that it names is missed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertTmf641, tmf641Definition } from '../../../../../test/support/tmf641-schema.js';
import { troubleWithError, troubleWithEvent, troubleWithOrder, troubleWithSubscription } from './shape.js';

type Loose = Record<string, unknown>;

const ITEM: Loose = { id: '1-r', action: 'add', state: 'completed', service: { id: 'svc-1', state: 'active' } };
const ORDER: Loose = {
  id: 'SO-1',
  href: 'https://dtac.example/SO-1',
  externalId: 'SAPHAN-DTAC-000000042',
  state: 'partial',
  orderDate: '2020-03-18T17:05:11Z',
  errorMessage: [{ code: 'QUOTA', reason: 'x', timestamp: '2020-03-18T17:05:11Z' }],
  serviceOrderItem: [ITEM],
};
const EVENT: Loose = {
  eventId: 'e-1',
  eventTime: '2020-03-18T18:22:40.004Z',
  eventType: 'ServiceOrderStateChangeEvent',
  correlationId: 'x',
  event: { serviceOrder: ORDER },
};

function valid(definition: string, value: unknown): boolean {
  try {
    assertTmf641(definition, value);
    return true;
  } catch (error) {
    if (error instanceof assert.AssertionError) return false;
    throw error;
  }
}

const withItem = (change: Loose): Loose => ({ ...ORDER, serviceOrderItem: [{ ...ITEM, ...change }] });

describe('the shape of', () => {
  const tables: [string, (value: unknown) => string[], unknown[], unknown[]][] = [
    [
      'ServiceOrder',
      troubleWithOrder,
      [ORDER, {}, withItem({ state: undefined }), withItem({ errorMessage: [{ code: 'X' }] }), { ...ORDER, later: 1 }],
      [
        [],
        { ...ORDER, id: 7 },
        { ...ORDER, state: 'ready' },
        { ...ORDER, orderDate: 'yesterday' },
        { ...ORDER, serviceOrderItem: {} },
        { ...ORDER, errorMessage: {} },
        { ...ORDER, errorMessage: ['x'] },
        { ...ORDER, errorMessage: [{ code: 7 }] },
        withItem({ id: undefined }),
        withItem({ action: undefined }),
        withItem({ action: 'activate' }),
        withItem({ service: undefined }),
        withItem({ service: 'svc-1' }),
        withItem({ service: { id: 7 } }),
        withItem({ state: 'done' }),
        withItem({ errorMessage: [{ timestamp: 'x' }] }),
      ],
    ],
    [
      'ServiceOrderStateChangeEvent',
      troubleWithEvent,
      [EVENT],
      [
        { ...EVENT, eventTime: 'now' },
        { ...EVENT, eventId: 7 },
        { ...EVENT, correlationId: 7 },
        { ...EVENT, event: [] },
        { ...EVENT, event: { serviceOrder: withItem({ action: undefined }) } },
      ],
    ],
    [
      'Error',
      troubleWithError,
      [{ code: '40901', reason: 'x' }],
      [{ code: 'x' }, { reason: 'x' }, { code: 7, reason: 'x' }, { code: 'x', reason: 'x', message: 7 }, 'x', null],
    ],
    [
      'EventSubscription',
      troubleWithSubscription,
      [{ id: '42', callback: 'https://hub.example' }],
      [{ id: '42' }, { callback: 'x' }, { id: 42, callback: 'x' }, { id: '42', callback: 'x', query: 7 }, []],
    ],
  ];
  for (const [definition, trouble, right, wrong] of tables) {
    test(`${definition} is judged as the swagger judges it`, () => {
      for (const value of right) {
        assert.deepEqual([valid(definition, value), trouble(value)], [true, []], JSON.stringify(value));
      }
      for (const value of wrong) {
        assert.ok(!valid(definition, value), `the swagger takes ${JSON.stringify(value)}`);
        assert.ok(trouble(value).length > 0, `not found: ${JSON.stringify(value)}`);
      }
    });
  }

  test('every action and state of the swagger is known', () => {
    for (const action of tmf641Definition('OrderItemActionType').enum ?? [])
      assert.deepEqual(troubleWithOrder(withItem({ action })), []);
    for (const state of tmf641Definition('ServiceOrderStateType').enum ?? [])
      assert.deepEqual(troubleWithOrder({ ...ORDER, state }), []);
    for (const state of tmf641Definition('ServiceOrderItemStateType').enum ?? [])
      assert.deepEqual(troubleWithOrder(withItem({ state })), []);
  });

  test('an event without an id, or with a Buddhist year, is found although the swagger lets it pass', () => {
    assert.deepEqual(troubleWithEvent({ ...EVENT, eventId: undefined }), ['eventId is absent']);
    assert.match(troubleWithEvent({ ...EVENT, eventTime: '2563-03-18T18:22:40Z' })[0] ?? '', /Buddhist year/);
  });
});
