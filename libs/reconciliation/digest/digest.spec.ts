// The digest tree against its published vectors, and that it finds exactly what differs.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { itemOf, LEAVES, leafOf, NODES, type HeldEntry } from './definition.js';
import { DigestTree, differingLeaves, differingNodes, estimateDifferences, howToCompare } from './tree.js';

const SECRET = Buffer.from('test-key-epoch-1');
const MOBILE: HeldEntry = { key: 'M:66812345678', package: 'WAH30', from: '2020-04-10', to: '2020-07-10' };
const FIXED: HeldEntry = { key: 'F:TOT:1234567890', package: 'WAHFIX', from: '2020-04-10', to: null };

describe('vectors', () => {
  test('leaves and items', () => {
    assert.equal(leafOf(SECRET, MOBILE.key), 1207);
    assert.equal(leafOf(SECRET, FIXED.key), 55_394);
    assert.equal(itemOf(SECRET, MOBILE).toString('hex'), '39c74a35283ca95eda96147b1b9a9024');
    assert.equal(itemOf(SECRET, FIXED).toString('hex'), '608d7b50e1251de4b8558822ab6d5a6c');
  });

  test('XOR of both, a node with one child, an empty node', () => {
    const tree = new DigestTree();
    tree.add(5, itemOf(SECRET, MOBILE));
    assert.equal(tree.node(0).toString('hex'), '99ee765efb6cbaad33c84d785b7ba0e7');
    assert.equal(tree.node(1).toString('hex'), 'a11937f356a9b0ba592c82f5290bac80');
    tree.add(5, itemOf(SECRET, FIXED));
    assert.equal(tree.leaves.toString('hex', 104, 120), '594a3165c919b4ba62c39c59b0f7ca48');
    assert.equal(tree.count, 2);
  });
});

const entries = fc.uniqueArray(
  fc.record({
    key: fc.integer({ min: 0, max: 400 }).map((n) => `M:668000${String(n).padStart(5, '0')}`),
    package: fc.constantFrom('WAH-MB', 'WAH30'),
    from: fc.constantFrom('2020-04-10', '2020-05-01'),
    to: fc.constantFrom(null, '2020-07-10'),
  }),
  { selector: (entry) => entry.key, maxLength: 40 },
);

function treeOf(list: HeldEntry[]): DigestTree {
  const tree = new DigestTree();
  for (const entry of list) tree.add(leafOf(SECRET, entry.key), itemOf(SECRET, entry));
  return tree;
}

describe('trees', () => {
  test('equal lists in any order have one root; removing undoes adding', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const tree = treeOf(list);
        assert.deepEqual(treeOf(list.toReversed()).root(), tree.root());
        for (const entry of list) tree.remove(leafOf(SECRET, entry.key), itemOf(SECRET, entry));
        assert.deepEqual(tree.root(), new DigestTree().root());
      }),
      { numRuns: 20 },
    );
  });

  test('walking down finds exactly the leaves of entries that are on one side only or differ', () => {
    fc.assert(
      fc.property(entries, entries, (left, right) => {
        const [ours, theirs] = [treeOf(left), treeOf(right)];
        const found = differingNodes(ours.nodes(), theirs.nodes()).flatMap((node) =>
          differingLeaves(node, ours.leavesOf(node), theirs.leavesOf(node)),
        );
        const text = (entry: HeldEntry) => JSON.stringify([entry.key, entry.package, entry.from, entry.to]);
        const [here, there] = [new Set(left.map(text)), new Set(right.map(text))];
        const wanted = new Set(
          [...left.filter((one) => !there.has(text(one))), ...right.filter((one) => !here.has(text(one)))].map((one) =>
            leafOf(SECRET, one.key),
          ),
        );
        assert.deepEqual(new Set(found), wanted);
      }),
      { numRuns: 20 },
    );
  });

  test('digests of another size are refused, not read as far as they go', () => {
    assert.throws(() => new DigestTree(Buffer.alloc(20)), RangeError);
    assert.throws(() => differingNodes(Buffer.alloc(NODES * 16), Buffer.alloc(16)), RangeError);
  });
});

test('the estimate counts those that share a leaf, and says when the whole list is quicker', () => {
  assert.equal(estimateDifferences(0), 0);
  assert.equal(estimateDifferences(1), 1);
  assert.equal(estimateDifferences(9_275), 10_001);
  assert.ok(Number.isFinite(estimateDifferences(LEAVES)));
  assert.equal(howToCompare(0, 3_000_000), 'equal');
  assert.equal(howToCompare(9_274, 3_000_000), 'walk');
  assert.equal(howToCompare(40_000, 3_000_000), 'whole');
});
