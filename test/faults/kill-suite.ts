// SIGKILL between every two steps: each fault point in turn, each process begun with what the one before left behind, and
// after each station's points everything that must hold.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { query, type FaultPoint } from '#platform';
import { QUEUE_BACKENDS, type QueueBackend } from '../support/queue-backends.js';
import { startFaultHub, until, type FaultHub } from './fault-hub.js';
import { Load } from './load.js';
import { SCENARIOS, type Stage } from './scenarios.js';

/** Kills at these points in the order of the scenarios, on the backend of that name. */
export function killAt(backendName: 'PostgreSQL' | 'Redis', points: readonly FaultPoint[]): void {
  const found = QUEUE_BACKENDS.find(({ name: each }) => each === backendName);
  if (!found) throw new Error(`no queue backend is called ${backendName}`);
  const { name, skip, start } = found;
  const here = (Object.keys(SCENARIOS) as FaultPoint[]).filter((point) => points.includes(point));
  void describe(`SIGKILL at ${here.length} fault points, queues in ${name}`, { skip }, () => {
    let backend: QueueBackend;
    let kit: FaultHub;
    let stage: Stage;
    before(async () => {
      backend = await start();
      kit = await startFaultHub({ redisUrl: backend.redisUrl });
      stage = { kit, load: new Load(kit) };
      await kit.startApi();
    });
    after(async () => {
      await kit.close();
      await backend.stop();
    });

    const stations = Map.groupBy(here, (point) => point.split('.')[0] ?? '');
    for (const [station, named] of stations) {
      for (const point of named) {
        void test(point, async () => {
          const { process, prepare, act, calm } = SCENARIOS[point];
          await prepare?.(stage);
          await kit.diesAt(process, point, act && ((died) => act(stage, died)));
          await calm?.(stage);
        });
      }
      void test(`after ${station}: nothing lost, nothing applied twice in effect`, async () => {
        await kit.recovers();
      });
    }

    void test('a further full cycle sends nothing and writes nothing', async () => {
      const file = stage.load.fresh(20);
      await stage.load.upload(file);
      await kit.recovers();
      const before = await written(kit);
      const worker = kit.spawn('worker');
      const run = await stage.load.upload(file);
      const sync = await kit.onde.post<{ syncId: number }>('/v1/syncs', { reason: 'a further cycle' });
      await until('the same file again is imported', async () => {
        const [row] = await query<{ state: string }>(kit.hub.source, 'SELECT state FROM import_run WHERE run_id = $1', [
          run,
        ]);
        return row?.state === 'completed';
      });
      await until('the sync has ended', async () => {
        const { data } = await kit.onde.get<{ endedAt: string | null }>(`/v1/syncs/${sync.data.syncId}`);
        return data.endedAt !== null;
      });
      await kit.kill(worker);
      assert.deepEqual(await written(kit), before);
    });

    void test('after SIGKILL in the middle of a load: the times until the first batch and until all is settled', async (context) => {
      await stage.load.upload(stage.load.fresh(600));
      await kit.diesAt('worker', 'dispatch.recorded');
      const began = Date.now();
      const worker = kit.spawn('worker');
      const [{ now } = { now: new Date() }] = await query<{ now: Date }>(kit.hub.source, 'SELECT now()');
      await until('a batch is delivered', async () => {
        const rows = await query(kit.hub.source, 'SELECT 1 FROM batch WHERE accepted_at > $1 LIMIT 1', [now]);
        return rows.length > 0;
      });
      const first = Date.now() - began;
      await until('all is imported', async () => {
        const rows = await query(kit.hub.source, `SELECT 1 FROM import_run WHERE state IN ('waiting', 'running')`);
        return rows.length === 0;
      });
      await kit.hub.settled(90);
      context.diagnostic(
        `from restart to the first batch ${first} ms, to settled ${Date.now() - began} ms (600 lines in batches of 3)`,
      );
      await kit.kill(worker);
      await kit.assertAllWell();
    });
  });
}

/** Everything that a cycle could write or send. */
async function written(kit: FaultHub): Promise<unknown> {
  const [rows] = await query(
    kit.hub.source,
    `SELECT (SELECT sum(last_seq) FROM provider_counter) AS changes, (SELECT count(*) FROM batch) AS batches,
       (SELECT sum(revision) FROM entry) AS revisions, (SELECT count(*) FROM attempt WHERE number > 0) AS attempts,
       (SELECT count(*) FROM destination_attempt) AS lists, (SELECT sum(revision) FROM registration) AS registrations`,
  );
  const received = [...kit.hub.simulator.providers].map(([code, { provider }]) => [
    code,
    [...provider.observer.state.batches.values()].reduce((sum, batch) => sum + batch.seen.length, 0),
  ]);
  return { rows, received };
}
