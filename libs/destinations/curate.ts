// Curation: from chosen sets of vendors' lists to what may be free. Plain: the same in, the same out.
import {
  destinationKey,
  type Destination,
  type DestinationFlow,
  type DestinationSource,
  type DestinationVendor,
} from '#contracts';
import { flowsText, inOrder } from './list.js';
import type { DestinationPolicy } from './policy.js';
import { matchesAll, readName } from './reading/names.js';
import { addressesOf, covers, parentOf, readNetwork } from './reading/networks.js';
import { uniteFlows, type SourceSet } from './reading/source.js';

/** Some sets of one source for one app. */
export interface ChosenSets {
  app: string;
  vendor: DestinationVendor;
  version: string;
  sets: readonly SourceSet[];
}

/** Something that a vendor lists and that stays out, with the reason. */
export interface Denied {
  app: string;
  value: string;
  sources: DestinationSource[];
  reason: string;
  reasonTh?: string;
}

export interface Curated {
  entries: Destination[];
  denied: Denied[];
  /** Values left out because another destination of the list covers them; it keeps their provenance. */
  collapsed: number;
  /** Why this list may not be proposed at all; a list is never cut to fit. */
  faults: string[];
}

export function curate(chosen: readonly ChosenSets[], policy: DestinationPolicy): Curated {
  const entries = new Map<string, Destination>();
  const denied = new Map<string, Denied>();
  for (const { app, vendor, version, sets } of chosen) {
    for (const { set, cidrs, domains, flows } of sets) {
      const source: DestinationSource = { vendor, set, version };
      const judged = [
        ...cidrs.map((text) => ({ text, verdict: judgeNetwork(text, policy) })),
        ...domains.map((text) => ({ text, verdict: judgeName(text, policy) })),
      ];
      for (const { text, verdict } of judged) {
        if ('reason' in verdict) addDenied(denied, { app, value: text, sources: [source], ...verdict });
        else addEntry(entries, { app, ...verdict, flows: uniteFlows(flows), sources: [source] });
      }
    }
  }
  const found = [...entries.values()];
  const { kept: widest } = collapse(found);
  const kept = policy.joinNeighbours ? joinNeighbours(widest, policy) : widest;
  const collapsed = found.length - kept.length;
  return { entries: inOrder(kept), denied: [...denied.values()], collapsed, faults: faultsOf(kept, policy) };
}

type Verdict = Pick<Destination, 'kind' | 'value'> | { reason: string; reasonTh?: string };

function judgeNetwork(text: string, policy: DestinationPolicy): Verdict {
  const read = readNetwork(text, policy.networks);
  return 'fault' in read ? { reason: read.fault } : { kind: 'cidr', value: read.value };
}

function judgeName(text: string, policy: DestinationPolicy): Verdict {
  const read = readName(text);
  // The deny list knows better words for what is also a public suffix.
  const name = 'fault' in read ? text.toLowerCase() : read.value;
  const rule = policy.denied.find(
    ({ name: denied, below }) =>
      matchesAll(name, denied) ||
      (below === true && (matchesAll(denied, name) || matchesAll(`*.${denied.replace(/^\*\./, '')}`, name))),
  );
  if (rule) return { reason: rule.reason, reasonTh: rule.reasonTh };
  return 'fault' in read ? { reason: read.fault } : read;
}

function addDenied(all: Map<string, Denied>, one: Denied): void {
  const key = `${one.app} ${one.value}`;
  const known = all.get(key);
  if (known) known.sources.push(...one.sources);
  else all.set(key, one);
}

function addEntry(all: Map<string, Destination>, one: Destination): void {
  const key = destinationKey(one);
  const known = all.get(key);
  if (!known) return void all.set(key, one);
  known.flows = uniteFlows([...known.flows, ...one.flows]);
  known.sources.push(...one.sources.filter((source) => !known.sources.some((each) => sameSource(each, source))));
}

function sameSource(a: DestinationSource, b: DestinationSource): boolean {
  return a.vendor === b.vendor && a.set === b.set && a.version === b.version && a.value === b.value;
}

