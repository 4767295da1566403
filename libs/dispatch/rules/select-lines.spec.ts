// Collapsing and the predecessor rule, by example and against a plain reckoning.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { selectLines, type LoggedChange } from './select-lines.js';

const change = (seq: number, entryRef: string, prevSeq = 0): LoggedChange => ({ seq, prevSeq, entryRef });
const seqs = (changes: readonly { seq: number }[]) => changes.map((each) => each.seq);
const FREE = () => null;

describe('selectLines', () => {
  test('an empty range selects nothing', () => {
    assert.deepEqual(selectLines([], FREE, false), { lines: [], collapsed: [], omitted: [] });
  });

  test('of several changes of one entry the last goes, in the order of seq', () => {
    const chosen = selectLines([change(1, 'a'), change(2, 'b'), change(3, 'a', 1), change(4, 'c')], FREE, false);
    assert.deepEqual(seqs(chosen.lines), [2, 3, 4]);
    assert.deepEqual(chosen.collapsed, [1]);
  });

  test('what awaits an earlier outcome is omitted, by what stood before the whole range', () => {
    const chosen = selectLines(
      [change(5, 'a', 2), change(6, 'a', 5), change(7, 'b', 3)],
      (seq) => (seq === 2 ? 2 : null),
      false,
    );
    assert.deepEqual(seqs(chosen.lines), [7]);
    assert.deepEqual(chosen.collapsed, [5]);
    assert.deepEqual(chosen.omitted, [{ seq: 6, entryRef: 'a', waitsFor: 2 }]);
  });

  test('a provider proven to apply in order waits for nothing', () => {
    assert.deepEqual(seqs(selectLines([change(5, 'a', 2)], () => 2, true).lines), [5]);
  });

  test('in a half, what is superseded is not sent; what waits goes on waiting', () => {
    const chosen = selectLines(
      [change(5, 'a', 2), change(6, 'b', 3), change(7, 'c')],
      (seq) => (seq === 2 ? 1 : null),
      false,
      (seq) => seq < 7,
    );
    assert.deepEqual(seqs(chosen.lines), [7]);
    assert.deepEqual(chosen.collapsed, [6]);
    assert.deepEqual(chosen.omitted, [{ seq: 5, entryRef: 'a', waitsFor: 1 }]);
  });

  test('the parts are the range, each entry is said once and by its last change', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 40 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 5 })),
        fc.boolean(),
        fc.uniqueArray(fc.integer({ min: 11, max: 50 })),
        (entries, waiting, inOrder, superseded) => {
          const changes: LoggedChange[] = [];
          // Every entry has a change before the range: seq 1 + entry.
          const last = new Map<number, number>();
          entries.forEach((entry, i) => {
            changes.push(change(11 + i, `e${entry}`, last.get(entry) ?? 1 + entry));
            last.set(entry, 11 + i);
          });
          const awaited = (seq: number) => (waiting.includes(seq - 1) ? 100 + seq : null);
          const chosen = selectLines(changes, awaited, inOrder, (seq) => superseded.includes(seq));
          const all = [...seqs(chosen.lines), ...chosen.collapsed, ...seqs(chosen.omitted)].toSorted((a, b) => a - b);
          assert.deepEqual(all, seqs(changes));
          assert.deepEqual(
            seqs(chosen.lines),
            seqs(chosen.lines).toSorted((a, b) => a - b),
          );
          for (const [entry, seq] of last) {
            const waits = !inOrder && waiting.includes(entry);
            const place = chosen.omitted.some((omission) => omission.seq === seq && omission.waitsFor === 101 + entry)
              ? 'omitted'
              : seqs(chosen.lines).includes(seq)
                ? 'sent'
                : 'collapsed';
            assert.equal(place, waits ? 'omitted' : superseded.includes(seq) ? 'collapsed' : 'sent');
          }
        },
      ),
    );
  });
});
