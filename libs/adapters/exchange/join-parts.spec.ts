import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Outcomes } from '#contracts';
import { joinParts, type PartOutcomes } from './join-parts.js';

const part = (first: number, last: number, outcomes: Outcomes | null): PartOutcomes => ({
  span: { first, last },
  outcomes,
});
const line = (n: number) => ({ n, ref: `r${n}`, outcome: 'rejected' as const, code: 'QUOTA' as const });

test('parts that are all spoken for are one', () => {
  assert.deepEqual(
    joinParts([
      part(1, 5, { default: 'applied', except: [line(2)] }),
      part(6, 9, { default: 'already', first: 6, last: 9, except: [line(7)] }),
    ]),
    { default: 'applied', except: [line(2), line(7)], first: 1, last: 9 },
  );
});

test('nothing is said for parts that said nothing', () => {
  assert.equal(joinParts([part(1, 5, null), part(6, 9, null)]), null);
  const some = [
    part(1, 5, null),
    part(6, 9, { default: 'applied', except: [] }),
    part(10, 20, { default: 'applied', except: [] }),
    part(21, 22, { except: [line(21)] }),
  ];
  assert.deepEqual(joinParts(some), { default: 'applied', except: [line(21)], first: 6, last: 20 });
  assert.deepEqual(joinParts([part(1, 2, { except: [line(1)] }), part(3, 4, null)]), { except: [line(1)] });
});

test('property: a position gets a default only if its own part gave one for all of it', () => {
  const choice = fc.constantFrom<Outcomes | null>(
    null,
    { except: [] },
    { default: 'applied', except: [] },
    { default: 'already', except: [] },
    { default: 'applied', except: [], first: 1, last: 1 },
  );
  fc.assert(
    fc.property(fc.array(choice, { minLength: 2, maxLength: 8 }), (choices) => {
      const parts = choices.map((outcomes, i) => part(i * 3 + 1, i * 3 + 3, outcomes));
      const joined = joinParts(parts);
      if (!joined?.default) return;
      for (const { span, outcomes } of parts) {
        const inside = span.first >= joined.first! && span.last <= joined.last!;
        if (inside) assert.ok(outcomes?.default && outcomes.last === undefined);
        else assert.ok(span.last < joined.first! || span.first > joined.last!);
      }
    }),
  );
});
