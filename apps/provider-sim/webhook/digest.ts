// The provider's side of the digest tree: its own book, hashed by the published definition. Shares no code with the hub.
import { createHash, createHmac } from 'node:crypto';
import type { Provider } from '../provider.js';
import type { HeldLine } from '../book/book.js';

const US = '\x1f';

interface Item {
  leaf: number;
  ref: string;
  item: Buffer;
}

function itemsOf(provider: Provider, secret: Buffer): Item[] {
  const { book } = provider.applier;
  const result: Item[] = [];
  for (const ref of book.sortedRefs()) {
    const held = book.get(ref);
    if (held) result.push({ ref, ...hashed(provider.code, held, secret) });
  }
  return result;
}

function hashed(code: string, held: HeldLine, secret: Buffer): Omit<Item, 'ref'> {
  const key = held.access === 'MB' ? `M:${held.line.slice(1)}` : `F:${code}:${held.line}`;
  const mac = (text: string): Buffer => createHmac('sha256', secret).update(text).digest();
  const content = ['WLI1', key, held.package, held.from, held.to ?? ''].join(US);
  return { leaf: mac(`WLK1${US}${key}`).readUInt16BE(0), item: mac(content).subarray(0, 16) };
}

function leavesOf(items: readonly Item[]): Buffer {
  const leaves = Buffer.alloc(65_536 * 20);
  for (const { leaf, item } of items) {
    const at = leaf * 20;
    leaves.writeUInt32BE(leaves.readUInt32BE(at) + 1, at);
    for (let i = 0; i < 16; i++) leaves[at + 4 + i] = (leaves[at + 4 + i] ?? 0) ^ (item[i] ?? 0);
  }
  return leaves;
}

/** What is answered to a question about digests; undefined when the path is none of them. Throws for a body that is none. */
export function answerDigest(provider: Provider, path: string, body: string): Record<string, unknown> | undefined {
  if (!path.startsWith('/whitelist/digest') || provider.digestSecret === undefined) return undefined;
  const items = itemsOf(provider, Buffer.from(provider.digestSecret));
  const head = { provider: provider.code, appliedSeq: provider.applier.appliedSeq };
  if (path === '/whitelist/digest/items') {
    const { leaves } = JSON.parse(body) as { leaves: number[] };
    const asked = new Set(leaves);
    const found = items.filter((one) => asked.has(one.leaf));
    return { ...head, items: found.map(({ leaf, ref, item }) => ({ leaf, ref, item: item.toString('hex') })) };
  }
  const leaves = leavesOf(items);
  const below = (node: number): Buffer => leaves.subarray(node * 5_120, (node + 1) * 5_120);
  if (path === '/whitelist/digest/leaves') {
    const { nodes } = JSON.parse(body) as { nodes: number[] };
    return { ...head, leaves: Object.fromEntries(nodes.map((node) => [node, below(node).toString('base64')])) };
  }
  if (path !== '/whitelist/digest') return undefined;
  const nodes = Array.from({ length: 256 }, (_, node) =>
    createHash('sha256').update(below(node)).digest().subarray(0, 16),
  );
  return { ...head, count: items.length, nodes: Buffer.concat(nodes).toString('base64') };
}
