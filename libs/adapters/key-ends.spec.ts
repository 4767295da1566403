// When keys end: what the vault says, and what a server showed at the last connection.
import assert from 'node:assert/strict';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import * as openpgp from 'openpgp';
import type { ProviderProfile } from '#contracts';
import { newAuthority, type Identity, type TestAuthority } from '../../test/support/certificates.js';
import { keyEndsOf } from './key-ends.js';
import { makeAdapter } from './make-adapter.js';
import { referenceProfile } from './profiles/reference.js';
import { LOOPBACK_NETWORKS } from './transports/target-guard.js';

const DAY_MS = 86_400_000;
const daysOf = (endsAt: Date): number => Math.round((endsAt.getTime() - Date.now()) / DAY_MS);

let authority: TestAuthority;
let ours: Identity;
let server: https.Server;
before(async () => {
  authority = await newAuthority();
  ours = await authority.issue('saphan', 'client', 5);
  const { certificate: cert, key } = await authority.issue('127.0.0.1', 'server', 12);
  server = https.createServer({ cert, key }, (request, response) => {
    request.resume().on('end', () => response.writeHead(200).end('{}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(() => {
  server.closeAllConnections();
  server.close();
});

test('PGP keys that end are named with their day, those that never end or are not there are not', async () => {
  const make = (keyExpirationTime: number) =>
    openpgp.generateKey({ userIDs: [{ name: 'x' }], keyExpirationTime, format: 'armored' });
  const [own, other, endless] = [await make(20 * 86_400), await make(3 * 86_400), await make(0)];
  const tot = referenceProfile('TOT')!;
  const vault: Record<string, string> = {
    'tot.pgp.own': own.privateKey,
    'tot.pgp.theirs': other.publicKey,
    'tot.pgp.old': endless.publicKey,
    'tot.pgp.broken': 'no key',
  };
  const pgp = { ours: ['tot.pgp.own'], theirs: ['tot.pgp.theirs', 'tot.pgp.old', 'tot.pgp.broken', 'tot.pgp.gone'] };
  const ends = await keyEndsOf({ ...tot, secrets: { ...tot.secrets, pgp } }, (name) => vault[name]);
  assert.deepEqual(
    ends.map(({ purpose, name, endsAt }) => [purpose, name, daysOf(endsAt)]),
    [
      ['pgpOurs', 'tot.pgp.own', 20],
      ['pgpTheirs', 'tot.pgp.theirs', 3],
    ],
  );
});

test('our certificate and its authority come from the vault, the server’s from the connection', async () => {
  const ais = referenceProfile('AIS')!;
  const { port } = server.address() as AddressInfo;
  const profile: ProviderProfile = {
    ...ais,
    destinations: null,
    transport: {
      kind: 'webhook',
      target: `https://127.0.0.1:${port}`,
      timeoutMs: 5_000,
      gzip: false,
      mutualTls: { certificate: 'ais.tls.1', key: 'ais.tls.1.key', authority: 'ais.authority.1' },
    },
  };
  const vault: Record<string, string> = {
    'ais.tls.1': ours.certificate,
    'ais.tls.1.key': ours.key,
    'ais.authority.1': authority.certificate,
  };
  const adapter = makeAdapter(profile, {
    secrets: { secret: (name) => vault[name] ?? `whsec_${'A'.repeat(44)}` },
    allowedNetworks: LOOPBACK_NETWORKS,
  });
  const seen = async () =>
    (await adapter.keyEnds!()).map(({ purpose, name, endsAt }) => [purpose, name, daysOf(endsAt)]);
  const own = [
    ['tls', 'ais.tls.1', 5],
    ['authority', 'ais.authority.1', 365],
  ];
  assert.deepEqual(await seen(), own);
  await adapter.highestNumber(0, new AbortController().signal);
  assert.deepEqual(await seen(), [...own, ['server', `127.0.0.1:${port}`, 12]]);
  await adapter.close();
});
