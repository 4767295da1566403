// A worker starts only when every queue has its handler, and says what is wrong with its configuration.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readConfig } from '#platform';
import { createWorker } from '../../apps/worker/create-worker.js';
import { proveWiring } from '../../apps/worker/prove-wiring.js';
import { startTestHub, type TestHub } from '../support/hub.js';

describe('wiring of a worker', () => {
  let hub: TestHub;
  before(async () => {
    hub = await startTestHub({ providers: ['AIS', 'CAT'] });
  });
  after(() => hub.close());

  test('a queue without a handler, a handler without a queue, a provider without an adapter are named', async () => {
    const worker = await hub.work();
    const queues = ['deliver-CAT', 'deliver-AIS', 'destinations', 'import', 'reconcile'];
    proveWiring(worker, queues, ['AIS', 'CAT']);
    assert.throws(() => proveWiring(worker, [...queues, 'deliver-NT'], []), /queue deliver-NT has no handler/);
    assert.throws(() => proveWiring(worker, ['import'], []), /handler for deliver-AIS, which is no queue/);
    assert.throws(() => proveWiring(worker, queues, ['NT']), /provider NT has no adapter/);
  });

  test('unknown roles and providers are refused with the known ones', async () => {
    const config = (extra: NodeJS.ProcessEnv) => readConfig({ ...hub.env, ...extra });
    await assert.rejects(
      createWorker(config({ SAPHAN_ROLES: 'delivr' })),
      /SAPHAN_ROLES names delivr; known are deliver, import/,
    );
    await assert.rejects(
      createWorker(config({ SAPHAN_PROVIDERS: 'NT' })),
      /SAPHAN_PROVIDERS names NT; known are CAT, AIS/,
    );
  });
});
