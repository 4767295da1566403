// Google, Cisco and LINE: each vendor's own shape.
import type { DestinationFlow } from '#contracts';
import { isObject, portsOf, SourceNotUsable, textsOf, type ReadSource, type SourceSet } from './source.js';

const ANY: DestinationFlow[] = [{ proto: 'any', ports: [] }];
const WEB: DestinationFlow[] = [{ proto: 'tcp', ports: ['443'] }];

/** goog.json and cloud.json: one set, or a set a service and scope. `syncToken` grows with every version. */
export function readGoogleRanges(value: unknown, version: string | undefined): ReadSource {
  if (!isObject(value) || !Array.isArray(value['prefixes']))
    throw new SourceNotUsable(['an object with "prefixes" was expected']);
  const sets = new Map<string, SourceSet>();
  value['prefixes'].forEach((one: unknown, i) => {
    const cidr = isObject(one) ? (one['ipv4Prefix'] ?? one['ipv6Prefix']) : undefined;
    if (!isObject(one) || typeof cidr !== 'string')
      throw new SourceNotUsable([`prefix at position ${i + 1}: "ipv4Prefix" or "ipv6Prefix" is needed`]);
    const name = typeof one['service'] === 'string' ? `${one['service']}/${String(one['scope'] ?? '')}` : 'goog';
    const set = sets.get(name) ?? { set: name, name, cidrs: [], domains: [], flows: ANY };
    set.cidrs.push(cidr);
    sets.set(name, set);
  });
  const token = value['syncToken'];
  if (version === undefined && (typeof token !== 'string' || !/^\d{1,20}$/.test(token)))
    throw new SourceNotUsable(['"syncToken" is no number; it is the version of this list']);
  return {
    vendor: 'google',
    format: 'google-ranges',
    version: version ?? String(token),
    sets: [...sets.values()],
    notes: [
      'holds all of Google or of a cloud region, Search and YouTube or every tenant included: to look things up in, not to be free as a whole',
    ],
  };
}

/** Google Meet's network requirements: media ranges and domains by their use. */
export function readGoogleMeet(value: unknown, version: string | undefined): ReadSource {
  if (!isObject(value) || !isObject(value['mediaRanges']))
    throw new SourceNotUsable(['an object with "mediaRanges" and "domains" was expected']);
  const ports = isObject(value['ports']) ? value['ports'] : {};
  const both = typeof ports['tcp_udp'] === 'string' ? portsOf(ports['tcp_udp'], 'ports.tcp_udp') : ['443'];
  const udp = typeof ports['udp'] === 'string' ? portsOf(ports['udp'], 'ports.udp') : [];
  const media: DestinationFlow[] = [
    { proto: 'tcp', ports: both },
    { proto: 'udp', ports: portsOf([...both, ...udp].join(','), 'ports') },
  ];
  const domains = isObject(value['domains']) ? value['domains'] : {};
  const sets = [
    ...Object.entries(value['mediaRanges']).map(([name, list]): SourceSet => ({
      set: `media-${name}`,
      name: `media ${name}`,
      cidrs: textsOf(list, `mediaRanges.${name}`),
      domains: [],
      flows: media,
    })),
    ...Object.entries(domains).map(([name, list]): SourceSet => ({
      set: `domains-${name}`,
      name: `domains ${name}`,
      cidrs: [],
      domains: textsOf(list, `domains.${name}`),
      flows: WEB,
    })),
    {
      set: 'older-uri-form',
      name: 'older URI form',
      cidrs: [],
      domains: textsOf(value['olderUriForm'], 'olderUriForm'),
      flows: WEB,
    },
  ];
  return { vendor: 'google', format: 'google-meet', version: versionOf(version), sets, notes: noteOf(value) };
}

