import { test } from 'node:test';
import assert from 'node:assert/strict';
import { testLines } from '../batches.js';
import { judgeOutcomes } from './judge-outcomes.js';

const lines = testLines(4, 1, 'MB');
const rejected = (n: number) => ({ n, ref: lines[n - 1]!.ref, outcome: 'rejected' as const, code: 'QUOTA' as const });
const faults = (...told: Parameters<typeof judgeOutcomes>[1]): string[] =>
  judgeOutcomes(lines, told).faults.map((one) => one.fault);

test('parts in any order and repeated say it all once', () => {
  const first = { default: 'applied' as const, except: [rejected(2)], first: 1, last: 2 };
  const second = { default: 'already' as const, except: [], first: 3, last: 4 };
  for (const told of [
    [first, second],
    [second, first, second],
  ]) {
    const judged = judgeOutcomes(lines, told);
    assert.deepEqual([judged.missing, judged.faults], [0, []]);
    assert.deepEqual(
      [...judged.words].sort(([a], [b]) => a - b),
      [
        [1, 'applied'],
        [2, 'rejected'],
        [3, 'already'],
        [4, 'already'],
      ],
    );
    assert.equal(judged.codes.get(2), 'QUOTA');
  }
});

test('without a default only what is listed is answered', () => {
  assert.equal(judgeOutcomes(lines, [{ except: [rejected(1)] }]).missing, 3);
  assert.equal(judgeOutcomes(lines, []).missing, 4);
});

test('positions and refs that were not sent are named', () => {
  assert.deepEqual(faults({ default: 'applied', except: [], first: 1, last: 5 }), ['positionsWrong']);
  assert.deepEqual(faults({ except: [{ ...rejected(4), n: 5 }] }), ['positionsWrong']);
  assert.deepEqual(faults({ except: [{ ...rejected(1), n: 2 }] }), ['positionsWrong']);
});

test('applied and rejected contradict; a later try and "already" do not', () => {
  const all = { default: 'applied' as const, except: [] };
  assert.deepEqual(faults(all, { except: [rejected(3)] }), ['outcomesContradict']);
  assert.deepEqual(faults({ except: [{ ...rejected(3), outcome: 'retryLater' }] }, all), []);
  assert.deepEqual(faults({ default: 'already', except: [] }, all), []);
});
