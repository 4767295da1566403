// The digest tree of one list: 65,536 leaves of count and XOR, 256 nodes over them, one root. Equal trees, equal lists.
import { createHash } from 'node:crypto';
import { ITEM_BYTES, LEAVES, NODES } from './definition.js';

/** Bytes of one leaf digest: count as u32 big endian, then the XOR of its items. */
export const LEAF_BYTES = 4 + ITEM_BYTES;
const LEAVES_A_NODE = LEAVES / NODES;

export class DigestTree {
  /** All leaf digests, one after another. */
  readonly leaves: Buffer;

  /** @param leaves 65,536 leaf digests of 20 bytes; none: an empty list */
  constructor(leaves: Buffer = Buffer.alloc(LEAVES * LEAF_BYTES)) {
    if (leaves.length !== LEAVES * LEAF_BYTES) {
      throw new RangeError(`a tree has ${LEAVES * LEAF_BYTES} bytes of leaves, these are ${leaves.length}`);
    }
    this.leaves = leaves;
  }

  add(leaf: number, item: Buffer): void {
    this.change(leaf, item, 1);
  }

  remove(leaf: number, item: Buffer): void {
    this.change(leaf, item, -1);
  }

  private change(leaf: number, item: Buffer, by: 1 | -1): void {
    const at = leaf * LEAF_BYTES;
    this.leaves.writeUInt32BE(this.leaves.readUInt32BE(at) + by, at);
    for (let i = 0; i < ITEM_BYTES; i++) this.leaves[at + 4 + i] = (this.leaves[at + 4 + i] ?? 0) ^ (item[i] ?? 0);
  }

  /** Entries in the list. */
  get count(): number {
    let sum = 0;
    for (let at = 0; at < this.leaves.length; at += LEAF_BYTES) sum += this.leaves.readUInt32BE(at);
    return sum;
  }

  /** The 256 leaf digests of a node. */
  leavesOf(node: number): Buffer {
    return this.leaves.subarray(node * LEAVES_A_NODE * LEAF_BYTES, (node + 1) * LEAVES_A_NODE * LEAF_BYTES);
  }

  node(node: number): Buffer {
    return digestOf(this.leavesOf(node));
  }

  /** The 256 level-1 nodes, 16 bytes each. */
  nodes(): Buffer {
    return Buffer.concat(Array.from({ length: NODES }, (_, node) => this.node(node)));
  }

  root(): Buffer {
    return digestOf(this.nodes());
  }
}

function digestOf(children: Buffer): Buffer {
  return createHash('sha256').update(children).digest().subarray(0, ITEM_BYTES);
}

/** Nodes whose digests differ, ascending. @param theirs 256 digests of 16 bytes */
export function differingNodes(ours: Buffer, theirs: Buffer): number[] {
  return differing(ours, theirs, ITEM_BYTES);
}

/** Leaves of one node whose digests differ, as numbers in the whole tree. */
export function differingLeaves(node: number, ours: Buffer, theirs: Buffer): number[] {
  return differing(ours, theirs, LEAF_BYTES).map((leaf) => node * LEAVES_A_NODE + leaf);
}

function differing(ours: Buffer, theirs: Buffer, size: number): number[] {
  if (ours.length !== theirs.length || ours.length % size !== 0) {
    throw new RangeError(`digests of ${ours.length} and ${theirs.length} bytes cannot be compared`);
  }
  const result: number[] = [];
  for (let i = 0; i * size < ours.length; i++) {
    if (ours.compare(theirs, i * size, (i + 1) * size, i * size, (i + 1) * size) !== 0) result.push(i);
  }
  return result;
}

/** Estimate of the differences behind `differ` of `leaves` differing leaves: several may share one. */
export function estimateDifferences(differ: number, leaves = LEAVES): number {
  if (differ === 0) return 0;
  // All of them differ: there may be any number; the estimate for all but half a leaf is a lower bound.
  const share = Math.min(differ, leaves - 0.5) / leaves;
  return Math.round(-leaves * Math.log1p(-share));
}

/** Above this share of the list the whole list is quicker to send than to search (measured: digest-tree walk against file). */
export const WHOLE_LIST_SHARE = 0.015;

/** How to find the differences: none, by walking the tree, or by the whole list. */
export function howToCompare(differingLeafCount: number, entries: number): 'equal' | 'walk' | 'whole' {
  if (differingLeafCount === 0) return 'equal';
  return estimateDifferences(differingLeafCount) > Math.max(100, WHOLE_LIST_SHARE * entries) ? 'whole' : 'walk';
}
