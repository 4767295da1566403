// Items made in bulk are those of the published definition.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { itemOf } from '../digest/definition.js';
import { ItemMaker } from './item-maker.js';

test('items in bulk are those of the definition, whatever is in them', () => {
  for (const length of [1, 16, 64]) {
    const secret = Buffer.alloc(length, 7);
    const maker = new ItemMaker(secret, 'TOT');
    for (const [access, line, key] of [
      ['MB', '+66812345678', 'M:66812345678'],
      ['FB', '1234567890', 'F:TOT:1234567890'],
    ] as const)
      for (const name of ['WAH30', 'แพ็กเกจ', 'x'.repeat(64)])
        for (const to of ['2020-07-10', null])
          assert.equal(
            maker.of(access, line, name, '2020-04-10', to).subarray(0, 16).toString('hex'),
            itemOf(secret, { key, package: name, from: '2020-04-10', to }).toString('hex'),
          );
  }
  assert.throws(() => new ItemMaker(Buffer.from('k'), 'TOT').of('MB', '+66', 'x'.repeat(2_000), '', null), RangeError);
});
