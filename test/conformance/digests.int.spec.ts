// The receiver of docs/providers/ais.md with docs/providers/receivers/digests.mjs answers the digest questions as the hub
// expects: equal lists are equal, and a line that differs is found.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { LOOPBACK_NETWORKS, makeAdapter, referenceProfile, withEndpoint } from '#adapters';
import type { BatchLine, ProviderAdapter } from '#contracts';
import { each, seal } from '../../libs/adapters/conformance/batches.js';
import { itemOf, leafOf } from '../../libs/reconciliation/digest/definition.js';
import { differingLeaves, differingNodes, DigestTree } from '../../libs/reconciliation/digest/tree.js';
import { documentedReceiver, newSecret, startReceiver, type RunningReceiver } from './documented.js';

const SECRET = 'test-key-epoch-1';
const calm = new AbortController().signal;
const DIGESTS = pathToFileURL(join(process.cwd(), 'docs', 'providers', 'receivers', 'digests.mjs')).href;

/** Made from digest-vectors: the first line's item is `39c74a35…`. */
const lines = [
  { line: '+66812345678', package: 'WAH30', from: '2020-04-10', to: '2020-07-10' },
  { line: '+66812345679', package: 'WAH30', from: '2020-04-10', to: null },
].map((one, i): BatchLine => ({
  ...one,
  n: i + 1,
  op: 'ADD',
  seq: i + 1,
  access: 'MB',
  ref: `0198f0c2-7a31-7c55-8d2f-0a4be1a5b0c${i}`,
}));

describe('digests of the documented receiver', () => {
  let receiver: RunningReceiver;
  let adapter: ProviderAdapter;

  before(async () => {
    const signing = newSecret();
    receiver = await startReceiver(documentedReceiver('ais'), {
      SIGNING_SECRETS: signing,
      DIGESTS,
      DIGEST_SECRET: SECRET,
    });
    const profile = withEndpoint(referenceProfile('AIS')!, { target: receiver.target });
    adapter = makeAdapter(profile, {
      secrets: { secret: () => signing },
      allowedNetworks: LOOPBACK_NETWORKS,
    });
  });
  after(async () => {
    await adapter.close();
    await receiver.stop();
  });

  const treeOf = (held: BatchLine[]): DigestTree => {
    const tree = new DigestTree();
    for (const { line, package: name, from, to } of held) {
      const entry = { key: `M:${line.slice(1)}`, package: name ?? '', from: from ?? '', to };
      tree.add(leafOf(Buffer.from(SECRET), entry.key), itemOf(Buffer.from(SECRET), entry));
    }
    return tree;
  };

  test('an empty list and a list that was taken are digested as ours; the vector stands in its leaf', async () => {
    const { observer } = adapter;
    assert.ok(observer);
    const empty = await observer.nodes(calm);
    assert.ok(empty.said === 'yes');
    assert.deepEqual([empty.value.count, empty.value.appliedSeq], [0, 0]);
    assert.deepEqual(differingNodes(new DigestTree().nodes(), empty.value.nodes), []);
    const { batch, parts } = seal(adapter, 1, lines);
    assert.equal((await adapter.handOver(batch, each(parts), calm)).result, 'accepted');
    const nodes = await observer.nodes(calm);
    assert.ok(nodes.said === 'yes');
    assert.deepEqual([nodes.value.count, nodes.value.appliedSeq], [2, batch.toSeq]);
    assert.deepEqual(differingNodes(treeOf(lines).nodes(), nodes.value.nodes), []);
    const items = await observer.items([1207], calm);
    assert.ok(items.said === 'yes');
    assert.deepEqual(
      items.value.items.map((one) => [one.ref, one.item.toString('hex')]),
      [[lines[0]?.ref, '39c74a35283ca95eda96147b1b9a9024']],
    );
  });

  test('a line with another end is found by node, leaf and item', async () => {
    const { observer } = adapter;
    assert.ok(observer);
    const ours = treeOf([{ ...lines[0]!, to: '2020-08-01' }, lines[1]!]);
    const nodes = await observer.nodes(calm);
    assert.ok(nodes.said === 'yes');
    const [node, ...others] = differingNodes(ours.nodes(), nodes.value.nodes);
    assert.deepEqual([node, others], [Math.floor(1207 / 256), []]);
    const leaves = await observer.leaves([node ?? 0], calm);
    assert.ok(leaves.said === 'yes');
    assert.deepEqual(differingLeaves(node ?? 0, ours.leavesOf(node ?? 0), leaves.value.leaves.get(node ?? 0)!), [1207]);
  });
});
