// A full list at a provider that cannot take one: every entry's current state travels once more as changes, also of those
// that should not be there, so that the provider ends with exactly what it should hold.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { endSyncs, readSync, startSync } from '#dispatch';
import { createApiKey } from '#operations';
import { bangkokDay, HUB_ACTOR_ID, inTransaction, query } from '#platform';
import { Deriver } from '#whitelist';
import { planRemovals, registerLines, startTestHub, type TestHub } from '../../support/hub.js';
import { ORDER_TALK } from '../../support/tmf641-schema.js';

const today = bangkokDay(new Date());
const LINES = 2_500;

describe('full list by service orders', () => {
  let hub: TestHub;
  let url: string;
  before(async () => {
    hub = await startTestHub({
      providers: ['DTAC'],
      witnessed: ORDER_TALK,
      profile: (profile) => ({ ...profile, maxLines: 300, askEveryS: 1 }),
      dials: { DTAC: { dial: { answer: { omit: 0.1, repeat: 0.2, reorder: 0.2, reorderMs: 100 } } } },
    });
    url = await hub.serve();
    await hub.work();
  });
  after(() => hub.close());

  async function cancel(lines: number[]): Promise<void> {
    await inTransaction(hub.source, async (tx) => {
      await tx.query(`UPDATE registration SET state = 'cancelled' WHERE line_id = ANY($1::bigint[])`, [lines]);
      await new Deriver(() => [1]).derive(
        tx,
        { fresh: [], known: lines },
        { cause: 'cancelled', actorId: 1, runId: null, today },
      );
    });
  }

  async function fullSync(reason: string): Promise<void> {
    const syncId = await startSync(hub.source, [1], 'full', reason, 1);
    const deadline = Date.now() + 60_000;
    for (;;) {
      await endSyncs(hub.source, 1);
      const sync = await readSync(hub.source, syncId);
      if (sync?.endedAt) {
        const [progress] = sync.providers;
        assert.equal(progress?.state, 'completed');
        assert.equal(progress?.sealed, progress?.lines);
        assert.equal(progress?.settled, progress?.lines);
        break;
      }
      assert.ok(Date.now() < deadline, JSON.stringify(sync));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await hub.settled(60);
  }

  test('a provider that lost everything holds the list again, and gives its services new answers', async () => {
    const lines = await registerLines(hub.source, LINES, [1], today);
    await planRemovals(hub.source, 1, 300);
    await cancel(lines.slice(0, 300));
    await hub.settled(60);
    const dtac = hub.simulator.get('DTAC');
    dtac.forget({ everything: true });
    await fullSync('the provider lost its data');
    assert.deepEqual(await hub.compareBooks(), { DTAC: { desired: LINES - 300, held: LINES - 300, wrong: 0 } });
    // Its ids were void: what was to be changed under them was ordered anew.
    const [retried] = await query<{ n: number }>(
      hub.source,
      `SELECT count(*) AS n FROM exception WHERE kind = 'retrying' AND end_reason = 'retried'`,
    );
    assert.equal(retried?.n, LINES - 300);
    const [handles] = await query<{ n: number }>(hub.source, 'SELECT count(*) AS n FROM entry_handle');
    assert.equal(handles?.n, LINES - 300);
  });

  test('what it should not hold any more goes, be it the second time that it is told', async () => {
    const dtac = hub.simulator.get('DTAC');
    const gone = await query<{ entry_ref: string; line_key: string }>(
      hub.source,
      'SELECT entry_ref, line_key FROM entry JOIN line USING (line_id) WHERE NOT present LIMIT 40',
    );
    // As after a restore on its side: removed lines are back, others have old terms.
    const { book } = dtac.provider.applier;
    for (const { entry_ref: ref, line_key: key } of gone) {
      book.put(ref, `+${key.slice(2)}`, book.terms.idOf('MB', 'WAH-MB', today, undefined), 1);
    }
    const old = await query<{ entry_ref: string; line_key: string }>(
      hub.source,
      'SELECT entry_ref, line_key FROM entry JOIN line USING (line_id) WHERE present ORDER BY line_id LIMIT 25',
    );
    for (const { entry_ref: ref, line_key: key } of old) {
      book.put(ref, `+${key.slice(2)}`, book.terms.idOf('MB', 'WAH-OLD', today, undefined), 1);
    }
    assert.deepEqual((await hub.compareBooks())['DTAC']?.wrong, 65);
    await fullSync('it was restored from a backup');
    assert.deepEqual(await hub.compareBooks(), { DTAC: { desired: LINES - 300, held: LINES - 300, wrong: 0 } });
  });

  test('no batch of its own kind was made, and every change has its cause', async () => {
    assert.deepEqual(await query(hub.source, `SELECT 1 FROM batch WHERE kind = 'full'`), []);
    const [restated] = await query<{ n: number }>(
      hub.source,
      `SELECT count(*) AS n FROM change WHERE cause = 'replayed'`,
    );
    assert.equal(restated?.n, 2 * LINES);
  });

  test('with its own key it asks for one once an hour, and reads at any time what it should hold', async () => {
    const { key } = await createApiKey(hub.source, { name: 'DTAC', scopes: ['provider:DTAC'] }, HUB_ACTOR_ID);
    const call = (path = '', method = 'GET'): Promise<Response> =>
      fetch(`${url}/v1/providers/DTAC/full-list${path}`, { method, headers: { authorization: `Bearer ${key}` } });
    const counted = (): Promise<unknown> =>
      query(hub.source, 'SELECT last_seq, (SELECT count(*) FROM sync) FROM provider_counter WHERE provider_id = 1');

    const shown = (await (await call()).json()) as {
      newest: null;
      restated: { state: string; toSeq: number };
      entries: string;
    };
    assert.equal(shown.newest, null);
    assert.equal(shown.restated.state, 'completed');
    const before = await counted();
    const refused = await call('', 'POST');
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get('retry-after')) > 3_000);
    assert.ok(((await refused.json()) as { detail: string }).detail.includes(shown.entries));
    assert.deepEqual(await counted(), before, 'nothing was appended');

    const answer = await fetch(`${url}${shown.entries}`, { headers: { authorization: `Bearer ${key}` } });
    assert.equal(answer.headers.get('content-type'), 'application/x-ndjson; charset=utf-8');
    const text = await answer.text();
    const [head, ...rest] = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const end = rest.pop();
    assert.equal(head?.['count'], (await hub.compareBooks())['DTAC']?.desired);
    assert.equal(end?.['count'], rest.length);
    const said = text.slice(0, text.lastIndexOf('{"end"'));
    assert.equal(end?.['sha256'], createHash('sha256').update(said).digest('hex'));
    const due = await query<{ ref: string; seq: number }>(
      hub.source,
      'SELECT entry_ref AS ref, last_seq AS seq FROM entry WHERE provider_id = 1 AND present ORDER BY line_id',
    );
    const listed = new Map(rest.map(({ ref, seq }) => [ref, seq]));
    for (const { ref, seq } of due) assert.equal(listed.get(ref), seq);
    assert.ok(Number(head?.['asOf']) >= shown.restated.toSeq);

    await query(hub.source, `UPDATE sync_provider SET ended_at = ended_at - interval '61 minutes'`);
    const [first, second] = await Promise.all([call('', 'POST'), call('', 'POST')]);
    assert.deepEqual(
      [first.status, second.status].toSorted((a, b) => a - b),
      [202, 409],
    );
    await hub.settled(60);
  });
});
