// Sharing out the room for removals, against what must hold whatever the numbers are.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { dailyBudget, freeKind, judgeRemovals } from './judge.js';

describe('judgeRemovals', () => {
  test('as many go as there is room for, in order; nothing is drawn beyond any account', () => {
    const room = fc.record({
      budget: fc.integer({ min: -50, max: 50 }),
      planned: fc.array(fc.nat(20), { maxLength: 3 }),
      handOvers: fc.array(fc.nat(20), { maxLength: 3 }),
    });
    const removals = fc.array(fc.option(fc.nat(3), { nil: null }), { maxLength: 120 });
    fc.assert(
      fc.property(removals, room, (drawn, { budget, planned, handOvers }) => {
        const rows = drawn.map((handOver, lineId) => ({ lineId, handOver }));
        const { draws, held } = judgeRemovals(rows, {
          budget,
          planned: planned.map((left, id) => ({ id, left })),
          handOvers: new Map(handOvers.map((left, id) => [id, left])),
        });
        const on = (kind: string, subject: number | null) =>
          draws
            .filter((each) => each.kind === kind && each.subject === subject)
            .reduce((sum, { lines }) => sum + lines, 0);
        assert.equal(held.length + draws.reduce((sum, { lines }) => sum + lines, 0), rows.length);
        assert.ok(on('budget', null) <= Math.max(0, budget));
        for (const [id, left] of planned.entries()) assert.ok(on('planned', id) <= left);
        for (const [id, left] of handOvers.entries()) {
          const own = rows.filter((row) => row.handOver === id).length;
          assert.equal(on('handOver', id), Math.min(own, left), 'a hand-over has its own first');
        }
        const shared = Math.max(0, budget) + planned.reduce((sum, left) => sum + left, 0);
        if (held.length > 0)
          assert.equal(on('budget', null) + planned.reduce((sum, _, id) => sum + on('planned', id), 0), shared);
        if (on('budget', null) > 0)
          for (const [id, left] of planned.entries()) assert.equal(on('planned', id), left, 'plans first');
        assert.deepEqual(
          held,
          held.toSorted((a, b) => a - b),
        );
      }),
      { numRuns: 2000 },
    );
  });
});

test('one per cent, and never less than 200', () => {
  assert.deepEqual([0, 19_999, 20_000, 20_100, 3_000_000].map(dailyBudget), [200, 200, 200, 201, 30_000]);
});

test('only a withdrawal and an expiry are never held', () => {
  assert.deepEqual([freeKind('withdrawn'), freeKind('expired')], ['withdrawn', 'expired']);
  for (const cause of ['cancelled', 'amended', 'undone', 'moved', 'released', 'repaired', 'started'] as const)
    assert.equal(freeKind(cause), null);
});
