// A list written by hand: CSV with the columns set, kind, value, proto, ports; see the station's README.
import Papa from 'papaparse';
import type { DestinationFlow } from '#contracts';
import { portsOf, SourceNotUsable, type ReadSource, type SourceSet } from './source.js';

const COLUMNS = ['set', 'kind', 'value', 'proto', 'ports'];
const MOST_PROBLEMS = 20;

/** Reads a manual list. Faults name the row as a person counts it, the header being row 1. */
export function readManual(text: string, version: string | undefined): ReadSource {
  if (version === undefined || !/^[\w.-]{1,40}$/.test(version))
    throw new SourceNotUsable(['version: give the list a name of its own, like 2020-03-18']);
  const { data } = Papa.parse<string[]>(text.replace(/^\ufeff/, '').trimEnd(), { skipEmptyLines: 'greedy' });
  const [head = [], ...rows] = data;
  const places = COLUMNS.map((column) => head.findIndex((one) => one.trim().toLowerCase() === column));
  const missing = COLUMNS.slice(0, 3).filter((_, i) => places[i] === -1);
  if (missing.length > 0)
    throw new SourceNotUsable([
      `row 1: the columns ${missing.join(', ')} are missing; known are ${COLUMNS.join(', ')}`,
    ]);
  if (rows.length === 0) throw new SourceNotUsable(['there is no row below the header']);
  const sets = new Map<string, SourceSet>();
  const problems: string[] = [];
  rows.forEach((row, i) => {
    const where = `row ${i + 2}`;
    try {
      const [name = '', kind = '', value = '', proto = '', ports = ''] = places.map((at) => (row[at] ?? '').trim());
      if (!/^[\w.-]{1,40}$/.test(name)) throw new SourceNotUsable([`${where}: "set" needs letters, digits, "-"`]);
      if (kind !== 'cidr' && kind !== 'domain')
        throw new SourceNotUsable([
          `${where}: "kind" must be cidr or domain (a wildcard is a domain that begins with *.)`,
        ]);
      if (value === '') throw new SourceNotUsable([`${where}: "value" is empty`]);
      const flow = flowOf(proto.toLowerCase() || 'any', ports, where);
      // One set a flow, so that the provenance of a row stays its set's name.
      const key = `${name}|${flow.proto}|${flow.ports.join(',')}`;
      const set = sets.get(key) ?? { set: name, name, cidrs: [], domains: [], flows: [flow] };
      set[kind === 'cidr' ? 'cidrs' : 'domains'].push(value);
      sets.set(key, set);
    } catch (error) {
      if (!(error instanceof SourceNotUsable)) throw error;
      problems.push(...error.problems);
    }
  });
  if (problems.length > 0) throw new SourceNotUsable(problems.slice(0, MOST_PROBLEMS));
  return { vendor: 'manual', format: 'manual', version, sets: [...sets.values()], notes: [] };
}

function flowOf(proto: string, ports: string, where: string): DestinationFlow {
  if (proto !== 'tcp' && proto !== 'udp' && proto !== 'any')
    throw new SourceNotUsable([`${where}: "proto" must be tcp, udp or any`]);
  return { proto, ports: portsOf(ports.replaceAll(';', ','), `${where}, ports`) };
}
