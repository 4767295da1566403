// A destination list as the provider understands it: checked against its own hash, the way the contract describes it.
import { sha256 } from '../book/book.js';

export interface Flow {
  proto: string;
  ports: string[];
}

export interface Destination {
  app: string;
  kind: string;
  value: string;
  flows: Flow[];
}

export interface List {
  version: number;
  sha256: string;
  destinations: Destination[];
}

/** A list that cannot be enforced; nothing of it is kept. */
export class ListError extends Error {}

/** SHA-256 over `<app> <kind> <value> <flows>` lines, sorted as bytes. */
export function hashOf(destinations: readonly Destination[]): string {
  const lines = destinations.map(({ app, kind, value, flows }) => {
    const text = flows.map((flow) => `${flow.proto}:${flow.ports.join(',') || '*'}`).join(' ');
    return `${app} ${kind} ${value} ${text}\n`;
  });
  return sha256(lines.sort().join(''));
}

type Loose = Record<string, unknown>;

/** Reads the document of the event and of the feed. Throws ListError. */
export function readDocument(value: unknown, provider: string): List {
  if (typeof value !== 'object' || value === null) throw new ListError('there is no list');
  const { contract, provider: to, version, sha256: hash, destinations, count, added, removed } = value as Loose;
  if (!/^1\.\d+$/.test(String(contract))) throw new ListError('contract must be 1.x');
  if (to !== provider) throw new ListError('this list is for another provider');
  if (!Number.isSafeInteger(version) || !/^20\d{8}$/.test(String(version)))
    throw new ListError('version must be YYYYMMDDNN');
  if (!Array.isArray(destinations) || count !== destinations.length)
    throw new ListError('count is not the number of destinations');
  if (!Array.isArray(added) || !Array.isArray(removed)) throw new ListError('added and removed must be lists');
  return checked({ version: version as number, sha256: String(hash), destinations: destinations.map(destinationIn) });
}

function destinationIn(value: unknown): Destination {
  const { app, kind, value: text, flows } = value as Loose;
  const named = [app, kind, text].every((one) => typeof one === 'string' && one !== '');
  if (!named || !Array.isArray(flows) || flows.length === 0) throw new ListError('a destination is not whole');
  return { app: String(app), kind: String(kind), value: String(text), flows: flows as Flow[] };
}

/** The list, when its hash is that of its content. */
export function checked(list: List): List {
  if (hashOf(list.destinations) !== list.sha256) throw new ListError('sha256 is not that of the destinations');
  return list;
}
