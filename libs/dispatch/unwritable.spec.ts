// Lines that cannot be written are left out and named; positions of the rest run on, whatever the format finds at once.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FieldNotAllowed, type BatchLine } from '#contracts';
import { renderWritable } from './unwritable.js';

const lines = Array.from({ length: 6 }, (_, i): BatchLine => ({
  n: i + 1,
  op: 'ADD',
  ref: `ref-${i + 1}`,
  seq: 101 + i,
  access: 'MB',
  line: '+66200000001',
  package: i % 2 === 1 ? 'bad' : 'good',
  from: '2020-03-19',
  to: null,
}));
const fault = (n: number): FieldNotAllowed => new FieldNotAllowed('package', n, 'cannot be written');

/** Finds all faults at once, or only the first. */
const format =
  (finds: 'all' | 'first') =>
  (left: BatchLine[]): Buffer => {
    const [first, ...others] = left.filter((line) => line.package === 'bad').map((line) => fault(line.n));
    if (first) throw finds === 'all' ? new FieldNotAllowed(first.field, first.n, first.reason, others) : first;
    return Buffer.from(left.map((line) => `${line.n}:${line.ref}`).join());
  };

describe('lines that cannot be written', () => {
  for (const finds of ['all', 'first'] as const) {
    test(`are left out, when the format finds ${finds === 'all' ? 'all of them' : 'one after another'}`, () => {
      const { bytes, lines: left, unwritable } = renderWritable(lines, format(finds));
      assert.equal(bytes.toString(), '1:ref-1,2:ref-3,3:ref-5');
      assert.deepEqual(
        left.map(({ seq }) => seq),
        [101, 103, 105],
      );
      assert.deepEqual(
        unwritable.map(({ seq, ref }) => [seq, ref]),
        [
          [102, 'ref-2'],
          [104, 'ref-4'],
          [106, 'ref-6'],
        ],
      );
      assert.ok(unwritable.every(({ why }) => /^position \d, field "package": cannot be written$/.test(why)));
    });
  }

  test('a fault of the header, or of no line, is no line’s fault', () => {
    const header = (): Buffer => {
      throw new FieldNotAllowed('provider', null, 'holds "|"');
    };
    assert.throws(() => renderWritable(lines, header), /header, field "provider"/);
    const nowhere = (): Buffer => {
      throw fault(99);
    };
    assert.throws(() => renderWritable(lines, nowhere), /position 99/);
  });
});
