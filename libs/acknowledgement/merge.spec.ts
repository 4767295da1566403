// Merging is a union: commutative, associative, idempotent, and what it means depends on the set alone.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RESULT_CODE_ORDER, type ResultCode } from '#contracts';
import { heardOf, meantFor, merge, REROUTE_CODES, resolve, type Heard } from './merge.js';

const WORDS = ['applied', 'already', 'rejected', 'retryLater'] as const;
const word = fc.record({ word: fc.constantFrom(...WORDS), code: fc.constantFrom(...RESULT_CODE_ORDER) });
const heard = fc.array(word, { maxLength: 5 }).map((words) => unite(words));

function unite(words: readonly { word: (typeof WORDS)[number]; code: ResultCode }[]): Heard {
  return words.reduce<Heard>((set, each) => merge(set, heardOf(each.word, each.code)), {});
}

describe('merge', () => {
  test('is commutative', () => {
    fc.assert(fc.property(heard, heard, (a, b) => assert.deepEqual(merge(a, b), merge(b, a))));
  });

  test('is associative', () => {
    fc.assert(
      fc.property(heard, heard, heard, (a, b, c) => assert.deepEqual(merge(merge(a, b), c), merge(a, merge(b, c)))),
    );
  });

  test('is idempotent, and silence adds nothing', () => {
    fc.assert(
      fc.property(heard, (a) => {
        assert.deepEqual(merge(a, a), a);
        assert.deepEqual(merge(a, {}), a);
      }),
    );
  });

  test('any order and repetition of the same words means the same', () => {
    const words = fc.array(word, { minLength: 1, maxLength: 6 });
    const shuffled = words.chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2, maxLength: list.length * 2 }),
      ),
    );
    fc.assert(fc.property(shuffled, ([list, again]) => assert.deepEqual(resolve(unite(list)), resolve(unite(again)))));
  });

  test('nothing heard is ever unheard', () => {
    fc.assert(
      fc.property(heard, heard, (a, b) => {
        const both = merge(a, b);
        for (const key of Object.keys(a)) assert.ok(key in both);
      }),
    );
  });

  test('of two codes the first in the table stays', () => {
    assert.deepEqual(merge(heardOf('rejected', 'INVALID_FORMAT'), heardOf('rejected', 'PORTED_OUT')), {
      rejected: 'PORTED_OUT',
    });
    assert.deepEqual(merge(heardOf('retryLater', 'PROVIDER_ERROR'), heardOf('retryLater', 'QUOTA')), {
      retryLater: 'QUOTA',
    });
  });

  test("a rejection or delay without a code is the provider's own error", () => {
    assert.deepEqual(heardOf('rejected'), { rejected: 'PROVIDER_ERROR' });
    assert.deepEqual(heardOf('retryLater'), { retryLater: 'PROVIDER_ERROR' });
  });
});

describe('resolve', () => {
  test('every combination of words', () => {
    const meaning = (...words: (typeof WORDS)[number][]) =>
      resolve(unite(words.map((each) => ({ word: each, code: 'QUOTA' })))).word;
    assert.equal(meaning(), 'unknown');
    assert.equal(meaning('applied'), 'applied');
    assert.equal(meaning('already'), 'already');
    assert.equal(meaning('rejected'), 'rejected');
    assert.equal(meaning('retryLater'), 'retryLater');
    assert.equal(meaning('applied', 'already'), 'applied');
    assert.equal(meaning('applied', 'retryLater'), 'applied');
    assert.equal(meaning('already', 'retryLater'), 'already');
    assert.equal(meaning('rejected', 'retryLater'), 'rejected');
    for (const there of ['applied', 'already'] as const) {
      assert.equal(meaning(there, 'rejected'), 'uncertain');
      assert.equal(meaning(there, 'rejected', 'retryLater'), 'uncertain');
    }
    assert.equal(meaning('applied', 'already', 'retryLater'), 'applied');
    assert.equal(meaning(...WORDS), 'uncertain');
  });

  test('a named reason has its code, and only that', () => {
    fc.assert(
      fc.property(heard, (set) => {
        const resolution = resolve(set);
        const code = 'code' in resolution ? resolution.code : undefined;
        const expected =
          resolution.word === 'retryLater' ? set.retryLater : 'code' in resolution ? set.rejected : undefined;
        assert.equal(code, expected);
      }),
    );
  });
});

describe('meantFor', () => {
  const item = fc.record({
    n: fc.constant(1),
    ref: fc.constant('e'),
    outcome: fc.constantFrom(...WORDS),
    code: fc.option(fc.constantFrom(...RESULT_CODE_ORDER), { nil: undefined }),
  });

  test('a removal of a line that the provider does not have is done', () => {
    for (const code of REROUTE_CODES) {
      const said = { n: 1, ref: 'e', outcome: 'rejected', code } as const;
      assert.deepEqual(meantFor({ present: false }, said), { n: 1, ref: 'e', outcome: 'already' });
      assert.deepEqual(meantFor({ present: true }, said), said);
    }
    assert.deepEqual([...REROUTE_CODES], ['PORTED_OUT', 'NOT_SUBSCRIBER']);
  });

  test('heard in any order and as often as it likes, a removal means the same', () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 5 }), fc.boolean(), (items, present) => {
        const set = (list: typeof items) =>
          list.reduce<Heard>((all, each) => {
            const { outcome, code } = meantFor({ present }, each);
            return merge(all, heardOf(outcome, code));
          }, {});
        assert.deepEqual(set([...items, ...items].toReversed()), set(items));
        assert.deepEqual(meantFor({ present }, meantFor({ present }, items[0]!)), meantFor({ present }, items[0]!));
        if (!present) assert.ok(!REROUTE_CODES.some((code) => set(items).rejected === code));
      }),
    );
  });
});
