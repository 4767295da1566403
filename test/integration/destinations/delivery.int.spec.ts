// Delivery of lists when things go wrong: dates, partial failures, reports, lost memories, pauses, refusals, lateness.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { query, SecretStore, Vault } from '#platform';
import { pauseProvider, resumeProvider } from '#dispatch';
import { reportTokenOf } from '../../../libs/adapters/destinations/send-t8.js';
import { fixtureList, sampleList, startListHub, type ListHub } from './destinations-kit.js';

const CODES = ['CAT', 'TOT', 'AIS', 'DTAC'] as const;

describe('delivering destination lists', () => {
  let lists: ListHub;
  let selections: { app: string; sourceId: number; sets: string[] }[];
  /** Another list each time: one set more or less. */
  let turn = 0;
  const another = (): { selections: typeof selections } => {
    turn++;
    return {
      selections: selections.map((one) =>
        one.app === 'line' ? { ...one, sets: turn % 2 ? ['domains'] : ['ranges'] } : one,
      ),
    };
  };

  before(async () => {
    lists = await startListHub({ providers: [...CODES] });
    const teams = await lists.importList(sampleList('worldwide-2020022800.derived.json'), { version: '2020022800' });
    const line = await lists.importList(sampleList('line-ranges-community-2025-06.json'), { version: '2020-03-18' });
    const webex = await lists.importList(fixtureList('webex-circa-2020.json'), { version: '2020' });
    selections = [
      { app: 'teams', sourceId: teams.body.source.sourceId, sets: ['11', '12'] },
      { app: 'line', sourceId: line.body.source.sourceId, sets: ['domains'] },
      { app: 'webex', sourceId: webex.body.source.sourceId, sets: ['media'] },
    ];
    await lists.hub.work();
  });
  after(() => lists.hub.close());

  const transactions = (): Record<string, Record<string, unknown>> =>
    lists.hub.simulator.get('DTAC').provider.destinations.transactions;
  const standingOf = async (code: string) => (await lists.standings()).find((one) => one.provider === code);

  test('a date in the future is honoured; nothing is put before it; it can be cancelled', async () => {
    const effectiveAt = new Date(Date.now() + 3_000);
    const { version } = await lists.release({ ...another(), effectiveAt: effectiveAt.toISOString() });
    const early = await lists.release(another()).then(
      () => 'published',
      (error: Error) => error.message,
    );
    assert.match(early, /later-version-scheduled/);
    assert.equal((await standingOf('AIS'))?.version, null, 'told nobody yet');
    await lists.acknowledged(version, CODES);
    const [row] = await query<{ early: boolean }>(
      lists.hub.source,
      'SELECT bool_or(told_at < $1) AS early FROM destination_delivery',
      [effectiveAt],
    );
    assert.equal(row?.early, false);
    const { version: never } = await lists.release({
      ...another(),
      effectiveAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
    assert.equal(
      (await lists.call('onde', 'POST', `/v1/destinations/versions/${never}/cancel`, { reason: 'not needed' })).status,
      200,
    );
  });

  test('T8: the application that failed is tried again, the others are done, and the other providers are not kept waiting', async () => {
    const dtac = lists.hub.simulator.get('DTAC');
    dtac.turn({ destinations: { partial: 1 } });
    const { version } = await lists.release(another());
    await lists.acknowledged(version, ['CAT', 'TOT', 'AIS']);
    await lists.until('a partial failure', async () =>
      /not taken: wah-line: MALFUNCTION/.test((await standingOf('DTAC'))?.detail ?? ''),
    );
    assert.notEqual((await standingOf('DTAC'))?.acknowledged, version);
    const before = dtac.provider.destinations.received.length;
    dtac.turn({ destinations: { partial: 0 } });
    await lists.acknowledged(version, ['DTAC']);
    assert.equal(dtac.provider.destinations.received.length, before + 1, 'only the one that failed was sent again');
    const { body } = await lists.call<{ attempts: { result: string }[] }>(
      'onde',
      'GET',
      '/v1/providers/DTAC/destinations/attempts',
    );
    assert.ok(body.attempts.some((one) => one.result === 'partial'));
  });

  test('T8: an application reported later is sent again; another token, or no report, changes nothing', async () => {
    const version = (await standingOf('DTAC'))?.acknowledged ?? 0;
    const secrets = new SecretStore(lists.hub.source, new Vault(lists.hub.config.keys.master));
    await secrets.reload();
    const token = reportTokenOf(secrets.secret('dtac.callback.1') ?? '', 'DTAC');
    const report = (token: string, body: string): Promise<Response> =>
      fetch(`${lists.url}/v1/providers/DTAC/pfd-reports/${token}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
    const good = JSON.stringify([{ externalAppIds: ['wah-teams'], failureCode: 'MALFUNCTION' }]);
    assert.equal((await report('x'.repeat(43), good)).status, 401);
    assert.equal((await report(token, '<html>sign in</html>')).status, 422);
    assert.equal((await standingOf('DTAC'))?.acknowledged, version);
    const received = lists.hub.simulator.get('DTAC').provider.destinations.received.length;
    assert.equal((await report(token, good)).status, 204);
    await lists.acknowledged(version, ['DTAC']);
    await lists.until('sent again', () =>
      Promise.resolve(lists.hub.simulator.get('DTAC').provider.destinations.received.length === received + 1),
    );
  });

  test('T8: a hub that has forgotten what lives there finds it, and nothing is there twice', async () => {
    await query(
      lists.hub.source,
      `UPDATE destination_provider SET memory = NULL, acknowledged = NULL WHERE provider_id = (SELECT provider_id FROM provider WHERE code = 'DTAC')`,
    );
    const { version } = await lists.release(another());
    await lists.acknowledged(version, CODES);
    const all = Object.values(transactions()).flatMap((one) => Object.keys(one));
    assert.deepEqual(all.sort(), ['wah-line', 'wah-teams', 'wah-webex']);
  });

  test('a paused provider waits, which is no failure; a refused file is sent again; a late one is acknowledged late', async () => {
    const [cat] = await query<{ id: number }>(
      lists.hub.source,
      `SELECT provider_id AS id FROM provider WHERE code = 'CAT'`,
    );
    await pauseProvider(lists.hub.source, cat?.id ?? 0, 1, 'a test');
    lists.hub.simulator.get('AIS').turn({ destinations: { lateMs: 1_500 } });
    lists.hub.simulator.get('TOT').turn({ destinations: { fail: 1 } });
    const { version } = await lists.release(another());
    await lists.until('TOT refused', async () => /E900/.test((await standingOf('TOT'))?.detail ?? ''));
    await lists.until('AIS told', async () => (await standingOf('AIS'))?.state === 'told');
    assert.notEqual((await standingOf('AIS'))?.acknowledged, version);
    lists.hub.simulator.get('TOT').turn({ destinations: { fail: 0 } });
    await lists.acknowledged(version, ['DTAC', 'AIS', 'TOT']);
    const paused = await standingOf('CAT');
    assert.equal(paused?.attempts, 0);
    assert.equal(paused?.state, 'waiting');
    await resumeProvider(lists.hub.source, cat?.id ?? 0, 1, 'a test');
    await lists.acknowledged(version, ['CAT']);
  });

  test('messages of a provider are numbered without holes, and repeating a version changes nothing', async () => {
    const rows = await query<{ code: string; numbers: number[] }>(
      lists.hub.source,
      `SELECT p.code, array_agg(d.number ORDER BY d.number) AS numbers FROM destination_delivery d JOIN provider p USING (provider_id)
       WHERE d.number IS NOT NULL GROUP BY p.code`,
    );
    for (const { code, numbers } of rows)
      assert.deepEqual(
        numbers.map(Number),
        numbers.map((_, i) => i + 1),
        code,
      );
    const before = CODES.map((code) => lists.hub.simulator.get(code).provider.destinations.received.length);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    assert.deepEqual(
      CODES.map((code) => lists.hub.simulator.get(code).provider.destinations.received.length),
      before,
    );
  });

  test('bad files change nothing and say what is wrong', async () => {
    const count = async (): Promise<number> =>
      (await query<{ n: number }>(lists.hub.source, 'SELECT count(*)::int AS n FROM destination_source'))[0]?.n ?? 0;
    const before = await count();
    const good = sampleList('worldwide-2020022800.derived.json');
    const cases: [string, Buffer, Record<string, string>, number, RegExp][] = [
      ['a web page', Buffer.from('<!DOCTYPE html><html>sign in</html>'), { version: '2020022801' }, 422, /web page/],
      ['cut off', good.subarray(0, 20_000), { version: '2020022801' }, 422, /ends too early/],
      ['compressed', Buffer.from([0x1f, 0x8b, 8, 0]), { version: '2020022801' }, 422, /compressed/],
      ['too large', Buffer.alloc(5 * 1024 * 1024, 32), { version: '2020022801' }, 413, /too large/],
      [
        'a bomb of values',
        Buffer.from(JSON.stringify([{ id: 1, serviceArea: 'x', ips: Array(30_000).fill('1.0.0.0/24') }])),
        { version: '2020022801' },
        422,
        /30000 values/,
      ],
      ['deep', Buffer.from('['.repeat(200_000)), {}, 422, /JSON/],
      ['no version', good, {}, 422, /version/],
      [
        'other content',
        fixtureList('worldwide-2020032500.derived.json'),
        { version: '2020022800' },
        409,
        /other content/,
      ],
      ['empty', Buffer.alloc(0), { version: '1' }, 422, /empty/],
    ];
    for (const [what, bytes, question, status, words] of cases) {
      const answer = await lists.importList(bytes, question);
      assert.equal(answer.status, status, `${what}: ${JSON.stringify(answer.body)}`);
      assert.match(JSON.stringify(answer.body), words, what);
    }
    assert.equal(await count(), before);
  });

  test('Google as a whole may not be proposed', async () => {
    const google = await lists.importList(fixtureList('goog-2022-08-20.json'), {});
    const proposal = {
      reason: 'a test',
      selections: [{ app: 'meet', sourceId: google.body.source.sourceId, sets: ['goog'] }],
    };
    const answer = await lists.call('onde', 'POST', '/v1/destinations/drafts', proposal);
    assert.equal(answer.status, 422);
    assert.match(JSON.stringify(answer.body), /meet would free \d{8} IPv4 addresses/);
  });
});
