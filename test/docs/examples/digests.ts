// The examples of docs/providers/digests.md, read as the hub reads them.
import assert from 'node:assert/strict';
import { itemOf, leafOf } from '../../../libs/reconciliation/digest/definition.js';
import { DigestTree } from '../../../libs/reconciliation/digest/tree.js';

const SECRET = Buffer.from('test-key-epoch-1');
const MOBILE = { key: 'M:66812345678', package: 'WAH30', from: '2020-04-10', to: '2020-07-10' };

interface Answer {
  provider: string;
  appliedSeq: number;
  count?: number;
  nodes?: string;
  items?: { leaf: number; ref: string; item: string }[];
}

const answerOf = (text: string): Answer => {
  const answer = JSON.parse(text) as Answer;
  assert.equal(answer.provider, 'AIS');
  assert.ok(Number.isSafeInteger(answer.appliedSeq));
  return answer;
};

export const EXAMPLES: Record<string, (text: string) => void> = {
  'digest-nodes': (text) => {
    const answer = answerOf(text);
    assert.equal(answer.count, new DigestTree().count);
    assert.equal(typeof answer.nodes, 'string');
  },
  'digest-leaves-question': (text) => {
    const { nodes } = JSON.parse(text) as { nodes: number[] };
    assert.deepEqual(nodes, [leafOf(SECRET, MOBILE.key) >> 8]);
  },
  'digest-items-question': (text) => {
    const { leaves } = JSON.parse(text) as { leaves: number[] };
    assert.deepEqual(leaves, [leafOf(SECRET, MOBILE.key)]);
  },
  'digest-items': (text) => {
    const [item] = answerOf(text).items ?? [];
    assert.deepEqual([item?.leaf, item?.item], [leafOf(SECRET, MOBILE.key), itemOf(SECRET, MOBILE).toString('hex')]);
  },
};
