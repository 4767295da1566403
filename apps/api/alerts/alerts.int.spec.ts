// Alerts: one open row per cause, over when cleared, listed for those who may read; and what the hub stopped raises one.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ALERTS, type Alerts } from '#contracts';
import { HUB_ACTOR_ID } from '#platform';
import { pauseProvider } from '#dispatch';
import { startProvider, until, type ProviderDouble } from '../testing/provider-double.js';
import { startApi, type StartedApi } from '../testing/started-api.js';

interface Row {
  kind: string;
  provider: string | null;
  subject: string;
  text: string;
  times: number;
  endedAt: string | null;
}

describe('alerts', () => {
  let hub: StartedApi;
  let provider: ProviderDouble;
  let alerts: Alerts;
  const list = async (query = '') => (await hub.client().get(`/v1/alerts${query}`)).data.alerts as Row[];

  before(async () => {
    provider = await startProvider('response');
    hub = await startApi({ TRUE: provider.target });
    alerts = hub.api.get<Alerts>(ALERTS, { strict: false });
  });
  after(async () => {
    await hub.close();
    await provider.close();
  });

  test('raised twice is one, cleared is over, raised after that is another', async () => {
    const gap = { kind: 'handOverStuck', providerId: hub.ids['AIS'] ?? 0, subject: 'RES:7' } as const;
    await alerts.raise({ ...gap, text: 'number 6 is missing' });
    await alerts.raise({ ...gap, text: 'number 6 is missing' });
    await alerts.raise({ ...gap, subject: 'RES:9', text: 'number 8 is missing' });
    assert.deepEqual(
      (await list()).map((row) => [row.provider, row.subject, row.times]),
      [
        ['AIS', 'RES:9', 1],
        ['AIS', 'RES:7', 1],
      ],
    );
    await alerts.raise({ ...gap, text: 'numbers 5 and 6 are missing' });
    assert.deepEqual((await list('?kind=handOverStuck')).at(-1)?.text, 'numbers 5 and 6 are missing');
    await alerts.clear(gap);
    await alerts.clear(gap);
    assert.deepEqual(
      (await list()).map((row) => row.subject),
      ['RES:9'],
    );
    await alerts.raise({ ...gap, text: 'number 6 is missing' });
    const all = await list('?state=all&provider=AIS');
    assert.deepEqual(
      all.map((row) => [row.subject, row.endedAt !== null]),
      [
        ['RES:7', false],
        ['RES:9', false],
        ['RES:7', true],
      ],
    );
  });

  test('what the hub stopped by itself is an alert until somebody resumes it; what a person paused is none', async () => {
    const stopped = async () => (await list('?kind=providerStopped')).map((row) => [row.provider, row.text]);
    await pauseProvider(hub.source, hub.ids['TRUE'] ?? 0, HUB_ACTOR_ID, 'credentials are refused');
    await until(stopped, (rows) => rows.length === 1);
    assert.deepEqual(await stopped(), [['TRUE', 'credentials are refused']]);
    await hub.client().post('/v1/providers/TRUE/resume', { reason: 'new credentials are in' });
    await until(stopped, (rows) => rows.length === 0);
    await hub.client().post('/v1/providers/TRUE/pause', { reason: 'a window that TRUE asked for' });
    assert.deepEqual(await stopped(), []);
  });

  test('bad questions are answered with what to do; a provider may not look', async () => {
    assert.equal((await hub.client().get('/v1/alerts?kind=nonsense')).status, 422);
    assert.equal((await hub.client().get('/v1/alerts?provider=XYZ')).status, 404);
    assert.equal((await hub.client(hub.trueKey).get('/v1/alerts')).status, 403);
  });
});
