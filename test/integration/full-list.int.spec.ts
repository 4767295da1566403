// A batch sync with full lists: each provider gets everything, in parts, and what it holds beyond that goes.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bangkokDay, inTransaction, query } from '#platform';
import { endSyncs, previewSync, readSync, startSync } from '#dispatch';
import { Deriver } from '#whitelist';
import { registerLines, startTestHub, type TestHub } from '../support/hub.js';

const today = bangkokDay(new Date());

describe('full list', () => {
  let hub: TestHub;
  before(async () => {
    hub = await startTestHub({
      providers: ['AIS', 'CAT', 'TRUE'],
      profile: (profile) => ({ ...profile, maxLines: 100 }),
      dials: {
        AIS: { dial: { faults: { error500After: 0.1, resetAfter: 0.1 } } },
        TRUE: { dial: { answer: { partSize: 40, repeat: 0.2, reorder: 0.2, reorderMs: 100 } } },
      },
    });
    await hub.serve();
    await hub.work();
  });
  after(() => hub.close());

  test('a provider that lost everything holds the list again; changes made meanwhile follow it', async () => {
    const ids = (await query<{ provider_id: number }>(hub.source, 'SELECT provider_id FROM provider ORDER BY 1')).map(
      (row) => row.provider_id,
    );
    const lines = await registerLines(hub.source, 1200, ids, today);
    await hub.settled(60);
    for (const code of ['AIS', 'CAT', 'TRUE'] as const) hub.simulator.get(code).forget({ everything: true });
    assert.ok(Object.values(await hub.compareBooks()).every((book) => book.held === 0));

    const preview = await previewSync(hub.source, ids, 'full');
    assert.deepEqual(
      preview.map((row) => row.lines),
      [400, 400, 400],
    );
    const syncId = await startSync(hub.source, ids, 'full', 'the provider lost its data', 1);
    await assert.rejects(startSync(hub.source, ids, 'full', 'again', 1), /full list is under way/);
    // Changes that arrive while the list is on its way: they come after it.
    await query(hub.source, `UPDATE registration SET state = 'cancelled' WHERE line_id = ANY($1::bigint[])`, [
      lines.slice(0, 90),
    ]);
    await inTransaction(hub.source, (tx) =>
      new Deriver(() => ids).derive(
        tx,
        { fresh: [], known: lines.slice(0, 90) },
        { cause: 'cancelled', actorId: 1, runId: null, today },
      ),
    );
    await registerLines(hub.source, 60, ids, today);

    const deadline = Date.now() + 60_000;
    for (;;) {
      for (const id of ids) await endSyncs(hub.source, id);
      const sync = await readSync(hub.source, syncId);
      if (sync?.endedAt) break;
      assert.ok(Date.now() < deadline, JSON.stringify(sync));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await hub.settled(60);
    for (const [code, book] of Object.entries(await hub.compareBooks()))
      assert.deepEqual(book, { desired: 390, held: 390, wrong: 0 }, code);
    const fulls = await query<{ parts: number; line_count: number; state: string }>(
      hub.source,
      `SELECT parts, line_count, state FROM batch WHERE kind = 'full'`,
    );
    assert.equal(fulls.length, 3);
    assert.ok(fulls.every((batch) => batch.state === 'settled' && batch.parts === Math.ceil(batch.line_count / 100)));
  });
});