/** Cisco's Webex requirements: the table of today, or the shorter list of about 2020. */
export function readWebex(value: unknown, version: string | undefined): ReadSource {
  if (!isObject(value)) throw new SourceNotUsable(['an object was expected']);
  const notes = noteOf(value);
  if (value['ipv4_circa2020'] !== undefined) {
    const cidrs = textsOf(value['ipv4_circa2020'], 'ipv4_circa2020');
    const set: SourceSet = { set: 'media', name: 'media', cidrs, domains: [], flows: webexMedia() };
    if (typeof value['overlap'] === 'string') notes.push(value['overlap'].slice(0, 200));
    return { vendor: 'cisco', format: 'cisco-webex', version: versionOf(version), sets: [set], notes };
  }
  const table = value['mediaSubnetsV4'];
  if (!Array.isArray(table)) throw new SourceNotUsable(['"mediaSubnetsV4" or "ipv4_circa2020" was expected']);
  const v4 = table.map((row: unknown, i) => {
    if (!isObject(row) || typeof row['cidr'] !== 'string')
      throw new SourceNotUsable([`mediaSubnetsV4 at position ${i + 1}: "cidr" is needed`]);
    return row['cidr'];
  });
  const starred = table.filter((row: unknown) => isObject(row) && row['starred'] === true).length;
  if (starred > 0) notes.push(`${starred} ranges carry a star in Cisco's table; its footnote is not in the list`);
  const domains = isObject(value['domains']) ? value['domains'] : {};
  const sets: SourceSet[] = [
    {
      set: 'media',
      name: 'media',
      cidrs: [...v4, ...textsOf(value['mediaSubnetsV6'], 'mediaSubnetsV6')],
      domains: [],
      flows: webexMedia(),
    },
    ...Object.entries(domains).map(([name, list]): SourceSet => ({
      set: name,
      name,
      cidrs: [],
      domains: textsOf(list, `domains.${name}`),
      flows: WEB,
    })),
  ];
  const log = Array.isArray(value['changeLog']) ? value['changeLog'].filter(isObject) : [];
  const newest = log
    .map((one) => String(one['date']))
    .sort()
    .at(-1);
  return { vendor: 'cisco', format: 'cisco-webex', version: versionOf(version ?? newest), sets, notes };
}

function webexMedia(): DestinationFlow[] {
  return [
    { proto: 'tcp', ports: ['443', '5004'] },
    { proto: 'udp', ports: ['5004', '9000'] },
  ];
}

/** LINE: domain suffixes and ranges. A suffix means the name and everything below. */
export function readLine(value: unknown, version: string | undefined): ReadSource {
  if (!isObject(value) || !Array.isArray(value['domainSuffixes']))
    throw new SourceNotUsable(['an object with "domainSuffixes" and "ipv4" was expected']);
  const suffixes = textsOf(value['domainSuffixes'], 'domainSuffixes');
  const sets: SourceSet[] = [
    { set: 'domains', name: 'domains', cidrs: [], domains: suffixes.flatMap(suffix), flows: WEB },
    {
      set: 'ranges',
      name: 'ranges',
      cidrs: [...textsOf(value['ipv4'], 'ipv4'), ...textsOf(value['ipv6'], 'ipv6')],
      domains: [],
      flows: ANY,
    },
  ];
  const official = value['officialButNarrow'];
  if (isObject(official)) {
    sets.push({
      set: 'official',
      name: 'LINE Planet',
      cidrs: textsOf(official['ranges'], 'officialButNarrow.ranges'),
      domains: textsOf(official['hosts'], 'officialButNarrow.hosts'),
      flows: ANY,
    });
  }
  return {
    vendor: 'line',
    format: 'line',
    version: versionOf(version),
    sets,
    notes: ['community-made, not published by LINE'],
  };
}

function suffix(name: string): string[] {
  return [name, `*.${name}`];
}

/** v2fly's lists: a name a line (with all below), `full:` exactly, `#` comments, `@` attributes; the rest is refused. */
export function readV2fly(text: string, vendor: 'line' | 'cisco', version: string | undefined): ReadSource {
  const domains: string[] = [];
  text.split(/\r?\n/).forEach((line, i) => {
    const [rule = ''] = line.replace(/#.*$/, '').trim().split(/\s+/);
    if (rule === '') return;
    const [, kind = 'domain', name = ''] = /^(?:([a-z]+):)?(\S+)$/.exec(rule) ?? [];
    if (kind === 'full') domains.push(name);
    else if (kind === 'domain') domains.push(...suffix(name));
    else
      throw new SourceNotUsable([
        `line ${i + 1}: "${kind.slice(0, 20)}:" cannot be a destination; only names and "full:" can`,
      ]);
  });
  if (domains.length === 0) throw new SourceNotUsable(['there is no name in this list']);
  const set: SourceSet = { set: 'domains', name: 'domains', cidrs: [], domains, flows: WEB };
  return {
    vendor,
    format: 'v2fly',
    version: versionOf(version),
    sets: [set],
    notes: ['from v2fly/domain-list-community (MIT)'],
  };
}

function noteOf(value: Record<string, unknown>): string[] {
  return typeof value['note'] === 'string' ? [value['note'].slice(0, 200)] : [];
}

function versionOf(version: string | undefined): string {
  if (version === undefined || !/^[\w.-]{1,40}$/.test(version))
    throw new SourceNotUsable([
      'version: this list does not name its own; give the day on which it was read, like 2020-03-18',
    ]);
  return version;
}
