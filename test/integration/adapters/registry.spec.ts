// The door of adapters: a registry from profiles, and a seventh provider that is nothing but data.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import {
  LOOPBACK_NETWORKS,
  makeAdapterRegistry,
  ProfileNotValid,
  REFERENCE_PROFILES,
  validateProfile,
  withEndpoint,
} from '#adapters';

const options = { secrets: { secret: () => undefined }, allowedNetworks: LOOPBACK_NETWORKS };
const pinned = REFERENCE_PROFILES.map((one) =>
  one.transport.kind === 'sftp' ? withEndpoint(one, { hostKeys: [`SHA256:${'a'.repeat(43)}`] }) : one,
);

test('six reference profiles and a seventh by data alone', async () => {
  const read: unknown = JSON.parse(JSON.stringify({ ...pinned[0], code: 'NT', nameTh: 'เอ็นที', nameEn: 'NT' }));
  const registry = makeAdapterRegistry([...pinned, validateProfile(read)], options);
  assert.deepEqual(registry.codes(), ['CAT', 'TOT', 'AIS', 'TRUE', 'DTAC', '3BB', 'NT']);
  assert.ok(registry.get('NT').collect);
  assert.ok(registry.get('TRUE').readCallback);
  assert.throws(() => registry.get('XYZ'), /There is no provider "XYZ"; known are CAT, TOT/);
  await registry.close();
});

test('a profile that cannot work, or is there twice, stops the start', () => {
  assert.throws(() => makeAdapterRegistry([...REFERENCE_PROFILES], options), ProfileNotValid);
  assert.throws(() => makeAdapterRegistry([pinned[2]!, pinned[2]!], options), /two profiles for AIS/);
});

test('a secret that is missing is told, and nothing is sent', async () => {
  const told: string[] = [];
  const registry = makeAdapterRegistry([pinned[2]!], {
    ...options,
    notice: (notice) => told.push(`${notice.kind} ${notice.text}`),
  });
  assert.equal((await registry.get('AIS').highestNumber(0, new AbortController().signal)).said, 'notReached');
  assert.deepEqual(told, ['secretMissing the secret "ais.signing.1" is not in the vault']);
  await registry.close();
});
