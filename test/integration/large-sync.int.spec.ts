// 300,000 lines to six providers: the worker is killed in the middle, the queue store is wiped in the middle, on both
// backends; in the end each simulator holds exactly the desired list.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bangkokDay, query } from '#platform';
import { registerLines, startTestHub, type TestHub } from '../support/hub.js';
import { assertNumbers } from '../support/numbers.js';
import { QUEUE_BACKENDS, type QueueBackend } from '../support/queue-backends.js';

const today = bangkokDay(new Date());
const LINES = 300_000;
const CHUNK = 12_000;

for (const { name, skip, start } of QUEUE_BACKENDS) {
  describe(`${LINES} lines, queues in ${name}`, { skip }, () => {
    let hub: TestHub;
    let backend: QueueBackend;
    before(async () => {
      backend = await start();
      hub = await startTestHub({
        providers: ['CAT', 'TOT', 'AIS', 'TRUE', 'DTAC', '3BB'],
        redisUrl: backend.redisUrl,
        env: { SAPHAN_LEASE_S: '2' },
        signatureCheck: 'native',
      });
      await hub.serve();
      const ids = (await query<{ provider_id: number }>(hub.source, 'SELECT provider_id FROM provider ORDER BY 1')).map(
        (row) => row.provider_id,
      );
      for (let done = 0; done < LINES; done += CHUNK) await registerLines(hub.source, CHUNK, ids, today);
    });
    after(async () => {
      await hub.close();
      await backend.stop();
    });

    /** Waits until this share of the log is sealed. */
    async function sealed(share: number): Promise<void> {
      for (;;) {
        const [row] = await query<{ share: number }>(
          hub.source,
          'SELECT sum(sealed_seq)::float8 / sum(last_seq) AS share FROM provider_stream JOIN provider_counter USING (provider_id)',
        );
        if ((row?.share ?? 0) >= share) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }

    test('a worker killed twice and a store wiped twice on the way', async () => {
      const first = hub.spawnWorker();
      await sealed(0.15);
      first.kill('SIGKILL');
      const second = hub.spawnWorker();
      await sealed(0.35);
      await backend.wipe(hub.source);
      await sealed(0.55);
      second.kill('SIGKILL');
      hub.spawnWorker();
      await sealed(0.75);
      await backend.wipe(hub.source);
      await hub.settled(180);
      for (const [code, book] of Object.entries(await hub.compareBooks())) {
        assert.deepEqual(book, { desired: LINES / 6, held: LINES / 6, wrong: 0 }, code);
      }
      await assertNumbers(hub);
    });
  });
}
