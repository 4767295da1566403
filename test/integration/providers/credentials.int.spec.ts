// API key, OAuth 2.0 client credentials and mutual TLS, from the profile through the hub to providers that demand them.
import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Provider } from 'oidc-provider';
import type { Authentication, MutualTls, WebhookTransport } from '#contracts';
import { seedAgencies } from '#intake';
import { query, SecretStore, Vault } from '#platform';
import { newAuthority, type TestAuthority } from '../../support/certificates.js';
import { startTestHub, type TestHub } from '../../support/hub.js';
import { certificateName, openGate, type Gate } from './gate.js';
import { confirmByTwo, people, registerOver, until, type People } from './setup-kit.js';

const bearer = (request: http.IncomingMessage): string | null =>
  /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? null;
/** Seconds; short, so that tokens end while batches flow. */
const TOKEN_LIFE_S = 3;

describe('a credential of the profile reaches the provider', () => {
  let hub: TestHub;
  let who: People;
  let issuer: http.Server;
  let authority: TestAuthority;
  const gates: Record<string, Gate> = {};
  /** What each provider takes at this moment: API keys, client secrets, names in certificates. */
  const taken: Record<string, Set<string>> = {
    AIS: new Set(['partner-key-number-one']),
    TRUE: new Set(['client-secret-one']),
    DTAC: new Set(['hub one']),
  };
  let serial = 0;

  before(async () => {
    issuer = http.createServer();
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
    const issuerUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
    const identity = new Provider(issuerUrl, {
      clients: [
        {
          client_id: 'saphan',
          client_secret: 'client-secret-one',
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
          scope: 'whitelist.write',
        },
      ],
      scopes: ['whitelist.write'],
      features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
      ttl: { ClientCredentials: TOKEN_LIFE_S },
    });
    // Two secrets of one client while it changes over, which the library leaves to whoever runs it.
    (identity.Client.prototype as unknown as { compareClientSecret: (secret: string) => boolean }).compareClientSecret =
      (secret) => taken['TRUE']!.has(secret);
    const handle = identity.callback();
    issuer.on('request', (request, response) => void handle(request, response));

    authority = await newAuthority();
    const [server, ours] = [await authority.issue('provider', 'server'), await authority.issue('hub one', 'client')];
    gates['AIS'] = await openGate({
      shown: ({ headers }) => (typeof headers['x-partner-key'] === 'string' ? headers['x-partner-key'] : null),
      counts: (key) => taken['AIS']!.has(key),
    });
    gates['TRUE'] = await openGate({
      shown: bearer,
      counts: async (token) => taken['TRUE']!.size > 0 && (await identity.ClientCredentials.find(token)) !== undefined,
    });
    gates['DTAC'] = await openGate({
      shown: certificateName,
      counts: (name) => taken['DTAC']!.has(name),
      tls: { ...server, authority: authority.certificate },
    });

    const ways: Record<string, { authentication: Authentication } | { mutualTls: MutualTls }> = {
      AIS: { authentication: { kind: 'apiKey', header: 'X-Partner-Key', secret: 'ais.apiKey.1' } },
      TRUE: {
        authentication: {
          kind: 'oauth2',
          tokenUrl: `${issuerUrl}/token`,
          clientId: 'saphan',
          secret: 'true.oauth2.1',
          scope: 'whitelist.write',
        },
      },
      DTAC: { mutualTls: { certificate: 'dtac.tls.1', key: 'dtac.tls.1.key', authority: 'dtac.authority.1' } },
    };
    hub = await startTestHub({
      providers: Object.keys(gates),
      profile: (profile) => {
        const transport = profile.transport as WebhookTransport;
        const gate = gates[profile.code]!;
        gate.behind = transport.target;
        return { ...profile, transport: { ...transport, target: gate.target, ...ways[profile.code] } };
      },
    });
    const secrets = new SecretStore(hub.source, new Vault(hub.config.keys.master));
    await secrets.reload();
    for (const [name, value] of Object.entries({
      'ais.apiKey.1': 'partner-key-number-one',
      'true.oauth2.1': 'client-secret-one',
      'dtac.tls.1': ours.certificate,
      'dtac.tls.1.key': ours.key,
      'dtac.authority.1': authority.certificate,
    }))
      await secrets.put(name, value, 1);
    await seedAgencies(hub.source);
    const url = await hub.serve();
    await hub.work();
    who = await people(hub, url);
  });
  after(async () => {
    await hub?.close();
    for (const gate of Object.values(gates)) await gate.close();
    issuer?.closeAllConnections();
    issuer?.close();
  });

  async function register(provider: string, count = 2): Promise<void> {
    const lines = Array.from({ length: count }, () => ({ provider, number: `08000${20_000 + ++serial}` }));
    await registerOver(who.malee, `C-${serial}`, lines);
  }
  const stream = async (code: string): Promise<{ failures: number; pause_reason: string | null }> =>
    (
      await query<{ failures: number; pause_reason: string | null }>(
        hub.source,
        'SELECT failures, pause_reason FROM provider_stream JOIN provider USING (provider_id) WHERE code = $1',
        [code],
      )
    )[0]!;

  async function everythingIsThere(code: string): Promise<void> {
    await hub.settled(60);
    const book = (await hub.compareBooks())[code]!;
    assert.deepEqual([book.held, book.wrong], [book.desired, 0], code);
    const open = await query(
      hub.source,
      'SELECT kind FROM exception JOIN provider USING (provider_id) WHERE provider.code = $1 AND ended_at IS NULL',
      [code],
    );
    assert.deepEqual(open, []);
  }

  const NEXT: Record<
    string,
    { purpose: string; shown: string; material(): Promise<{ key: string; privateKey?: string }> }
  > = {
    AIS: {
      purpose: 'apiKey',
      shown: 'partner-key-number-two',
      material: () => Promise.resolve({ key: 'partner-key-number-two' }),
    },
    TRUE: {
      purpose: 'oauth2',
      shown: 'client-secret-two',
      material: () => Promise.resolve({ key: 'client-secret-two' }),
    },
    DTAC: {
      purpose: 'tls',
      shown: 'hub two',
      async material() {
        const { certificate, key } = await authority.issue('hub two', 'client');
        return { key: certificate, privateKey: key };
      },
    },
  };

  for (const [code, { purpose, shown, material }] of Object.entries(NEXT)) {
    test(`${code}: what is registered arrives and is acknowledged`, async () => {
      await register(code, 5);
      await everythingIsThere(code);
      assert.ok(gates[code]!.let.length > 0);
      assert.equal(gates[code]!.refused, 0);
    });

    test(`${code}: the credential changes over while batches flow; the old one counts until the new one is used`, async () => {
      const gate = gates[code]!;
      taken[code]!.add(shown);
      const next = await material();
      const flow = new AbortController();
      const flowed = (async () => {
        while (!flow.signal.aborted) {
          await register(code);
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
      })();
      const made = await who.malee.post(`/v1/providers/${code}/key-changes`, { purpose, ...next, reason: 'yearly' });
      assert.equal(made.status, 201, JSON.stringify(made.data));
      const { changeId, key: named } = made.data;
      assert.deepEqual(await confirmByTwo(who, code, changeId, [named.fingerprint]), ['pending', 'confirmed']);
      const before = new Set(gate.let);
      await until('the new one is used', () => Promise.resolve(gate.let.some((one) => !before.has(one))));
      if (code !== 'TRUE') assert.equal(gate.let.at(-1), shown);
      taken[code] = new Set([shown]);
      await register(code);
      flow.abort();
      await flowed;
      await everythingIsThere(code);
      assert.equal(gate.refused, 0, 'nothing was refused through all of it');
      assert.deepEqual(await stream(code), { failures: 0, pause_reason: null });
    });

    test(`${code}: one that is refused is told as what a person must mend, and uses up no attempts`, async () => {
      const good = taken[code]!;
      taken[code] = new Set();
      await register(code, 3);
      const { pause_reason: reason } = await until('the provider is stopped', async () => {
        const row = await stream(code);
        return row.pause_reason === null ? null : row;
      });
      assert.match(reason ?? '', /refuses us.*(401|invalid_client)/);
      assert.equal((await stream(code)).failures, 0);
      const { data } = await who.reader.get(`/v1/providers/${code}`);
      assert.match(JSON.stringify(data), /refuses us/);
      assert.doesNotMatch(JSON.stringify(data), /partner-key-number-two|client-secret-two/);
      taken[code] = good;
      const resumed = await who.malee.post(`/v1/providers/${code}/resume`, { reason: 'they know us again' });
      assert.ok(resumed.status < 300, JSON.stringify(resumed.data));
      await everythingIsThere(code);
      const tries = await query<{ most: number }>(
        hub.source,
        'SELECT max(tries) AS most FROM exception JOIN provider USING (provider_id) WHERE provider.code = $1',
        [code],
      );
      assert.deepEqual(tries, [{ most: null }], 'no line was tried again because of it');
    });
  }

  test('TRUE: tokens ended while batches flowed, and each was fetched once for many requests', async () => {
    const gate = gates['TRUE']!;
    const before = gate.let.length;
    const end = Date.now() + 2 * TOKEN_LIFE_S * 1000;
    while (Date.now() < end) {
      await register('TRUE');
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    await everythingIsThere('TRUE');
    const tokens = gate.let.slice(before);
    assert.ok(new Set(tokens).size >= 2, 'no token ended');
    assert.ok(new Set(tokens).size < tokens.length / 2, 'tokens are not kept');
    assert.deepEqual(await stream('TRUE'), { failures: 0, pause_reason: null });
  });
});
