// The weeks of March 2020: Microsoft's list of 28 February at all six providers, then the range that came on the 25th.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { query } from '#platform';
import { QUEUE_BACKENDS, type QueueBackend } from '../../support/queue-backends.js';
import { ALL, behind, fixtureList, sampleList, startListHub, type Draft, type ListHub } from './destinations-kit.js';

const NEW_RANGE = '52.120.0.0/14';

interface Shown {
  version: number | null;
  values: string[];
  applications: Record<string, { pfds: Record<string, { flowDescriptions?: string[]; domainNames?: string[] }> }>;
}

for (const backend of QUEUE_BACKENDS) march2020(backend);

function march2020(backend: (typeof QUEUE_BACKENDS)[number]): void {
  describe(
    `a destination list from the vendor to six providers, queues in ${backend.name}`,
    { skip: backend.skip },
    () => story(backend),
  );
}

function story(backend: (typeof QUEUE_BACKENDS)[number]): void {
  let lists: ListHub;
  let queues: QueueBackend;
  before(async () => {
    queues = await backend.start();
    lists = await startListHub({ redisUrl: queues.redisUrl ?? '' });
    await lists.hub.work();
  });
  after(async () => {
    await lists.hub.close();
    await queues.stop();
  });

  const shown = (code: (typeof ALL)[number]): Shown => lists.hub.simulator.get(code).state()['destinations'] as Shown;
  /** Whether a provider frees a network, seen from its own side. */
  const frees = (code: (typeof ALL)[number], network: string): boolean =>
    code === 'DTAC'
      ? Object.values(shown(code).applications)
          .flatMap((one) => Object.values(one.pfds).flatMap((pfd) => pfd.flowDescriptions ?? []))
          .some((flow) => flow.includes(` from ${network} `))
      : shown(code).values.includes(`teams ${network}`);

  let first = 0;
  let second = 0;

  test('2020022800 is imported, curated, approved by a second person, and acknowledged by all six', async () => {
    const imported = await lists.importList(sampleList('worldwide-2020022800.derived.json'), { version: '2020022800' });
    assert.equal(imported.status, 200, JSON.stringify(imported.body));
    assert.equal(imported.body.result, 'imported');
    const again = await lists.importList(sampleList('worldwide-2020022800.derived.json'), { version: '2020022800' });
    assert.equal(again.body.result, 'was imported');
    for (const [file, version] of [
      ['meet-network-requirements.json', '2020-03-18'],
      ['webex-2026-03-16.json', '2020-03-18'],
      ['line-ranges-community-2025-06.json', '2020-03-18'],
    ] as const) {
      const one = await lists.importList(sampleList(file), { version });
      assert.equal(one.status, 200, JSON.stringify(one.body));
    }
    const { draft, version } = await lists.release();
    assert.deepEqual([...new Set(draft.entries.map((one) => one.app))].sort(), ['line', 'meet', 'teams', 'webex']);
    const denied = draft.denied.map((one) => one.value);
    for (const name of [
      '*.msecnd.net',
      'aka.ms',
      'mlccdn.blob.core.windows.net',
      'skypemaprdsitus.trafficmanager.net',
      '*.cisco.com',
    ])
      assert.ok(denied.includes(name), `${name} is denied`);
    assert.ok(draft.denied.every((one) => one.reason.length > 5));
    assert.ok(draft.entries.some((one) => one.value === '*.teams.microsoft.com'));
    assert.ok(!draft.entries.some((one) => one.value === NEW_RANGE));
    await lists.acknowledged(version, ALL);
    for (const code of ALL) {
      assert.ok(frees(code, '52.112.0.0/14'), `${code} frees what it was told`);
      assert.ok(!frees(code, NEW_RANGE));
    }
    assert.deepEqual(Object.keys(shown('DTAC').applications).sort(), [
      'wah-line',
      'wah-meet',
      'wah-teams',
      'wah-webex',
    ]);
    assert.ok(
      shown('DTAC').applications['wah-teams']?.pfds['teams-names']?.domainNames?.includes(
        '^.+\\.teams\\.microsoft\\.com$',
      ),
    );
    assert.equal((await lists.call('provider', 'GET', '/v1/providers/3BB/destinations?format=csv')).status, 200);
    assert.equal((await lists.call('provider', 'GET', '/v1/providers/AIS/destinations')).status, 403);
    first = version;
  });

  test('2020032500 brings 52.120.0.0/14 to all six; who fails lags, is told of, and catches up', async () => {
    await query(
      lists.hub.source,
      `INSERT INTO destination_policy (policy, reason, actor_id) SELECT jsonb_set($1::jsonb, '{behindAfterS}', '2'), 'a test', 1`,
      [JSON.stringify((await lists.call('onde', 'GET', '/v1/destinations/policy')).body)],
    );
    lists.hub.simulator.get('TRUE').turn({ destinations: { fail: 1 } });
    const changes = await lists.importList(fixtureList('changes-2020022800-to-2020032500.derived.json'), {});
    assert.equal(changes.status, 200, JSON.stringify(changes.body));
    const whole = await lists.importList(fixtureList('worldwide-2020032500.derived.json'), { version: '2020032500' });
    assert.equal(whole.body.result, 'was imported', 'the changes gave the same list');

    const { draft, version } = await lists.release();
    assert.deepEqual(
      draft.diff.added.map((one) => one.value),
      [NEW_RANGE],
    );
    assert.deepEqual(draft.diff.removed, []);
    assert.deepEqual(draft.diff.added[0]?.sources.map((one) => one.set).sort(), ['11', '12', '13', '22']);
    const healthy = ALL.filter((code) => code !== 'TRUE');
    await lists.acknowledged(version, healthy);
    for (const code of healthy) assert.ok(frees(code, NEW_RANGE), `${code} frees it`);
    assert.ok(!frees('TRUE', NEW_RANGE));
    await lists.until('an alert for TRUE', async () => (await behind(lists.hub)).includes('TRUE'));
    assert.deepEqual(await behind(lists.hub), ['TRUE']);
    const truth = (await lists.standings()).find((one) => one.provider === 'TRUE');
    assert.equal(truth?.acknowledged, first);
    assert.ok((truth?.attempts ?? 0) > 0);
    lists.hub.simulator.get('TRUE').turn({ destinations: { fail: 0 } });
    await lists.acknowledged(version, ['TRUE']);
    await lists.until('no alert', async () => (await behind(lists.hub)).length === 0);
    assert.ok(frees('TRUE', NEW_RANGE));
    second = version;
  });

  test('a rollback is a new version with the old content, approved like any other', async () => {
    const rolled = await lists.call<Draft>('onde', 'POST', `/v1/destinations/versions/${first}/rollback`, {
      reason: 'wrong range',
    });
    assert.equal(rolled.status, 201, JSON.stringify(rolled.body));
    const path = `/v1/destinations/drafts/${rolled.body.draftId}`;
    const early = await lists.call('onde', 'POST', `${path}/publish`, { reason: 'as agreed' });
    assert.equal(early.status, 409);
    assert.equal(
      (
        await lists.call('approver', 'POST', `${path}/approve`, {
          contentSha256: rolled.body.contentSha256,
          reason: 'agreed',
        })
      ).status,
      200,
    );
    const published = await lists.call<{ version: number }>('onde', 'POST', `${path}/publish`, { reason: 'as agreed' });
    assert.equal(published.status, 200, JSON.stringify(published.body));
    assert.ok(published.body.version > second);
    await lists.acknowledged(published.body.version, ALL);
    for (const code of ALL) assert.ok(!frees(code, NEW_RANGE), `${code} frees it no more`);
  });

  test('nobody approves their own, a changed draft refuses the approval, and every act is recorded', async () => {
    const { body: draft } = await lists.call<Draft>('onde', 'POST', '/v1/destinations/drafts', { reason: 'again' });
    const path = `/v1/destinations/drafts/${draft.draftId}`;
    assert.equal(
      (await lists.call('onde', 'POST', `${path}/approve`, { contentSha256: draft.contentSha256, reason: 'me too' }))
        .status,
      403,
    );
    const effectiveAt = new Date(Date.now() + 3_600_000).toISOString();
    const revised = await lists.call<Draft>('onde', 'PUT', path, { reason: 'later', effectiveAt });
    assert.equal(revised.status, 200, JSON.stringify(revised.body));
    const stale = await lists.call('approver', 'POST', `${path}/approve`, {
      contentSha256: draft.contentSha256,
      reason: 'agreed',
    });
    assert.equal(stale.status, 409);
    assert.equal((await lists.call('onde', 'POST', `${path}/withdraw`, { reason: 'not needed' })).status, 200);
    const acts = await query<{ act: string; n: number }>(
      lists.hub.source,
      `SELECT act, count(*)::int AS n FROM audit WHERE act LIKE 'destinations.%' AND reason IS NOT NULL GROUP BY act`,
    );
    const done = new Set(acts.map((one) => one.act));
    for (const act of ['import', 'propose', 'revise', 'approve', 'publish', 'rollback', 'withdraw'])
      assert.ok(done.has(`destinations.${act}`), act);
  });
}