/** Leaves out what a wider destination of the same app covers with the same flows; the wider one keeps the provenance. */
export function collapse(entries: readonly Destination[]): { kept: Destination[]; collapsed: number } {
  const widest = entries.toSorted((a, b) => width(a) - width(b));
  const kept: Destination[] = [];
  for (const one of widest) {
    const wider = kept.find(
      (each) => each.app === one.app && valueCovers(each, one) && flowsCover(each.flows, one.flows),
    );
    if (!wider) kept.push(structuredClone(one));
    else wider.sources.push(...one.sources.map((source) => ({ ...source, value: source.value ?? one.value })));
  }
  return { kept, collapsed: entries.length - kept.length };
}

/** Two halves of a network, of one app and with the same flows, become the network, which keeps the provenance of both. */
export function joinNeighbours(
  entries: readonly Destination[],
  { networks }: Pick<DestinationPolicy, 'networks'>,
): Destination[] {
  const joined = new Map(entries.map((one) => [destinationKey(one), one]));
  for (let bits = 128; bits > 1; bits--) {
    for (const one of [...joined.values()].filter((each) => each.kind === 'cidr' && width(each) === bits)) {
      const least = one.value.includes(':') ? networks.leastPrefixV6 : networks.leastPrefixV4;
      const parent = parentOf(one.value);
      const other = [...joined.values()].find(
        (each) =>
          each !== one &&
          each.app === one.app &&
          each.kind === 'cidr' &&
          width(each) === bits &&
          parentOf(each.value) === parent &&
          flowsText(each.flows) === flowsText(one.flows),
      );
      if (!other || bits - 1 < least) continue;
      for (const half of [one, other]) joined.delete(destinationKey(half));
      const sources = [one, other].flatMap((half) =>
        half.sources.map((source) => ({ ...source, value: source.value ?? half.value })),
      );
      joined.set(`${one.app} cidr ${parent}`, { ...one, value: parent, sources });
    }
  }
  return [...joined.values()];
}

function width({ kind, value }: Destination): number {
  if (kind === 'cidr') return Number(value.split('/')[1]);
  return value.split('.').length + (kind === 'domain' ? 1 : 0);
}

function valueCovers(wide: Destination, narrow: Destination): boolean {
  if (wide.kind === 'cidr') return narrow.kind === 'cidr' && covers(wide.value, narrow.value);
  return narrow.kind !== 'cidr' && matchesAll(wide.value, narrow.value);
}

function flowsCover(wide: readonly DestinationFlow[], narrow: readonly DestinationFlow[]): boolean {
  return narrow.every((flow) =>
    wide.some(
      (each) =>
        (each.proto === flow.proto || each.proto === 'any') &&
        (each.ports.length === 0 || (flow.ports.length > 0 && flow.ports.every((port) => portIn(each.ports, port)))),
    ),
  );
}

function portIn(ranges: readonly string[], port: string): boolean {
  const [from, to = from] = port.split('-').map(Number);
  return ranges.some((range) => {
    const [low, high = low] = range.split('-').map(Number);
    return (
      from !== undefined && to !== undefined && low !== undefined && high !== undefined && low <= from && to <= high
    );
  });
}

function faultsOf(entries: readonly Destination[], { limits }: DestinationPolicy): string[] {
  const faults: string[] = [];
  if (entries.length === 0) faults.push('nothing is left that may be free; choose other sets');
  if (entries.length > limits.destinations)
    faults.push(`${entries.length} destinations, at most ${limits.destinations} may be in a list`);
  for (const app of new Set(entries.map((one) => one.app))) {
    const addresses = entries
      .filter((one) => one.app === app && one.kind === 'cidr')
      .reduce((sum, one) => sum + addressesOf(one.value), 0);
    if (addresses > limits.ipv4AddressesPerApp)
      faults.push(
        `${app} would free ${addresses} IPv4 addresses, at most ${limits.ipv4AddressesPerApp} may be; choose narrower sets`,
      );
  }
  return faults;
}

/** What an approver should know although it forbids nothing. */
export function warningsOf(entries: readonly Destination[]): string[] {
  const apps = [...new Set(entries.map((one) => one.app))];
  return apps.flatMap((app) => {
    const networks = entries.filter((one) => one.app === app && one.kind === 'cidr');
    const v6 = networks.some((one) => one.value.includes(':'));
    const warnings: string[] = [];
    if (networks.length > 0 && !v6)
      warnings.push(`${app}: no IPv6 network beside IPv4; traffic over IPv6 is free by name only`);
    return warnings;
  });
}
