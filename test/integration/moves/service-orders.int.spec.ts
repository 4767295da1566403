// Moves from and to a provider of TMF641 service orders: DTAC → TRUE and TRUE → DTAC, the new provider failing for a while
// each time. No line is without a provider that acknowledged it, and what DTAC named is deleted by its own id.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { showHandOver } from '#intake';
import { bangkokDay, query } from '#platform';
import { defaultDial, type DialChange } from '../../../apps/provider-sim/dial.js';
import { startTestHub, type TestHub } from '../../support/hub.js';
import { assertNumbers } from '../../support/numbers.js';
import { QUEUE_BACKENDS, type QueueBackend } from '../../support/queue-backends.js';
import { handOver, providerIds, registerAt, TOO_EARLY, until, watchLines } from './seventh.js';

const LINES = 500;
const today = bangkokDay(new Date());

interface Deletes {
  byServiceId: number;
  byLine: number;
  heldByLine: number;
}

for (const { name, skip, start } of QUEUE_BACKENDS) {
  describe(`${LINES} lines moved between service orders and callbacks, queues in ${name}`, { skip }, () => {
    let hub: TestHub;
    let backend: QueueBackend;
    const held = (code: string): number => hub.simulator.get(code).provider.applier.book.count;
    const deletes = (): Deletes => hub.simulator.get('DTAC').state()['deletes'] as Deletes;
    before(async () => {
      backend = await start();
      hub = await startTestHub({
        redisUrl: backend.redisUrl,
        providers: ['DTAC', 'TRUE'],
        signatureCheck: 'native',
        profile: (profile) => ({
          ...profile,
          maxLines: 60,
          receiptDeadlineS: 10,
          outcomeDeadlineS: 60,
          askEveryS: 1,
          transport: { ...profile.transport, timeoutMs: 1_000 },
        }),
      });
      await hub.serve();
      await hub.work();
    });
    after(async () => {
      await hub.close();
      await backend.stop();
    });

    const movesEnded = (from: string) =>
      query<{ reason: string | null; n: number }>(
        hub.source,
        `SELECT end_reason AS reason, count(*)::int AS n FROM move JOIN provider ON provider_id = from_provider WHERE code = $1 GROUP BY 1`,
        [from],
      );

    /** Hand-overs to a provider that came to nothing, so far. */
    async function failures(code: string): Promise<number> {
      const [row] = await query<{ n: number }>(
        hub.source,
        `SELECT count(*)::int AS n FROM attempt JOIN provider USING (provider_id)
       WHERE code = $1 AND result IN ('unclear', 'notSent', 'later')`,
        [code],
      );
      return row?.n ?? 0;
    }

    /** Moves lines while the new provider takes nothing, then badly, then well; the old one must not let go before. */
    async function move(from: string, to: string, badly: DialChange): Promise<void> {
      const { turn, provider } = hub.simulator.get(to);
      const [heldBefore, failedBefore] = [held(from), await failures(to)];
      turn({ faults: { unavailable: 0.5, error500Before: 0.5 } });
      const id = await handOver(hub, [from], to);
      await until(`${to} takes nothing`, 20, async () => (await failures(to)) >= failedBefore + 3);
      assert.equal(held(from), heldBefore, `${from} keeps every line while ${to} takes none`);
      assert.equal(held(to), 0);
      turn({ faults: { unavailable: 0.1, error500Before: 0.1 }, ...badly });
      await until(`${to} has some`, 60, async () => held(to) > 60);
      turn(defaultDial());
      await until(`all are at ${to}`, 90, async () => held(from) === 0 && provider.applier.book.count === LINES);
      await until('it is complete', 60, async () => (await showHandOver(hub.source, id))?.state === 'completed');
      await hub.settled(60);
      const [early] = await query<{ looked: number; early: number }>(hub.source, TOO_EARLY);
      assert.deepEqual(early, { looked: LINES, early: 0 }, 'removed only after the new one acknowledged');
    }

    test('DTAC → TRUE: each service is deleted by the id that DTAC gave it, after TRUE has the line', async () => {
      const id = (await providerIds(hub.source))['DTAC'] ?? 0;
      await registerAt(hub.source, { code: 'DTAC', id }, 'MB', LINES, today);
      await hub.settled(60);
      assert.deepEqual([held('DTAC'), held('TRUE')], [LINES, 0]);
      const watch = watchLines(hub, 50);
      await move('DTAC', 'TRUE', {
        faults: { error500After: 0.3, resetAfter: 0.2 },
        silence: 0.1,
      });
      watch.stop();
      assert.deepEqual([...watch.lost], []);
      assert.deepEqual(deletes(), { byServiceId: LINES, byLine: 0, heldByLine: 0 });
      assert.deepEqual(await movesEnded('DTAC'), [{ reason: 'acknowledged', n: LINES }]);
      assert.deepEqual(await query(hub.source, 'SELECT 1 FROM entry_handle'), [], 'no id outlives its service');
    });

    test('TRUE → DTAC: TRUE lets go only of what DTAC has said it has, by event or when it was looked up', async () => {
      // DTAC takes them back: it is nobody's predecessor any more, once all have heard of it.
      await query(hub.source, `UPDATE provider SET profile = profile - 'successor' WHERE code = 'DTAC'`);
      await new Promise((resolve) => setTimeout(resolve, 5_200));
      const watch = watchLines(hub, 50);
      await move('TRUE', 'DTAC', {
        faults: { error500After: 0.3, resetAfter: 0.2 },
        answer: { omit: 0.3 },
        orders: { conflict: 0.2, loseSubscriptions: 0.2 },
      });
      watch.stop();
      assert.deepEqual([...watch.lost], []);
      assert.deepEqual(await movesEnded('TRUE'), [{ reason: 'acknowledged', n: LINES }]);
      const named = await query<{ ref: string }>(hub.source, 'SELECT entry_ref AS ref FROM entry_handle ORDER BY 1');
      assert.deepEqual(
        named.map((row) => row.ref),
        hub.simulator.get('DTAC').provider.applier.book.sortedRefs(),
        'each service is known by its new id',
      );
    });

    test('in the end each holds what it should, and neither saw a breach of the contract', async () => {
      assert.deepEqual(await hub.compareBooks(), {
        DTAC: { desired: LINES, held: LINES, wrong: 0 },
        TRUE: { desired: 0, held: 0, wrong: 0 },
      });
      for (const code of ['DTAC', 'TRUE'])
        assert.deepEqual(hub.simulator.get(code).provider.observer.state.violations, {}, code);
      await assertNumbers(hub);
    });
  });
}
