// The worker killed at every marked step of a delivery, on both queue backends: nothing lost, nothing applied twice in effect.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { bangkokDay } from '#platform';
import { registerLines, startTestHub, type TestHub } from '../support/hub.js';
import { assertNumbers } from '../support/numbers.js';
import { QUEUE_BACKENDS, type QueueBackend } from '../support/queue-backends.js';

const today = bangkokDay(new Date());
const FAULT_POINTS = ['dispatch.sealed', 'dispatch.handedOver', 'dispatch.recorded', 'acknowledgement.recorded'];

for (const { name, skip, start } of QUEUE_BACKENDS) {
  describe(`SIGKILL at each step, queues in ${name}`, { skip }, () => {
    let hub: TestHub;
    let backend: QueueBackend;
    before(async () => {
      backend = await start();
      hub = await startTestHub({
        providers: ['AIS'],
        profile: (profile) => ({ ...profile, maxLines: 40 }),
        redisUrl: backend.redisUrl,
        env: { SAPHAN_LEASE_S: '1' },
      });
    });
    after(async () => {
      await hub.close();
      await backend.stop();
    });

    let lines = 0;
    for (const point of FAULT_POINTS) {
      test(`${point}, at its first and third passing, then a worker that is left alone finishes`, async () => {
        lines += 400;
        await registerLines(hub.source, 400, [1], today);
        for (const passing of [1, 3]) {
          const worker = hub.spawnWorker({ SAPHAN_FAULT: `${point}:${passing}` });
          const [, signal] = (await once(worker, 'exit')) as [number | null, string | null];
          assert.equal(signal, 'SIGKILL');
        }
        const last = hub.spawnWorker();
        await hub.settled(60);
        last.kill('SIGKILL');
        assert.deepEqual(await hub.compareBooks(), { AIS: { desired: lines, held: lines, wrong: 0 } });
        await assertNumbers(hub);
      });
    }
  });
}
