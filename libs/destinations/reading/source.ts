// What every importer gives: the vendor's sets as the vendor wrote them. Judging what may be free comes later.
import type { DestinationFlow, DestinationVendor } from '#contracts';

/** One set of a vendor's list. Values stand as the vendor wrote them, faults included. */
export interface SourceSet {
  set: string;
  name: string;
  cidrs: string[];
  domains: string[];
  flows: DestinationFlow[];
}

export interface ReadSource {
  vendor: DestinationVendor;
  format: SourceFormat;
  version: string;
  sets: SourceSet[];
  /** What people should know of this list: warnings of its own, dates of effect. */
  notes: string[];
}

export const SOURCE_FORMATS = [
  'microsoft-endpoints',
  'microsoft-changes',
  'google-ranges',
  'google-meet',
  'cisco-webex',
  'line',
  'v2fly',
  'manual',
] as const;
export type SourceFormat = (typeof SOURCE_FORMATS)[number];

/** A file that cannot be used; nothing of it is kept. `problems` say what is wrong and where. */
export class SourceNotUsable extends Error {
  constructor(readonly problems: string[]) {
    super(problems.join('; '));
    this.name = 'SourceNotUsable';
  }
}

/** Vendors' real lists have some hundred values; a hundred times as many is a bomb. */
export const MOST_VALUES = 20_000;
/** Longest text of one value; a host name has 253 characters. */
const LONGEST_VALUE = 400;

type Fields = Record<string, unknown>;

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list of texts, absent counting as none. Throws `SourceNotUsable` with the place. */
export function textsOf(value: unknown, where: string): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string' && one.length <= LONGEST_VALUE))
    throw new SourceNotUsable([`${where}: a list of texts was expected`]);
  return value as string[];
}

/** Ports as vendors write them: `80,443`, `143, 587, 993`, `3478-3481`. Sorted and joined to ranges. */
export function portsOf(text: string, where: string): string[] {
  const ranges = text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)
    .map((one): [number, number] => {
      const found = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(one);
      const from = Number(found?.[1]);
      const to = Number(found?.[2] ?? found?.[1]);
      if (!found || from < 1 || to > 65_535 || from > to)
        throw new SourceNotUsable([`${where}: "${one.slice(0, 20)}" is no port or range of ports from 1 to 65535`]);
      return [from, to];
    })
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const joined: [number, number][] = [];
  for (const [from, to] of ranges) {
    const last = joined.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`));
}

/** Flows of different rows for one destination, as one: ports united per protocol; `any` without ports says it all. */
export function uniteFlows(flows: readonly DestinationFlow[]): DestinationFlow[] {
  if (flows.some((flow) => flow.proto === 'any' && flow.ports.length === 0)) return [{ proto: 'any', ports: [] }];
  return (['tcp', 'udp', 'any'] as const).flatMap((proto) => {
    const own = flows.filter((flow) => flow.proto === proto);
    if (own.length === 0) return [];
    const all = own.some((flow) => flow.ports.length === 0);
    return [{ proto, ports: all ? [] : portsOf(own.flatMap((flow) => flow.ports).join(','), 'ports') }];
  });
}
