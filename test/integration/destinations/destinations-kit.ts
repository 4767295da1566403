// What the specs of destination lists share: a hub with all six, keys of two people, and the way of a list in calls.
import { readFileSync } from 'node:fs';
import { createApiKey } from '#operations';
import { query } from '#platform';
import { startTestHub, type TestHub, type TestHubOptions } from '../../support/hub.js';

const SAMPLE = new URL('../../../libs/destinations/data/sample/', import.meta.url);
const FIXTURES = new URL('../../fixtures/destinations/', import.meta.url);

export const sampleList = (name: string): Buffer => readFileSync(new URL(name, SAMPLE));
export const fixtureList = (name: string): Buffer => readFileSync(new URL(name, FIXTURES));

export interface Draft {
  draftId: number;
  state: string;
  contentSha256: string;
  version: number | null;
  entries: { app: string; value: string; sources: { vendor: string; set: string; version: string }[] }[];
  denied: { value: string; reason: string }[];
  diff: { since: number | null; added: Draft['entries']; removed: Draft['entries'] };
}

export interface Standing {
  provider: string;
  version: number | null;
  state: string | null;
  acknowledged: number | null;
  attempts: number;
  detail: string | null;
}

export interface Answer<T> {
  status: number;
  body: T;
}

export interface ListHub {
  hub: TestHub;
  url: string;
  /** A request with the key of one of them. */
  call<T>(who: 'onde' | 'approver' | 'provider', method: string, path: string, body?: unknown): Promise<Answer<T>>;
  importList(
    bytes: Buffer,
    question: Record<string, string>,
  ): Promise<Answer<{ result: string; source: { sourceId: number } }>>;
  /** Proposes, approves by the second person, publishes; returns the draft as it was proposed, and the version. */
  release(proposal?: Record<string, unknown>): Promise<{ draft: Draft; version: number }>;
  standings(): Promise<Standing[]>;
  /** Waits until these providers acknowledged a version; throws with what is. */
  acknowledged(version: number, codes: readonly string[], withinS?: number): Promise<void>;
  until(what: string, holds: () => Promise<boolean>, withinS?: number): Promise<void>;
}

export const ALL = ['CAT', 'TOT', 'AIS', 'TRUE', 'DTAC', '3BB'] as const;

export async function startListHub(options: Partial<TestHubOptions> = {}): Promise<ListHub> {
  const providers = options.providers ?? [...ALL];
  const has3bb = providers.includes('3BB');
  const hub = await startTestHub({ providers, signatureCheck: 'native', ...options });
  const url = await hub.serve();
  const key = async (name: string, scopes: string[]): Promise<string> =>
    (await createApiKey(hub.source, { name, scopes }, 1)).key;
  const keys = {
    onde: await key('lists: ONDE', ['onde', 'ops.read', 'ops.act']),
    approver: await key('lists: second person', ['approve', 'ops.read']),
    provider: await key('lists: a provider', [`provider:${has3bb ? '3BB' : providers[0]}`]),
  };
  if (has3bb) hub.simulator.get('3BB').setFeedKey(keys.provider);

  const call: ListHub['call'] = async (who, method, path, body) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${keys[who]}`,
        ...(body === undefined
          ? {}
          : { 'content-type': Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json' }),
      },
      ...(body === undefined ? {} : { body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json = answer.headers.get('content-type')?.includes('json') === true;
    return { status: answer.status, body: (json && text !== '' ? JSON.parse(text) : text) as never };
  };
  const until: ListHub['until'] = async (what, holds, withinS = 20) => {
    const end = Date.now() + withinS * 1000;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`not within ${withinS} s: ${what}; ${JSON.stringify(await standings())}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const standings = async (): Promise<Standing[]> =>
    (await call<{ providers: Standing[] }>('onde', 'GET', '/v1/destinations/status')).body.providers;
  return {
    hub,
    url,
    call,
    until,
    standings,
    importList: (bytes, question) =>
      call(
        'onde',
        'POST',
        `/v1/destinations/sources?${new URLSearchParams({ reason: 'a test', ...question }).toString()}`,
        bytes,
      ),
    async release(proposal = {}) {
      const { body: draft, status } = await call<Draft>('onde', 'POST', '/v1/destinations/drafts', {
        reason: 'a test',
        ...proposal,
      });
      if (status !== 201) throw new Error(`not proposed: ${JSON.stringify(draft)}`);
      const approval = { contentSha256: draft.contentSha256, reason: 'looked at it' };
      const approved = await call('approver', 'POST', `/v1/destinations/drafts/${draft.draftId}/approve`, approval);
      if (approved.status !== 200) throw new Error(`not approved: ${JSON.stringify(approved.body)}`);
      const published = await call<{ version: number }>(
        'onde',
        'POST',
        `/v1/destinations/drafts/${draft.draftId}/publish`,
        { reason: 'as agreed' },
      );
      if (published.status !== 200) throw new Error(`not published: ${JSON.stringify(published.body)}`);
      return { draft, version: published.body.version };
    },
    acknowledged: (version, codes, withinS = 30) =>
      until(
        `${version} acknowledged by ${codes.join(', ')}`,
        async () => {
          const all = await standings();
          return codes.every((code) => all.some((one) => one.provider === code && one.acknowledged === version));
        },
        withinS,
      ),
  };
}

/** The alerts that hold, by provider. */
export async function behind(hub: TestHub): Promise<string[]> {
  const rows = await query<{ code: string }>(
    hub.source,
    `SELECT p.code FROM alert a JOIN provider p USING (provider_id) WHERE a.kind = 'destinationsBehind' AND a.ended_at IS NULL ORDER BY 1`,
  );
  return rows.map((row) => row.code);
}
