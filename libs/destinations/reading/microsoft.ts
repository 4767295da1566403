// Microsoft 365: the endpoints web service's list of endpoint sets, and the changes since a version.
import type { DestinationFlow } from '#contracts';
import { isObject, portsOf, SourceNotUsable, textsOf, type ReadSource, type SourceSet } from './source.js';

const VERSION = /^20\d{8}$/;

/** `YYYYMMDDNN` of the version method, which the list itself does not carry. */
export function checkMicrosoftVersion(version: string | undefined): string {
  if (version === undefined || !VERSION.test(version))
    throw new SourceNotUsable([
      'version: the list does not name its own; give what endpoints.office.com/version said, like 2020022800',
    ]);
  return version;
}

/** Reads the answer of `/endpoints/Worldwide`. Blank members are omitted there, so a set may have only one kind. */
export function readMicrosoftEndpoints(value: unknown, version: string | undefined): ReadSource {
  if (!Array.isArray(value) || value.length === 0)
    throw new SourceNotUsable(['an array of endpoint sets was expected']);
  const ids = new Set<string>();
  const sets = value.map((one, i): SourceSet => {
    const where = `set at position ${i + 1}`;
    if (!isObject(one) || !Number.isSafeInteger(one['id'])) throw new SourceNotUsable([`${where}: "id" is no number`]);
    const set = String(one['id']);
    if (ids.has(set)) throw new SourceNotUsable([`${where}: the id ${set} is there twice`]);
    ids.add(set);
    return readSet(set, one, `set ${set}`);
  });
  return {
    vendor: 'microsoft',
    format: 'microsoft-endpoints',
    version: checkMicrosoftVersion(version),
    sets,
    notes: [],
  };
}

function readSet(set: string, one: Record<string, unknown>, where: string): SourceSet {
  return {
    set,
    name: [one['serviceArea'], one['category']].filter((part) => typeof part === 'string').join(' '),
    cidrs: textsOf(one['ips'], `${where}, ips`),
    domains: textsOf(one['urls'], `${where}, urls`),
    flows: flowsOf(one, where),
  };
}

function flowsOf(one: Record<string, unknown>, where: string): DestinationFlow[] {
  return (['tcp', 'udp'] as const).flatMap((proto) => {
    const text = one[`${proto}Ports`];
    if (text === undefined || text === null || text === '') return [];
    if (typeof text !== 'string') throw new SourceNotUsable([`${where}, ${proto}Ports: a text was expected`]);
    return [{ proto, ports: portsOf(text, `${where}, ${proto}Ports`) }];
  });
}

/**
 * Applies the answer of `/changes/Worldwide/<version>` to the list of that version. Changes up to the base's version are
 * passed over; one that does not fit the base is refused, since then it is the wrong base.
 */
export function applyMicrosoftChanges(base: ReadSource, value: unknown): ReadSource {
  if (!Array.isArray(value)) throw new SourceNotUsable(['an array of changes was expected']);
  const sets = new Map(base.sets.map((set) => [set.set, structuredClone(set)]));
  const notes = new Set<string>();
  let version = base.version;
  const changes = value.map((one, i) => {
    if (!isObject(one) || !Number.isSafeInteger(one['endpointSetId']) || !VERSION.test(String(one['version'])))
      throw new SourceNotUsable([`change at position ${i + 1}: "endpointSetId" and "version" are needed`]);
    return { change: one, set: String(one['endpointSetId']), version: String(one['version']) };
  });
  for (const each of changes.toSorted((a, b) => a.version.localeCompare(b.version))) {
    if (each.version <= base.version) continue;
    version = each.version;
    applyOne(sets, each.set, each.change, `change of set ${each.set} in ${each.version}`, notes);
  }
  if (version === base.version) throw new SourceNotUsable([`there is no change after version ${base.version}`]);
  const sorted = [...sets.values()].sort((a, b) => Number(a.set) - Number(b.set));
  return { ...base, version, sets: sorted, notes: [`changes applied to version ${base.version}`, ...notes] };
}

function applyOne(
  sets: Map<string, SourceSet>,
  id: string,
  change: Record<string, unknown>,
  where: string,
  notes: Set<string>,
): void {
  const disposition = String(change['disposition']).toLowerCase();
  if (disposition === 'remove') {
    if (!sets.delete(id)) throw new SourceNotUsable([`${where}: the base has no such set`]);
    return;
  }
  const current = isObject(change['current']) ? change['current'] : {};
  let set = sets.get(id);
  if (disposition === 'add') {
    if (set) throw new SourceNotUsable([`${where}: the base has this set already`]);
    set = readSet(id, current, where);
  } else if (disposition !== 'change') {
    throw new SourceNotUsable([`${where}: "disposition" must be Add, Change or Remove`]);
  }
  if (!set) throw new SourceNotUsable([`${where}: the base has no such set; import the version before it first`]);
  const known = set;
  for (const direction of ['remove', 'add'] as const) {
    const part = change[direction];
    if (part === undefined || part === null) continue;
    if (!isObject(part)) throw new SourceNotUsable([`${where}, ${direction}: an object was expected`]);
    if (typeof part['effectiveDate'] === 'string')
      notes.add(`${direction} of set ${id} takes effect on ${part['effectiveDate'].slice(0, 10)}`);
    for (const [field, member] of [
      ['ips', 'cidrs'],
      ['urls', 'domains'],
    ] as const) {
      const values = textsOf(part[field], `${where}, ${direction}.${field}`);
      const missing = direction === 'remove' ? values.filter((value) => !known[member].includes(value)) : [];
      if (missing.length > 0)
        throw new SourceNotUsable([`${where}: removes ${missing[0]}, which the base does not have`]);
      known[member] =
        direction === 'remove'
          ? known[member].filter((value) => !values.includes(value))
          : [...new Set([...known[member], ...values])];
    }
  }
  if ('tcpPorts' in current || 'udpPorts' in current)
    known.flows = flowsOf({ ...portsBefore(known), ...current }, where);
  sets.set(id, known);
}

/** Ports as the service writes them, so that a change of one protocol leaves the other. */
function portsBefore(set: SourceSet): Record<string, string> {
  return Object.fromEntries(set.flows.map((flow) => [`${flow.proto}Ports`, flow.ports.join(',')]));
}
