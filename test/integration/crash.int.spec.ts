// The worker killed at every marked step of a delivery, and the queue store wiped: nothing lost, nothing applied twice in effect.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { bangkokDay, query } from '#platform';
import { registerLines, startTestHub, type TestHub } from '../support/hub.js';

const today = bangkokDay(new Date());
const FAULT_POINTS = ['dispatch.sealed', 'dispatch.handedOver', 'dispatch.recorded', 'acknowledgement.recorded'];

/** Numbers are 1..n without holes, everything sealed is settled, and each number always had the same bytes. */
async function assertNumbers(hub: TestHub): Promise<void> {
  for (const [code, { provider }] of hub.simulator.providers) {
    const ours = await query<{ number: number; sha256: Buffer; state: string }>(
      hub.source, 'SELECT number, sha256, state FROM batch JOIN provider USING (provider_id) WHERE code = $1 ORDER BY number', [code]);
    assert.deepEqual(ours.map((batch) => batch.number), ours.map((_, i) => i + 1));
    const { batches, violations } = provider.observer.state;
    for (const batch of ours.filter((each) => each.state === 'settled')) {
      const bytes = new Set(batches.get(batch.number)?.seen.map((part) => part.sha256));
      assert.deepEqual([...bytes], [batch.sha256.toString('hex')], `${code} ${batch.number}: other bytes arrived`);
    }
    assert.deepEqual(violations, {});
  }
}

for (const point of FAULT_POINTS) {
  describe(`SIGKILL at ${point}`, () => {
    let hub: TestHub;
    before(async () => {
      hub = await startTestHub({ providers: ['AIS'], profile: (profile) => ({ ...profile, maxLines: 40 }) });
    });
    after(() => hub.close());

    test('three times, then a worker that is left alone finishes', async () => {
      await registerLines(hub.source, 400, [1], today);
      for (const passing of [1, 2, 3]) {
        const worker = hub.spawnWorker({ SAPHAN_FAULT: `${point}:${passing}` });
        const [, signal] = (await once(worker, 'exit')) as [number | null, string | null];
        assert.equal(signal, 'SIGKILL');
      }
      hub.spawnWorker();
      await hub.settled(60);
      assert.deepEqual(await hub.compareBooks(), { AIS: { desired: 400, held: 400, wrong: 0 } });
      await assertNumbers(hub);
    });
  });
}

describe('the queue store wiped in the middle', () => {
  let hub: TestHub;
  before(async () => {
    hub = await startTestHub({
      providers: ['AIS'], profile: (profile) => ({ ...profile, maxLines: 40 }), dials: { AIS: { dial: { delayMs: { min: 20, max: 40 } } } },
    });
    await hub.work();
  });
  after(() => hub.close());

  test('the sweeper makes the jobs again', async () => {
    await registerLines(hub.source, 2000, [1], today);
    const tables = await query<{ name: string }>(
      hub.source, `SELECT format('queue.%I', tablename) AS name FROM pg_tables WHERE schemaname = 'queue' AND tablename NOT LIKE '%migration%'`);
    assert.ok(tables.length > 0);
    await query(hub.source, `TRUNCATE ${tables.map((table) => table.name).join(', ')}`);
    await hub.settled(60);
    assert.deepEqual(await hub.compareBooks(), { AIS: { desired: 2000, held: 2000, wrong: 0 } });
    await assertNumbers(hub);
  });
});
