// A list as a value: its order, its hash, and what is different between two. Plain functions.
import { createHash } from 'node:crypto';
import { destinationKey, type Destination, type DestinationFlow } from '#contracts';
import { compareNetworks } from './reading/networks.js';

const KINDS = ['cidr', 'domain', 'wildcard'];

/** By app, kind and value; networks as numbers. Every list is kept in this order. */
export function inOrder(entries: readonly Destination[]): Destination[] {
  return entries.toSorted(
    (a, b) =>
      compare(a.app, b.app) ||
      KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) ||
      (a.kind === 'cidr' ? compareNetworks(a.value, b.value) : compare(a.value, b.value)),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `tcp:80,443 udp:3478-3481` */
export function flowsText(flows: readonly DestinationFlow[]): string {
  return flows.map(({ proto, ports }) => `${proto}:${ports.join(',') || '*'}`).join(' ');
}

/**
 * SHA-256 over one line a destination, `<app> <kind> <value> <flows>` and a line feed, the lines sorted as bytes: a
 * provider can count it again without knowing our order. Provenance is not part of it.
 */
export function listHash(entries: readonly Destination[]): string {
  const lines = entries.map((one) => `${destinationKey(one)} ${flowsText(one.flows)}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex');
}

/** What an approval is bound to: the list, where each destination comes from, and when it takes effect. */
export function contentHash(entries: readonly Destination[], effectiveAt: Date | null): string {
  const sources = entries
    .map(({ sources, ...one }) =>
      [
        destinationKey(one),
        ...sources.map((each) => `${each.vendor} ${each.set} ${each.version} ${each.value ?? ''}`),
      ].join('|'),
    )
    .sort();
  return createHash('sha256')
    .update(JSON.stringify([listHash(entries), sources, effectiveAt?.toISOString() ?? null]))
    .digest('hex');
}

export interface ListDiff {
  /** New, or with other flows. */
  added: Destination[];
  removed: Destination[];
}

export function diffLists(before: readonly Destination[], after: readonly Destination[]): ListDiff {
  const was = new Map(before.map((one) => [destinationKey(one), flowsText(one.flows)]));
  const is = new Set(after.map(destinationKey));
  return {
    added: after.filter((one) => was.get(destinationKey(one)) !== flowsText(one.flows)),
    removed: before.filter((one) => !is.has(destinationKey(one))),
  };
}
