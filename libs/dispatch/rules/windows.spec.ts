// Windows over midnight, on some days only, and at their very edges; by Bangkok's clock.
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { nextOpening } from './windows.js';

const at = (bangkok: string): number => Date.parse(`${bangkok}+07:00`);
const opening = (windows: Parameters<typeof nextOpening>[0], now: string): string | null => {
  const next = nextOpening(windows, at(now));
  return next === null ? null : new Date(next + 7 * 3_600_000).toISOString().slice(0, 16);
};
const NIGHT = [{ from: '22:00', to: '04:00' }];

describe('delivery windows', () => {
  test('without any it is always open', () => {
    assert.equal(opening(undefined, '2020-03-19T12:00'), null);
    assert.equal(opening([], '2020-03-19T12:00'), null);
  });

  test('a window over midnight is open on both sides of it, from its first minute and not in its last', () => {
    for (const open of ['2020-03-19T22:00', '2020-03-19T23:59:59.999', '2020-03-20T00:00', '2020-03-20T03:59:59.999'])
      assert.equal(opening(NIGHT, open), null, open);
    for (const shut of ['2020-03-19T04:00', '2020-03-19T12:00', '2020-03-19T21:59:59.999'])
      assert.equal(opening(NIGHT, shut), '2020-03-19T22:00', shut);
  });

  test('days are those on which it opens', () => {
    // 20 March 2020 was a Friday.
    const friday = [{ from: '22:00', to: '04:00', days: [5] }];
    assert.equal(opening(friday, '2020-03-21T03:00'), null);
    assert.equal(opening(friday, '2020-03-20T03:00'), '2020-03-20T22:00');
    assert.equal(opening(friday, '2020-03-21T04:00'), '2020-03-27T22:00');
  });

  test('of several the earliest counts, and a whole day may be written', () => {
    const two = [
      { from: '20:00', to: '21:00' },
      { from: '06:00', to: '07:00' },
    ];
    assert.equal(opening(two, '2020-03-19T08:00'), '2020-03-19T20:00');
    assert.equal(opening(two, '2020-03-19T21:00'), '2020-03-20T06:00');
    assert.equal(opening([{ from: '00:00', to: '24:00', days: [1, 2, 3, 4, 5, 6, 7] }], '2020-03-19T00:00'), null);
  });
});
