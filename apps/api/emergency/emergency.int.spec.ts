// The emergency stop: nothing is sent, nobody resumes one provider alone, two people release it, and all goes on.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createApiKey } from '#operations';
import { HUB_ACTOR_ID } from '#platform';
import { startProvider, until, type ProviderDouble } from '../testing/provider-double.js';
import { startApi, type StartedApi } from '../testing/started-api.js';

const REASON = { reason: 'an import went wrong, nothing may leave' };

describe('emergency stop', () => {
  let hub: StartedApi;
  let provider: ProviderDouble;
  let second: string;

  before(async () => {
    provider = await startProvider('response');
    hub = await startApi({ AIS: provider.target });
    second = (await createApiKey(hub.source, { name: 'second', scopes: ['approve'] }, HUB_ACTOR_ID)).key;
  });
  after(async () => {
    await hub.close();
    await provider.close();
  });

  const pausedOf = async (code: string) => (await hub.client().get(`/v1/providers/${code}`)).data.paused;

  test('stops all, is kept for a provider resumed or added meanwhile, and is released by two people', async () => {
    await hub.client().post('/v1/providers/TRUE/pause', { reason: 'paused by itself before' });
    const stopped = await hub.client().post('/v1/emergency-stop', REASON);
    assert.equal(stopped.status, 200);
    assert.equal(
      (await hub.client().post('/v1/emergency-stop', { reason: 'another reason' })).data.stop.reason,
      REASON.reason,
    );
    assert.match((await pausedOf('AIS')).reason, /emergency stop: an import went wrong/);

    const registered = await hub.client().post('/v1/registrations', {
      agency: 'G0001',
      reference: 'R-1',
      confirmation: { confirmedAt: '2020-03-18T10:00:00+07:00', confirmedBy: 'head', document: 'D 1' },
      lines: [{ provider: 'AIS', access: 'MB', number: '0812345678', validFrom: '2020-03-19' }],
    });
    assert.equal(registered.status, 201, JSON.stringify(registered.data));
    const resumed = await hub.client().post('/v1/providers/AIS/resume', REASON);
    assert.deepEqual([resumed.status, resumed.data.type], [409, 'urn:saphan:problem:emergency-stop']);

    const asked = await hub.client().post('/v1/emergency-stop/release', { reason: 'the import was undone' });
    assert.deepEqual([asked.status, asked.data.result], [200, 'asked']);
    const same = await hub.client().post('/v1/emergency-stop/release', { reason: 'the import was undone' });
    assert.deepEqual([same.status, same.data.type], [403, 'urn:saphan:problem:same-person']);
    assert.equal(provider.bodies.length, 0, 'nothing was sent while everything was stopped');

    const released = await hub.client(second).post('/v1/emergency-stop/release', { reason: 'looked at the undo' });
    assert.deepEqual([released.data.result, released.data.stop], ['released', null]);
    await until(
      async () => provider.bodies.length,
      (sent) => sent === 1,
    );
    assert.equal(await pausedOf('AIS'), null);
    assert.match((await pausedOf('TRUE')).reason, /by itself before/, 'what was paused before stays paused');
    assert.equal((await hub.client().post('/v1/emergency-stop/release', REASON)).status, 409);
  });
});
