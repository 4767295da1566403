// T8 between our sender and a simulated provider: all fail, some fail, and what is remembered of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LOOPBACK_NETWORKS, makeAdapter, referenceProfile } from '#adapters';
import type { DestinationsResult, ProviderAdapter } from '#contracts';
import { startSimulator, type Simulator } from '../../../apps/provider-sim/simulator.js';
import { VERSION } from '../../docs/examples/destinations.js';

let simulator: Simulator;
let adapter: ProviderAdapter;
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

before(async () => {
  simulator = await startSimulator({ providers: ['DTAC'], settings: { DTAC: { hubSecrets: [secret] } } });
  const { target = '' } = simulator.get('DTAC').address;
  const profile = referenceProfile('DTAC')!;
  adapter = makeAdapter(
    {
      ...profile,
      transport: { kind: 'webhook', target, timeoutMs: 5_000, gzip: false },
      destinations: { form: 't8', apiRoot: target, scsAsId: 'onde-wah', allowedDelayS: 60 },
    },
    { secrets: { secret: () => secret }, allowedNetworks: LOOPBACK_NETWORKS },
  );
});
after(async () => {
  await adapter.close();
  await simulator.stop();
});

const send = (memory: unknown = null): Promise<DestinationsResult> =>
  adapter.sendDestinations!(VERSION, { number: 1, told: false, memory }, new AbortController().signal);
const memoryIn = (result: DestinationsResult): Record<string, { sha256: string | null }> =>
  'memory' in result ? (result.memory as { applications: Record<string, { sha256: string | null }> }).applications : {};

test('500 with an array of reports: nothing was made, all is tried again', async () => {
  const dtac = simulator.get('DTAC');
  dtac.turn({ destinations: { fail: 1 } });
  const result = await send();
  assert.equal(result.result, 'partial');
  assert.match('detail' in result ? result.detail : '', /wah-teams: MALFUNCTION, wah-webex: MALFUNCTION/);
  assert.deepEqual(memoryIn(result), {});
  assert.deepEqual(dtac.provider.destinations.transactions, {});
  dtac.turn({ destinations: { fail: 0 } });
});

test('201 with reports: what was taken is kept, the rest is created in a transaction of its own', async () => {
  const dtac = simulator.get('DTAC');
  dtac.turn({ destinations: { partial: 0.5 } });
  let result: DestinationsResult;
  let tries = 0;
  do {
    assert.ok(++tries < 100, 'one of two fails in half of all tries');
    dtac.provider.destinations.forget();
    result = await send();
  } while (Object.keys(memoryIn(result)).length !== 1);
  assert.equal(result.result, 'partial');
  assert.match('detail' in result ? result.detail : '', /wah-(?:teams|webex): RESOURCE_LIMITATION/);
  dtac.turn({ destinations: { partial: 0 } });
  const again = await send('memory' in result ? result.memory : null);
  assert.equal(again.result, 'acknowledged');
  assert.equal(Object.keys(dtac.provider.destinations.transactions).length, 2);
  assert.deepEqual(Object.keys(memoryIn(again)).sort(), ['wah-teams', 'wah-webex']);
  const received = dtac.provider.destinations.received.length;
  assert.equal((await send('memory' in again ? again.memory : null)).result, 'acknowledged');
  assert.equal(dtac.provider.destinations.received.length, received, 'the same again sends nothing');
});

test('a provider that lost an application gets it again; an app that left the list is deleted', async () => {
  const dtac = simulator.get('DTAC');
  const before = await send();
  dtac.provider.destinations.forget();
  const memory = {
    applications: { ...memoryIn(before), 'wah-teams': { ...memoryIn(before)['wah-teams'], sha256: 'old' } },
  };
  // Of webex the hub believes that it is there: only what changes is touched, a report would tell.
  const healed = await send(memory);
  assert.equal(healed.result, 'acknowledged');
  assert.ok(Object.values(dtac.provider.destinations.transactions).some((one) => 'wah-teams' in one));
  const webexOnly = { ...VERSION, entries: VERSION.entries.filter((one) => one.app === 'webex') };
  const after = await adapter.sendDestinations!(
    webexOnly,
    { number: 2, told: false, memory: 'memory' in healed ? healed.memory : null },
    new AbortController().signal,
  );
  assert.equal(after.result, 'acknowledged');
  assert.ok(!Object.values(dtac.provider.destinations.transactions).some((one) => 'wah-teams' in one));
});
