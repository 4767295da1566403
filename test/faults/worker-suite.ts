// Workers of a hub at work: the queue store is wiped under them, two do the same, one is stopped past its lease and goes on.
import { after, before, describe, test } from 'node:test';
import type { FaultPoint } from '#platform';
import { QUEUE_BACKENDS, type QueueBackend } from '../support/queue-backends.js';
import { begun, delivered, startFaultHub, until, type FaultHub } from './fault-hub.js';
import { Load } from './load.js';

/** On the backend of that name. */
export function disturbWorkers(backendName: 'PostgreSQL' | 'Redis'): void {
  const found = QUEUE_BACKENDS.find(({ name: each }) => each === backendName);
  if (!found) throw new Error(`no queue backend is called ${backendName}`);
  const { name, skip, start } = found;
  void describe(`a hub at work, queues in ${name}`, { skip }, () => {
    let backend: QueueBackend;
    let kit: FaultHub;
    let load: Load;
    before(async () => {
      backend = await start();
      kit = await startFaultHub({ redisUrl: backend.redisUrl, env: { SAPHAN_IDLE_TRANSACTION_S: '2' } });
      load = new Load(kit);
      await kit.startApi();
    });
    after(async () => {
      await kit.close();
      await backend.stop();
    });

    void test('the queue store is wiped again and again in the middle of it', async () => {
      await load.more(300);
      const worker = kit.spawn('worker');
      const first = await delivered(kit);
      for (const batches of [10, 30, 60]) {
        await begun(kit, first + batches);
        await backend.wipe(kit.hub.source);
        await load.more(30);
      }
      await kit.kill(worker);
      await kit.recovers();
    });

    void test('two workers with the same role and the same providers, one of them killed', async () => {
      const first = await delivered(kit);
      const both = [kit.spawn('worker'), kit.spawn('worker')];
      for (let round = 1; round <= 3; round++) await load.more(60);
      await begun(kit, first + 20);
      await kit.kill(both[0]);
      await load.more(60);
      await kit.recovers();
      await kit.kill(both[1]);
      await kit.assertAllWell();
    });

    // Where the backend makes no difference, one of them is enough.
    const everywhere: FaultPoint[] = ['http.requested', 'dispatch.handedOver', 'files.answerRead'];
    const all: FaultPoint[] = [
      'dispatch.sealed',
      'dispatch.stored',
      'http.requested',
      'dispatch.handedOver',
      'dispatch.outcomesRecorded',
      'files.answerRead',
      'import.beforeCommit',
    ];
    // A call of the stopped worker may reach the provider after newer ones: then the newest are said once more, which is
    // what counts, and the provider may have noticed the older ones.
    const late = ['olderSeqAfterNewer'];
    for (const point of name === 'PostgreSQL' ? all : everywhere) {
      void test(`a worker stopped at ${point} past its lease, while another one goes on, and then continued`, async () => {
        const stopped = kit.spawn('worker', { SAPHAN_FAULT: `${point}:1:stop` });
        try {
          await load.more(36);
          await until(`it is stopped`, async () => stopped.said().includes(`stopped at ${point}`), 30);
          // Newer changes of the same lines: what the stopped one had in hand must not be the last word.
          await load.more(36);
          await kit.recovers(late);
          stopped.child.kill('SIGCONT');
          await load.more(36);
          await kit.recovers(late);
        } finally {
          await kit.kill(stopped);
        }
        await kit.assertAllWell(late);
      });
    }
  });
}
