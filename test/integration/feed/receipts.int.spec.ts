// Receipts that do not come: a provider that never fetches is reminded and shown, and so is a file that nobody receipts.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { checkReceipt } from '#dispatch';
import { createApiKey } from '#operations';
import { bangkokDay, HUB_ACTOR_ID, query } from '#platform';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';

const TODAY = bangkokDay(new Date());

interface OpenAlert {
  kind: string;
  provider: string;
  subject: string;
  text: string;
}

describe('receipts that are overdue', () => {
  let hub: TestHub;
  let url: string;
  let ops: string;
  before(async () => {
    hub = await startTestHub({
      providers: ['3BB', 'CAT'],
      dials: {
        '3BB': { dial: { pull: { fetching: 'off' } } },
        // It takes files away and says nothing.
        CAT: { dial: { silence: 1 } },
      },
      profile: (profile) => ({
        ...profile,
        receiptDeadlineS: 10,
        transport: { ...profile.transport, timeoutMs: 2_000 },
      }),
    });
    url = await hub.serve();
    ops = (await createApiKey(hub.source, { name: 'ops', scopes: ['ops.read'] }, HUB_ACTOR_ID)).key;
    await hub.work();
  });
  after(() => hub?.close());

  const idOf = async (code: string): Promise<number> => {
    const [row] = await query<{ id: number }>(hub.source, 'SELECT provider_id AS id FROM provider WHERE code = $1', [
      code,
    ]);
    return row?.id ?? 0;
  };
  const open = async (kind: string): Promise<OpenAlert[]> => {
    const answer = await fetch(`${url}/v1/alerts?kind=${kind}`, { headers: { authorization: `Bearer ${ops}` } });
    assert.equal(answer.status, 200);
    return ((await answer.json()) as { alerts: OpenAlert[] }).alerts;
  };
  /** Sets the clock of a hand-over back, as if it had been longer ago. */
  const older = (providerId: number, seconds: number): Promise<unknown> =>
    query(hub.source, `UPDATE batch SET accepted_at = accepted_at - $2 * interval '1 second' WHERE provider_id = $1`, [
      providerId,
      seconds,
    ]);

  test('told and not fetched: alert, reminders, and over as soon as it fetches', async () => {
    const bbb = await idOf('3BB');
    const simulator = hub.simulator.get('3BB');
    const told = (): number => (simulator.state() as { pull: { told: number } }).pull.told;
    await registerLines(hub.source, 20, [bbb], TODAY);
    await until(() => told() === 1, 'it was told');
    assert.deepEqual(await open('notPulled'), [], 'within the deadline nothing is wrong');

    await older(bbb, 11);
    await until(async () => (await open('notPulled')).length === 1, 'the alert');
    const [alert] = await open('notPulled');
    assert.match(alert!.text, /3BB was told of batch 1 at .* and has not fetched it within 10 s/);
    await until(() => told() === 2, 'it was told again');
    const view = async (): Promise<{
      feed: { waiting: number; reminders: number; read: string | null };
      failures: number;
    }> =>
      (await (await fetch(`${url}/v1/providers/3BB`, { headers: { authorization: `Bearer ${ops}` } })).json()) as never;
    await until(async () => (await view()).feed.reminders === 1, 'the reminder is shown');
    assert.equal((await view()).feed.waiting, 1);
    assert.equal((await view()).feed.read, null);
    assert.equal((await view()).failures, 0, 'a reminder is no failure');
    const [attempts] = await query<{ n: number }>(
      hub.source,
      'SELECT count(*) AS n FROM attempt WHERE provider_id = $1',
      [bbb],
    );
    assert.equal(attempts?.n, 1, 'a reminder is no attempt');

    // Outcomes of what it does not have are never overdue.
    await older(bbb, 3 * 86_400);
    await until(() => told() >= 3, 'a further reminder');
    const [batch] = await query<{ state: string; n_uncertain: number }>(
      hub.source,
      'SELECT state, n_uncertain FROM batch WHERE provider_id = $1',
      [bbb],
    );
    assert.deepEqual(batch, { state: 'accepted', n_uncertain: 0 });

    simulator.turn({ pull: { fetching: 'on' } });
    await hub.settled(30);
    await until(async () => (await open('notPulled')).length === 0, 'the alert is over');
    assert.deepEqual((await hub.compareBooks())['3BB'], { desired: 20, held: 20, wrong: 0 });
    assert.equal(simulator.provider.observer.state.violations['webhookIdForm'], undefined);
  });

  test('what it was never told of it can fetch all the same', async () => {
    const bbb = await idOf('3BB');
    const simulator = hub.simulator.get('3BB');
    simulator.turn({ faults: { resetBefore: 1 }, pull: { everyMs: 100 } });
    // It looks by itself from now on.
    simulator.forget({ batches: 0 });
    await registerLines(hub.source, 30, [bbb], TODAY);
    await hub.settled(30);
    await registerLines(hub.source, 30, [bbb], TODAY);
    await hub.settled(30);
    assert.deepEqual((await hub.compareBooks())['3BB'], { desired: 80, held: 80, wrong: 0 });
    const states = await query<{ state: string }>(
      hub.source,
      'SELECT DISTINCT state FROM batch WHERE provider_id = $1',
      [bbb],
    );
    assert.deepEqual(states, [{ state: 'settled' }]);
  });

  test('a file without a receipt: alert after its deadline, over with the receipt', async () => {
    const cat = await idOf('CAT');
    await registerLines(hub.source, 5, [cat], TODAY);
    const batch = async (
      number: number,
    ): Promise<{ state: string; receipt_at: Date | null; sha256: Buffer } | undefined> => {
      const sql = 'SELECT state, receipt_at, sha256 FROM batch WHERE provider_id = $1 AND number = $2';
      return (
        await query<{ state: string; receipt_at: Date | null; sha256: Buffer }>(hub.source, sql, [cat, number])
      )[0];
    };
    await until(async () => (await batch(1))?.state === 'accepted', 'the file lies there');
    assert.equal((await batch(1))?.receipt_at, null, 'a file that lies there is no receipt');
    assert.deepEqual(await open('receiptOverdue'), []);
    await older(cat, 11);
    await until(async () => (await open('receiptOverdue')).length === 1, 'the alert');
    assert.match(
      (await open('receiptOverdue'))[0]!.text,
      /batch 1 lies with CAT since .* no receipt has come within 10 s/,
    );

    // The next file is receipted; that says nothing of the first.
    hub.simulator.get('CAT').turn({ silence: 0 });
    await registerLines(hub.source, 5, [cat], TODAY);
    await until(async () => (await batch(2))?.receipt_at instanceof Date, 'the receipt file is the receipt');
    assert.equal((await open('receiptOverdue')).length, 1);
    const sha256 = (await batch(1))!.sha256.toString('hex');
    assert.equal(await checkReceipt(hub.source, cat, 1, sha256), 'ours');
    await until(async () => (await open('receiptOverdue')).length === 0, 'it is over with the receipt');
  });

  test('what was closed before anybody read it never entered the feed; what was read once stays in it', async () => {
    const bbb = await idOf('3BB');
    hub.simulator.get('3BB').turn({ pull: { fetching: 'off' }, faults: { resetBefore: 0 } });
    const { key } = await createApiKey(hub.source, { name: 'reader', scopes: ['provider:3BB'] }, HUB_ACTOR_ID);
    const get = (path: string): Promise<Response> =>
      fetch(`${url}/v1/feed/3BB${path}`, { headers: { authorization: `Bearer ${key}` } });
    const newest = async (): Promise<string> => ((await (await get('')).json()) as { newest: string }).newest;
    const batchOf = async (cursor: string): Promise<number> => {
      const answer = await get(`/pages?after=${cursor}`);
      assert.equal(answer.status, 200);
      return (JSON.parse((await answer.text()).split('\n')[0]!) as { batch: number }).batch;
    };
    const start = await newest();
    const first = Number(start.split('-')[0]) + 1;
    for (const number of [first, first + 1, first + 2]) {
      await registerLines(hub.source, 1, [bbb], TODAY);
      await until(async () => (await newest()) === `${number}-1`, `batch ${number} lies there`);
    }
    const close = (number: number): Promise<unknown> =>
      query(hub.source, `UPDATE batch SET state = 'closed' WHERE provider_id = $1 AND number = $2`, [bbb, number]);
    await close(first);
    assert.equal(await batchOf(start), first + 1, 'what was closed unread is passed over');
    await close(first + 1);
    assert.equal(await batchOf(start), first + 1, 'what was read once stays');
    assert.equal(await batchOf(`${first + 1}-1`), first + 2);
  });
});

async function until(fact: () => boolean | Promise<boolean>, what: string, withinS = 30): Promise<void> {
  const end = Date.now() + withinS * 1000;
  while (!(await fact())) {
    if (Date.now() > end) throw new Error(`not within ${withinS} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
