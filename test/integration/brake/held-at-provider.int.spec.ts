// A roster that removes half of a list: held, shown, not in any full list's absence, and gone once a second person approves.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import axios, { type AxiosInstance } from 'axios';
import { seedAgencies } from '#intake';
import { HUB_ACTOR_ID, query } from '#platform';
import { countProviders, createApiKey } from '#operations';
import type { HeldPlan, PlannedRemoval } from '#whitelist';
import { csv, number } from '../intake/intake-kit.js';
import { startTestHub, type TestHub } from '../../support/hub.js';

describe('a roster that removes half of a list', () => {
  let hub: TestHub;
  let clerk: AxiosInstance;
  let approver: AxiosInstance;
  let cli: NodeJS.ProcessEnv;

  before(async () => {
    hub = await startTestHub({ providers: ['AIS', 'CAT'] });
    await seedAgencies(hub.source);
    const baseURL = await hub.serve();
    const person = async (name: string) => {
      const { key } = await createApiKey(
        hub.source,
        { name, scopes: ['onde', 'ops.read', 'ops.act', 'approve'] },
        HUB_ACTOR_ID,
      );
      cli = { PATH: process.env['PATH'], LANG: 'en_US.UTF-8', SAPHAN_URL: baseURL, SAPHAN_KEY: key };
      return axios.create({ baseURL, headers: { Authorization: `Bearer ${key}` }, validateStatus: () => true });
    };
    clerk = await person('clerk');
    approver = await person('approver');
    await hub.work();
  });
  after(() => hub.close());

  const fileOf = (provider: string, from: number, count: number) =>
    csv(
      Array.from({ length: count }, (_, i) => ({
        reference: `${provider}-${from + i}`,
        provider,
        number: number(from + i),
      })),
    );
  async function roster(file: string): Promise<void> {
    const { data, status } = await clerk.post('/v1/imports?mode=roster&agency=G0001', file, {
      headers: { 'Content-Type': 'text/csv' },
    });
    assert.equal(status, 202, JSON.stringify(data));
    for (;;) {
      const { data: run } = await clerk.get(`/v1/imports/${data.runId}`);
      if (run.state === 'completed') return;
      assert.ok(['waiting', 'running'].includes(run.state), JSON.stringify(run));
      await sleep(50);
    }
  }
  const plans = async (state = 'open'): Promise<HeldPlan[]> =>
    (await clerk.get(`/v1/held-removals?state=${state}`)).data.plans;
  const books = async () =>
    Object.fromEntries(
      Object.entries(await hub.compareBooks()).map(([code, { held, wrong }]) => [code, `${held} ${wrong}`]),
    );
  async function until<T>(read: () => Promise<T>, done: (seen: T) => boolean): Promise<T> {
    const end = Date.now() + 20_000;
    for (;;) {
      const seen = await read();
      if (done(seen)) return seen;
      assert.ok(Date.now() < end, JSON.stringify(seen));
      await sleep(50);
    }
  }

  test('the day’s budget goes, the rest is held, shown and alerted; whoever caused it cannot approve it', async () => {
    await roster(fileOf('AIS', 0, 600) + fileOf('CAT', 1000, 300).split('\n').slice(1).join('\n'));
    await hub.settled();
    assert.deepEqual(await books(), { AIS: '600 0', CAT: '300 0' });
    await roster(fileOf('AIS', 0, 300) + fileOf('CAT', 1000, 250).split('\n').slice(1).join('\n'));
    await hub.settled();
    assert.deepEqual(await books(), { AIS: '400 0', CAT: '250 0' });
    const [plan, ...others] = await plans();
    assert.deepEqual(others, []);
    assert.deepEqual([plan?.provider, plan?.lines, plan?.cause, plan?.state], ['AIS', 100, 'cancelled', 'open']);
    assert.match(plan!.causedBy, /^clerk/);
    assert.ok(plan!.importRun);
    const own = await clerk.post('/v1/held-removals/approvals', {
      plan: plan!.plan,
      planHash: plan!.planHash,
      reason: 'mine',
    });
    assert.equal(own.status, 403);
    const alerts = await until(
      async () => (await clerk.get('/v1/alerts?kind=removalsHeld')).data.alerts,
      (rows) => rows.length > 0,
    );
    assert.deepEqual([alerts[0].provider, alerts.length], ['AIS', 1]);
    assert.match((await clerk.get('/metrics')).data, /saphan_held_removals\{provider="AIS"\} 100/);
  });

  test('counts, exceptions and a line’s story say held', async () => {
    const { data } = await clerk.get('/v1/providers/AIS/exceptions');
    assert.deepEqual(
      data.groups.map((group: { kind: string; count: number; additions: number }) => [
        group.kind,
        group.count,
        group.additions,
      ]),
      [['held', 100, 0]],
    );
    const [entry] = await query<{ provider_id: number }>(
      hub.source,
      `SELECT provider_id FROM provider WHERE code = 'AIS'`,
    );
    const counts = (await countProviders(hub.source, [entry!.provider_id])).get(entry!.provider_id)!.entries;
    assert.deepEqual(
      [counts.absent.held, counts.absent.applied, counts.absent.total, counts.present.total],
      [100, 200, 300, 300],
    );
    const listed = (await clerk.get('/v1/providers/AIS/undelivered?standing=held&limit=500')).data.lines;
    assert.equal(listed.length, 100);
    const story = (await clerk.get(`/v1/lines/${listed[0].lineId}`)).data;
    assert.equal(story.providers[0].status, 'held');
    assert.match(story.providers[0].sentence.en, /held/);
  });

  test('a full list still contains what is held', async () => {
    hub.simulator.get('AIS').forget({ everything: true });
    const made = await clerk.post('/v1/syncs', { kind: 'full', providers: ['AIS'], reason: 'it lost its data' });
    assert.ok(made.status < 300, JSON.stringify(made.data));
    await until(
      () =>
        query<{ n: number }>(hub.source, `SELECT count(*) AS n FROM batch WHERE kind = 'full' AND state = 'settled'`),
      ([row]) => row?.n === 1,
    );
    assert.equal((await books())['AIS'], '400 0');
    const counts = (await countProviders(hub.source, [1, 2, 3])).values();
    for (const { entries } of counts)
      for (const part of [entries.present, entries.absent])
        assert.ok(
          Object.values(part).every((n) => n >= 0),
          JSON.stringify(part),
        );
  });

  test('the command line shows the plan with its hash, and what was planned', async () => {
    const [plan] = await plans();
    const run = promisify(execFile);
    const main = path.resolve('dist/apps/cli/main.js');
    const shown = (await run(process.execPath, [main, 'brake', 'show'], { env: cli })).stdout;
    assert.match(shown, new RegExp(`#${plan!.plan} plan-hash ${plan!.planHash}`));
    assert.match(shown, /AIS +\d+ +200 +200/);
    const until = new Date(Date.now() + 60_000).toISOString();
    const propose = ['brake', 'plan', 'propose', 'AIS', '--lines', '5', '--until', until, '--reason', 'a try'];
    const { plannedId } = JSON.parse((await run(process.execPath, [main, '--json', ...propose], { env: cli })).stdout);
    const withdraw = ['brake', 'plan', 'withdraw', String(plannedId), '--reason', 'only a try'];
    assert.match((await run(process.execPath, [main, ...withdraw], { env: cli })).stdout, /withdrawn/);
    const wrong = ['brake', 'approve', String(plan!.plan), '--plan-hash', '0'.repeat(64), '--reason', 'blind'];
    await assert.rejects(run(process.execPath, [main, ...wrong], { env: cli }), /code: 3|The plan has changed/);
  });

  test('a plan that changed is refused; the one that was read goes, by a second person', async () => {
    const [plan] = await plans();
    const wrong = { plan: plan!.plan, planHash: plan!.planHash!.replaceAll(/[0-9]/g, '0'), reason: 'seen' };
    assert.equal((await approver.post('/v1/held-removals/approvals', wrong)).status, 409);
    const right = { ...wrong, planHash: plan!.planHash };
    const approved = await approver.post('/v1/held-removals/approvals', right);
    assert.deepEqual([approved.status, approved.data.state], [200, 'releasing'], JSON.stringify(approved.data));
    await until(books, (seen) => seen['AIS'] === '300 0');
    await hub.settled();
    const [done] = await until(
      () => plans('all'),
      ([first]) => first?.state === 'released',
    );
    assert.deepEqual([done?.released, done?.lines], [100, 0]);
    await until(
      async () => (await clerk.get('/v1/alerts?kind=removalsHeld')).data.alerts,
      (rows) => rows.length === 0,
    );
  });

  test('a planned removal lets another roster through; a refusal keeps the lines of a wrong one', async () => {
    const proposed = await clerk.post('/v1/planned-removals', {
      provider: 'CAT',
      lines: 180,
      validUntil: new Date(Date.now() + 3_600_000).toISOString(),
      reason: 'the agency moves out',
    });
    assert.equal(proposed.status, 201, JSON.stringify(proposed.data));
    const { plannedId } = proposed.data as PlannedRemoval;
    assert.equal((await clerk.post(`/v1/planned-removals/${plannedId}/approve`, { reason: 'mine' })).status, 403);
    assert.equal(
      (await approver.post(`/v1/planned-removals/${plannedId}/approve`, { reason: 'announced' })).status,
      200,
    );
    await roster(fileOf('AIS', 0, 200) + fileOf('CAT', 1000, 70).split('\n').slice(1).join('\n'));
    await hub.settled();
    assert.deepEqual(await books(), { AIS: '300 0', CAT: '70 0' });
    assert.equal((await clerk.get('/v1/planned-removals?provider=CAT')).data.planned[0].used, 180);
    const [plan] = await plans();
    assert.deepEqual([plan?.provider, plan?.lines], ['AIS', 100]);
    const kept = await approver.post('/v1/held-removals/refusals', {
      plan: plan!.plan,
      planHash: plan!.planHash,
      reason: 'a wrong sheet',
    });
    assert.deepEqual([kept.status, kept.data.state, kept.data.lines], [200, 'kept', 100]);
    // The right sheet comes: the lines are as they were, and nothing is held any more.
    await roster(fileOf('AIS', 0, 300) + fileOf('CAT', 1000, 70).split('\n').slice(1).join('\n'));
    await hub.settled();
    assert.equal((await books())['AIS'], '300 0');
    const [ended] = await until(
      () => plans('all'),
      ([first]) => first?.state === 'ended',
    );
    assert.deepEqual([ended?.plan, ended?.lines, ended?.released], [plan!.plan, 0, 0]);
  });
});
