// Replays on the running hub: a frozen preview, carried out in chunks, stopped and gone on with, and what changed left alone.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { listReplays, previewReplay, startReplay, stopReplay, type ReplayRow } from '#acknowledgement';
import { bangkokDay, HUB_ACTOR_ID, inTransaction, query } from '#platform';
import { Deriver } from '#whitelist';
import { assertNumbers } from '../support/numbers.js';
import { registerLines, startTestHub, type TestHub } from '../support/hub.js';

const TODAY = bangkokDay(new Date());
const WHO = { actorId: HUB_ACTOR_ID, reason: 'the provider has corrected its tariff table' };
const LINES = 5_000;

describe('replay', () => {
  let hub: TestHub;
  let id: number;
  let lines: number[];

  before(async () => {
    hub = await startTestHub({
      providers: ['AIS'],
      dials: { AIS: { dial: { reject: { share: 1, codes: ['PACKAGE_NOT_ELIGIBLE'], decide: 'byRef' } } } },
    });
    const [row] = await query<{ provider_id: number }>(
      hub.source,
      `SELECT provider_id FROM provider WHERE code = 'AIS'`,
    );
    id = row?.provider_id ?? 0;
    await hub.work();
    lines = await registerLines(hub.source, LINES, [id], TODAY);
    await hub.settled();
  });
  after(() => hub.close());

  async function ended(replayId: number): Promise<ReplayRow> {
    for (const end = Date.now() + 30_000; ; await new Promise((resolve) => setTimeout(resolve, 30))) {
      const [row] = await listReplays(hub.source, { replayId, limit: 1 });
      if (row && row.state !== 'running') return row;
      if (Date.now() > end) throw new Error(`the replay is still ${row?.state}: ${row?.appended}`);
    }
  }

  test('a filter that nothing fits is refused with words', async () => {
    await assert.rejects(previewReplay(hub.source, id, { code: 'QUOTA' }, HUB_ACTOR_ID), /nothing to replay/i);
    await assert.rejects(startReplay(hub.source, 999, WHO), /unknown replay/i);
  });

  test('what changed between preview and start is left alone; the rest is applied', async () => {
    const replayId = await previewReplay(hub.source, id, { kind: 'rejected' }, HUB_ACTOR_ID);
    const [preview] = await listReplays(hub.source, { replayId, limit: 1 });
    assert.deepEqual([preview?.state, preview?.lines, preview?.appended], ['previewed', LINES, 0]);
    // One of them is amended meanwhile, which sends it by itself.
    const [amended] = lines;
    await inTransaction(hub.source, async (tx) => {
      await tx.query('SELECT 1 FROM line WHERE line_id = $1 FOR UPDATE', [amended]);
      await tx.query('UPDATE registration SET valid_to = valid_to + 1 WHERE line_id = $1', [amended]);
      await new Deriver(() => [id]).derive(
        tx,
        { fresh: [], known: [amended ?? 0] },
        { cause: 'amended', actorId: 1, runId: null, today: TODAY },
      );
    });
    hub.simulator.get('AIS').turn({ reject: { share: 0 } });
    await startReplay(hub.source, replayId, WHO);
    // Stopped wherever it is; going on finishes it without doing anything twice.
    await stopReplay(hub.source, replayId, WHO).catch((error: Error) => assert.match(error.message, /completed/));
    const stopped = await ended(replayId);
    if (stopped.state === 'stopped') await startReplay(hub.source, replayId, WHO);
    const done = await ended(replayId);
    assert.deepEqual([done.state, done.appended, done.superseded], ['completed', LINES - 1, 1]);
    await hub.settled();
    const books = await hub.compareBooks();
    assert.deepEqual(books['AIS'], { desired: LINES, held: LINES, wrong: 0 });
    const [open] = await query<{ count: number }>(
      hub.source,
      'SELECT count(*) AS count FROM exception WHERE provider_id = $1 AND ended_at IS NULL',
      [id],
    );
    assert.equal(open?.count, 0);
    await assertNumbers(hub);
    await assert.rejects(startReplay(hub.source, replayId, WHO), /is completed/);
  });
});

describe('replay of uncertain lines', () => {
  let hub: TestHub;
  let id: number;

  before(async () => {
    hub = await startTestHub({
      providers: ['TRUE'],
      profile: (profile) => ({
        ...profile,
        receiptDeadlineS: 10,
        outcomeDeadlineS: 10,
        maxLines: 50,
        askEveryS: null,
        transport: { ...profile.transport, timeoutMs: 2_000 },
      }),
      dials: { TRUE: { dial: { silence: 1, statusQuery: 'off' } } },
    });
    const [row] = await query<{ provider_id: number }>(hub.source, 'SELECT provider_id FROM provider');
    id = row?.provider_id ?? 0;
    await hub.serve();
    await hub.work();
  });
  after(() => hub.close());

  test('the provider is asked first, and what it answers is not sent again', async () => {
    await registerLines(hub.source, 120, [id], TODAY);
    await hub.settled(60);
    const uncertain = () =>
      query(
        hub.source,
        `SELECT 1 FROM exception x JOIN entry e ON e.provider_id = x.provider_id AND e.entry_ref = x.entry_ref AND e.last_seq = x.seq
         WHERE x.kind = 'uncertain' AND x.ended_at IS NULL`,
      );
    assert.equal((await uncertain()).length, 120);
    hub.simulator.get('TRUE').turn({ statusQuery: 'on' });
    const replayId = await previewReplay(hub.source, id, { kind: 'uncertain' }, HUB_ACTOR_ID);
    const [preview] = await listReplays(hub.source, { replayId, limit: 1 });
    const [{ batches } = { batches: 0 }] = await query<{ batches: number }>(
      hub.source,
      'SELECT count(*) AS batches FROM batch WHERE line_count > 0',
    );
    assert.deepEqual([preview?.lines, preview?.asks, preview?.held], [120, batches, 0]);
    await startReplay(hub.source, replayId, WHO);
    for (const end = Date.now() + 20_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const [row] = await listReplays(hub.source, { replayId, limit: 1 });
      if (row?.state === 'completed') {
        assert.deepEqual([row.appended, row.superseded], [0, 120]);
        break;
      }
      assert.ok(Date.now() < end, `the replay is still ${row?.state}`);
    }
    assert.equal((await uncertain()).length, 0);
    const [after] = await query<{ batches: number }>(
      hub.source,
      'SELECT count(*) AS batches FROM batch WHERE line_count > 0',
    );
    assert.equal(after?.batches, batches, 'nothing was sent again');
    assert.deepEqual(await hub.compareBooks(), { TRUE: { desired: 120, held: 120, wrong: 0 } });
  });
});
