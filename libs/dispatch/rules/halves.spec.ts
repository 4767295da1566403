// Halves of a refused batch: nothing is lost, nothing is in both, and offenders end up alone.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { halve, type Range } from './halves.js';

const lines = fc
  .uniqueArray(fc.integer({ min: 1, max: 300 }), { minLength: 2, maxLength: 60 })
  .map((seqs) => seqs.toSorted((a, b) => a - b));

describe('halve', () => {
  test('splits by lines, not by seqs', () => {
    assert.deepEqual(halve({ fromSeq: 1, toSeq: 100 }, [2, 90, 95, 99]), [
      { fromSeq: 1, toSeq: 90 },
      { fromSeq: 91, toSeq: 100 },
    ]);
  });

  test('one line has no halves', () => {
    assert.throws(() => halve({ fromSeq: 1, toSeq: 9 }, [4]), /two lines or more/);
    assert.throws(() => halve({ fromSeq: 1, toSeq: 9 }, []), /two lines or more/);
  });

  test('the halves adjoin, are the range, and differ by at most one line', () => {
    fc.assert(
      fc.property(lines, fc.nat(9), fc.nat(9), (seqs, before, after) => {
        const range: Range = { fromSeq: (seqs[0] ?? 0) - before, toSeq: (seqs.at(-1) ?? 0) + after };
        const [first, second] = halve(range, seqs);
        assert.equal(first.fromSeq, range.fromSeq);
        assert.equal(first.toSeq + 1, second.fromSeq);
        assert.equal(second.toSeq, range.toSeq);
        const count = (half: Range) => seqs.filter((seq) => half.fromSeq <= seq && seq <= half.toSeq).length;
        assert.ok(count(first) >= 1 && count(second) >= 1 && count(first) - count(second) <= 1);
      }),
    );
  });

  test('halving again and again leaves every offender alone, in few steps', () => {
    fc.assert(
      fc.property(lines, fc.nat(59), (seqs, at) => {
        const offender = seqs[at % seqs.length];
        const waiting: Range[] = [{ fromSeq: 1, toSeq: 300 }];
        const good: number[] = [];
        let sent = 0;
        let alone: number | undefined;
        for (let range = waiting.shift(); range; range = waiting.shift()) {
          const { fromSeq, toSeq } = range;
          const inside = seqs.filter((seq) => fromSeq <= seq && seq <= toSeq);
          sent++;
          if (!inside.includes(offender ?? 0)) good.push(...inside);
          else if (inside.length === 1) alone = inside[0];
          else waiting.unshift(...halve(range, inside));
        }
        assert.equal(alone, offender);
        assert.deepEqual(
          good.toSorted((a, b) => a - b),
          seqs.filter((seq) => seq !== offender),
        );
        assert.ok(sent <= 2 * Math.ceil(Math.log2(seqs.length)) + 1, `${sent} batches for ${seqs.length} lines`);
      }),
    );
  });
});
