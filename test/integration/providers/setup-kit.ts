// What specs about setting providers up share: people with keys, a profile for a new provider, a look into its simulator.
import axios, { type AxiosInstance } from 'axios';
import type { ProviderProfile } from '#contracts';
import { referenceProfile } from '#adapters';
import { createApiKey } from '#operations';
import { HUB_ACTOR_ID, query } from '#platform';
import type { SimulatedProvider } from '../../../apps/provider-sim/simulator.js';
import type { TestHub } from '../../support/hub.js';

export const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
export const OWN_SECRET = `whsec_${Buffer.alloc(32, 6).toString('base64')}`;

export interface People {
  /** Scopes onde, ops.read, ops.act. */
  malee: AxiosInstance;
  /** Scope approve only. */
  somsak: AxiosInstance;
  /** Scope ops.read only. */
  reader: AxiosInstance;
  keys: Record<'malee' | 'somsak' | 'reader', string>;
}

export async function people(hub: TestHub, url: string): Promise<People> {
  const scopes = { malee: ['onde', 'ops.read', 'ops.act'], somsak: ['approve'], reader: ['ops.read'] };
  const keys: Record<string, string> = {};
  const clients: Record<string, AxiosInstance> = {};
  for (const [name, own] of Object.entries(scopes)) {
    const { key } = await createApiKey(hub.source, { name, scopes: own }, HUB_ACTOR_ID);
    keys[name] = key;
    clients[name] = axios.create({
      baseURL: url,
      validateStatus: () => true,
      headers: { Authorization: `Bearer ${key}` },
    });
  }
  return { ...clients, keys } as unknown as People;
}

/** A profile of a seventh provider, answering in the response at this address. */
export function ntProfile(target: string, changes: Partial<ProviderProfile> = {}): ProviderProfile {
  const ais = referenceProfile('AIS')!;
  return {
    ...ais,
    code: 'NT',
    nameTh: 'เอ็นที',
    nameEn: 'National Telecom',
    otherNames: ['โทรคมนาคมแห่งชาติ'],
    transport: { kind: 'webhook', target, timeoutMs: 5_000, gzip: false },
    retryScheduleS: [0.2, 0.5, 1],
    observe: null,
    secrets: { signing: ['nt.signing.1'], callback: [], sshKey: null },
    testLines: [{ access: 'MB', line: '+66800009901' }],
    contacts: [{ role: 'technical', name: 'NT network desk', email: 'desk@nt.invalid' }],
    ...changes,
  };
}

/** Both people confirm a change of keys by what they heard. */
export async function confirmByTwo(
  who: People,
  code: string,
  changeId: number,
  fingerprints: string[],
): Promise<string[]> {
  const states: string[] = [];
  for (const person of [who.malee, who.somsak]) {
    const answer = await person.post(`/v1/providers/${code}/key-changes/${changeId}/confirm`, {
      fingerprints,
      heardFrom: 'Khun Anong, by telephone',
    });
    states.push(answer.status === 200 ? answer.data.state : JSON.stringify(answer.data));
  }
  return states;
}

/** Entries that should be at a provider and those that its simulator holds, by ref. */
export async function booksOf(
  hub: TestHub,
  { code, provider }: SimulatedProvider,
): Promise<{ desired: string[]; held: string[] }> {
  const rows = await query<{ entry_ref: string }>(
    hub.source,
    'SELECT entry_ref FROM entry JOIN provider USING (provider_id) WHERE code = $1 AND present ORDER BY entry_ref',
    [code],
  );
  return { desired: rows.map((row) => row.entry_ref), held: [...provider.applier.book.sortedRefs()].sort() };
}

/** Waits for a fact, at most `withinS` seconds. */
export async function until<T>(what: string, ask: () => Promise<T | null | false>, withinS = 20): Promise<T> {
  const end = Date.now() + withinS * 1000;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${withinS} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function registerOver(
  client: AxiosInstance,
  reference: string,
  lines: { provider: string; number: string }[],
): Promise<void> {
  const answer = await client.post('/v1/registrations', {
    agency: 'G0001',
    reference,
    confirmation: { confirmedAt: '2020-03-18T10:00:00+07:00', confirmedBy: 'ผู้อำนวยการ', document: 'ดศ 0201/1' },
    lines: lines.map((line) => ({ access: 'MB', validFrom: '2020-03-19', ...line })),
  });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.data));
}
