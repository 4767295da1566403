// Reconciliation on the running hub: equal lists, drift of every kind, a plan approved by a second person, a restored provider.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bangkokDay, HUB_ACTOR_ID, query } from '#platform';
import { createApiKey } from '#operations';
import { approveRepair, listRuns, proposeRepair, wantReconciliation, type RunRow } from '#reconciliation';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';

const TODAY = bangkokDay(new Date());

describe('reconciliation by digests', () => {
  let hub: TestHub;
  let id: number;
  let second: number;

  before(async () => {
    hub = await startTestHub({ providers: ['AIS'] });
    const [row] = await query<{ provider_id: number }>(
      hub.source,
      `SELECT provider_id FROM provider WHERE code = 'AIS'`,
    );
    id = row?.provider_id ?? 0;
    second = (await createApiKey(hub.source, { name: 'second', scopes: ['approve'] }, HUB_ACTOR_ID)).actorId;
    await hub.work();
    await registerLines(hub.source, 600, [id], TODAY);
    await hub.settled();
  });
  after(() => hub.close());

  async function until<T>(read: () => Promise<T | undefined | false>): Promise<T> {
    for (const end = Date.now() + 20_000; ; await new Promise((resolve) => setTimeout(resolve, 30))) {
      const seen = await read();
      if (seen) return seen;
      if (Date.now() > end) throw new Error('it did not come about');
    }
  }

  async function run(): Promise<RunRow> {
    const runId = await wantReconciliation(hub.source, id, { actorId: HUB_ACTOR_ID, reason: 'spec' });
    return until(async () => (await listRuns(hub.source, { runId, limit: 1 })).find((row) => row.result !== null));
  }

  const book = () => hub.simulator.get('AIS').provider.applier.book;
  const held = () =>
    book()
      .sortedRefs()
      .filter((ref) => book().get(ref) !== undefined);
  const openAlerts = async () =>
    (await query<{ kind: string }>(hub.source, 'SELECT kind FROM alert WHERE ended_at IS NULL ORDER BY kind')).map(
      (row) => row.kind,
    );
  const drift = () =>
    query<{ kind: string; cause: string; seen: number }>(
      hub.source,
      'SELECT kind, cause, seen FROM drift WHERE provider_id = $1 ORDER BY kind',
      [id],
    );
  const planOf = async (planId: number) => {
    const [plan] = await query<{
      sha256: Buffer;
      additions: number;
      removals: number;
      state: string;
      appended: number;
    }>(hub.source, 'SELECT sha256, additions, removals, state, appended FROM repair_plan WHERE plan_id = $1', [planId]);
    assert.ok(plan);
    return plan;
  };

  test('equal lists: one round trip, no drift', async () => {
    const result = await run();
    assert.deepEqual([result.result, result.drifted, result.awaiting], ['equal', 0, 0], result.detail ?? '');
    assert.deepEqual([result.roundTrips, result.heldHere, result.heldThere], [1, 600, 600]);
    assert.ok(result.bytes < 6_000, `${result.bytes} bytes`);
  });

  test('missing, other content, unknown: found, seen twice, repaired by a second person, and equal again', async () => {
    const [gone, other] = held();
    const theirs = book();
    assert.ok(gone && other);
    theirs.remove(gone, theirs.seqOf(theirs.find(gone)));
    const kept = theirs.get(other);
    assert.ok(kept);
    theirs.put(other, kept.line, theirs.terms.idOf('MB', 'OTHER', kept.from, kept.to), kept.seq);
    theirs.put('not-one-of-ours', '+66899999999', theirs.terms.idOf('MB', 'OTHER', kept.from, kept.to), 1);
    const first = await run();
    assert.deepEqual([first.result, first.drifted], ['differs', 3]);
    assert.deepEqual(
      (await drift()).map((row) => [row.kind, row.cause, row.seen]),
      [
        ['differs', 'otherContent', 1],
        ['missing', 'lostThere', 1],
        ['unknown', 'notOurs', 1],
      ],
    );
    await assert.rejects(
      proposeRepair(hub.source, id, { actorId: HUB_ACTOR_ID, reason: 'seen once is not enough' }),
      /nothing to repair/i,
    );
    await run();
    const planId = await proposeRepair(hub.source, id, { actorId: HUB_ACTOR_ID, reason: 'two lines differ' });
    const plan = await planOf(planId);
    assert.deepEqual([plan.additions, plan.removals], [2, 0]);
    const sha256 = plan.sha256.toString('hex');
    const approve = (actorId: number, hash = sha256) =>
      approveRepair(hub.source, planId, hash, { actorId, reason: 'looked at both lines' });
    await assert.rejects(approve(HUB_ACTOR_ID), /own plan/i);
    await assert.rejects(approve(second, '00'), /not this plan/i);
    await approve(second);
    const applied = await until(async () => {
      const now = await planOf(planId);
      return now.state === 'applied' && now;
    });
    assert.equal(applied.appended, 2);
    assert.deepEqual(await openAlerts(), ['listDiffers']);
    await hub.settled();
    theirs.remove('not-one-of-ours', 1);
    const last = await run();
    assert.deepEqual([last.result, last.drifted], ['equal', 0], last.detail ?? '');
    assert.deepEqual(await drift(), []);
    assert.deepEqual(await openAlerts(), []);
  });

  test('a plan whose entries changed since is stale and does nothing', async () => {
    const [gone] = held();
    assert.ok(gone);
    book().remove(gone, book().seqOf(book().find(gone)));
    await run();
    await run();
    const planId = await proposeRepair(hub.source, id, { actorId: HUB_ACTOR_ID, reason: 'one line is missing' });
    const { sha256 } = await planOf(planId);
    await query(hub.source, 'UPDATE drift SET seq = seq + 1 WHERE provider_id = $1', [id]);
    await assert.rejects(
      approveRepair(hub.source, planId, sha256.toString('hex'), { actorId: second, reason: 'too late' }),
      /stale/i,
    );
    const after = await planOf(planId);
    assert.deepEqual([after.state, after.appended], ['stale', 0]);
    assert.equal(book().get(gone), undefined);
  });

  test('a provider that put a backup back is noticed by its applied seq, and what it lost is said again', async () => {
    await registerLines(hub.source, 40, [id], TODAY);
    await hub.settled();
    const before = held().length;
    hub.simulator.get('AIS').forget({ batches: 1 });
    assert.equal(held().length, before - 40);
    const found = await run();
    assert.deepEqual([found.result, (await openAlerts()).includes('dataLost')], ['restored', true], found.detail ?? '');
    const [row] = await until(async () => {
      const runs = await listRuns(hub.source, { runId: found.runId, limit: 1 });
      return runs[0] && runs[0].forwarded > 0 && runs;
    });
    assert.equal(row?.forwarded, 40);
    await hub.settled();
    assert.equal(held().length, before);
    await run();
    assert.deepEqual(
      (await drift()).map((each) => [each.kind, each.cause]),
      [['missing', 'lostThere']],
      'only the line of the stale plan is still missing',
    );
  });

  test('a provider that does not answer is never read as empty', async () => {
    hub.simulator.get('AIS').provider.digestSecret = undefined;
    const result = await run();
    assert.deepEqual([result.result, result.drifted], ['cannotTell', 0]);
    assert.equal((await drift()).length, 1, 'what was found before stays');
  });
});
