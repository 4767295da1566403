// The digests of a list (docs/providers/digests.md), for any receiver: plain Node, no packages.
//   const answer = digestsOf({ provider, secret, appliedSeq, lines });  answer('/whitelist/digest', null)
import { createHash, createHmac } from 'node:crypto';

const US = '\x1f';
const NODES = 256;
const LEAF_BYTES = 20;

/**
 * `lines`: what is on the list now, each { ref, access, line, package, from, to }; `secret`: 1 to 64 bytes. Made anew for
 * each question here; who holds millions keeps the leaves and changes the one that a line stands in.
 */
export function digestsOf({ provider, secret, appliedSeq, lines }) {
  const mac = (...fields) => createHmac('sha256', secret).update(fields.join(US)).digest();
  const items = lines.map(({ ref, access, line, package: name, from, to }) => {
    const key = access === 'MB' ? `M:${line.slice(1)}` : `F:${provider}:${line}`;
    const item = mac('WLI1', key, name, from, to ?? '').subarray(0, 16);
    return { leaf: mac('WLK1', key).readUInt16BE(0), ref, item };
  });
  const leaves = Buffer.alloc(NODES * NODES * LEAF_BYTES);
  for (const { leaf, item } of items) {
    const at = leaf * LEAF_BYTES;
    leaves.writeUInt32BE(leaves.readUInt32BE(at) + 1, at);
    for (let i = 0; i < 16; i++) leaves[at + 4 + i] ^= item[i];
  }
  const below = (node) => leaves.subarray(node * NODES * LEAF_BYTES, (node + 1) * NODES * LEAF_BYTES);
  const head = { provider, appliedSeq };

  /** The answer to one question, `question` being its body; undefined when the path is none of the three. */
  return (path, question) => {
    if (path === '/whitelist/digest') {
      const nodes = Array.from({ length: NODES }, (_, i) =>
        createHash('sha256').update(below(i)).digest().subarray(0, 16),
      );
      return { ...head, count: items.length, nodes: Buffer.concat(nodes).toString('base64') };
    }
    if (path === '/whitelist/digest/leaves')
      return {
        ...head,
        leaves: Object.fromEntries(question.nodes.map((node) => [node, below(node).toString('base64')])),
      };
    if (path !== '/whitelist/digest/items') return undefined;
    const asked = new Set(question.leaves);
    const found = items.filter((one) => asked.has(one.leaf));
    return { ...head, items: found.map(({ leaf, ref, item }) => ({ leaf, ref, item: item.toString('hex') })) };
  };
}
