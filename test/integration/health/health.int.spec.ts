// Health decides what goes: away, canary, slow start, credentials, host key, maintenance, pauses with an end.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ProviderProfile } from '#contracts';
import { healthHistory, readHealth } from '#dispatch';
import { bangkokDay, query, saveProvider } from '#platform';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';
import { confirmByTwo, people, until, type People } from '../providers/setup-kit.js';

const today = bangkokDay(new Date());
const short = (profile: ProviderProfile): ProviderProfile => ({
  ...profile,
  retryScheduleS: [0.1, 0.3],
  transport: profile.transport.kind === 'webhook' ? { ...profile.transport, timeoutMs: 700 } : profile.transport,
});

async function idsOf(hub: TestHub): Promise<Record<string, number>> {
  const rows = await query<{ code: string; id: number }>(hub.source, 'SELECT code, provider_id AS id FROM provider');
  return Object.fromEntries(rows.map(({ code, id }) => [code, id]));
}

async function healthOf(hub: TestHub, id: number) {
  const row = (await readHealth(hub.source, [id])).get(id);
  return row ?? { health: 'healthy', cause: 'none', needsPerson: false, en: '' };
}

async function attempts(hub: TestHub, id: number): Promise<number> {
  const [row] = await query<{ n: number }>(
    hub.source,
    'SELECT count(*)::int AS n FROM attempt WHERE provider_id = $1 AND number > 0',
    [id],
  );
  return row?.n ?? 0;
}

describe('a provider that hangs', () => {
  let hub: TestHub;
  let ids: Record<string, number>;
  before(async () => {
    hub = await startTestHub({ providers: ['AIS', 'TRUE', 'DTAC', 'CAT', 'TOT', '3BB'], profile: short });
    await hub.serve();
    await hub.work();
    ids = await idsOf(hub);
  });
  after(() => hub.close());

  test('is quarantined with the reason, the others go on, and a canary brings it back by degrees', async () => {
    const ais = ids['AIS']!;
    const all = ['AIS', 'TRUE', 'DTAC', 'CAT'].map((code) => ids[code]!);
    await registerLines(hub.source, 40, all, today);
    await hub.settled();
    const { turn, provider } = hub.simulator.get('AIS');
    turn({ faults: { hangBefore: 1 }, faultsOn: 'everything' });
    await registerLines(hub.source, 4_000, all, today);
    const away = await until('it is quarantined', async () => {
      const seen = await healthOf(hub, ais);
      return seen.health === 'quarantined' && seen;
    });
    assert.equal(away.needsPerson, false);
    assert.match(away.en, /attempts failed in a row; a canary batch tries it on schedule \(.*700 ms\)/);
    await until('the others have everything', async () => {
      const books = await hub.compareBooks();
      return ['TRUE', 'DTAC', 'CAT'].every((code) => books[code]?.wrong === 0 && books[code].held === 1_010);
    });
    assert.equal((await healthOf(hub, ids['TRUE']!)).health, 'healthy');

    // Changes that wait for it use up no attempts: one batch alone is tried, again and again.
    await registerLines(hub.source, 500, [ais], today);
    const [open] = await query<{ n: number }>(
      hub.source,
      `SELECT count(*)::int AS n FROM batch WHERE provider_id = $1 AND state IN ('sealed', 'handed', 'accepted')`,
      [ais],
    );
    assert.equal(open?.n, 1);

    const numbers = new Set(provider.observer.state.batches.keys());
    const back = Date.now();
    turn({ faults: { hangBefore: 0 } });
    await hub.settled();
    await until('it is at full pace', async () => (await healthOf(hub, ais)).health === 'healthy');
    assert.deepEqual((await hub.compareBooks())['AIS'], { desired: 1_510, held: 1_510, wrong: 0 });

    const fresh = [...provider.observer.state.batches.values()].filter((batch) => !numbers.has(batch.batch));
    const lines = fresh.map((batch) => batch.seen.reduce((sum, part) => sum + part.count, 0));
    assert.deepEqual(lines.slice(0, 3), [40, 160, 300], 'what waited comes in growing batches');
    for (let second = back; second < Date.now(); second += 250) {
      const within = fresh.filter((batch) => batch.firstAt >= second && batch.firstAt < second + 1_000);
      assert.ok(within.length <= 8, `${within.length} batches within a second of its return`);
    }
    const history = (await healthHistory(hub.source, ais, 20)).map((row) => `${row.health} ${row.cause}`).toReversed();
    assert.deepEqual(history.slice(-4), [
      'degraded transport',
      'quarantined transport',
      'degraded returning',
      'healthy none',
    ]);
  });
});

describe('what needs a person', () => {
  let hub: TestHub;
  let ids: Record<string, number>;
  let who: People;
  before(async () => {
    hub = await startTestHub({ providers: ['AIS', 'CAT'], profile: short });
    who = await people(hub, await hub.serve());
    await hub.work();
    ids = await idsOf(hub);
  });
  after(() => hub.close());

  test('bad credentials: no automatic tries, and a person’s release lets a canary go', async () => {
    const id = ids['AIS']!;
    const { turn } = hub.simulator.get('AIS');
    turn({ faults: { unauthorized: 1 } });
    await registerLines(hub.source, 30, [id], today);
    const stopped = await until('it needs a person', async () => {
      const seen = await healthOf(hub, id);
      return seen.needsPerson && seen;
    });
    assert.deepEqual([stopped.health, stopped.cause], ['quarantined', 'credentials']);
    assert.match(stopped.en, /a person must act and release it: the provider refuses us: status 401/);
    const tried = await attempts(hub, id);
    turn({ faults: { unauthorized: 0 } });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.equal(await attempts(hub, id), tried, 'nothing is tried by itself');
    const card = (await who.reader.get('/v1/providers/AIS')).data;
    assert.deepEqual([card.health, card.needsPerson], ['quarantined', true]);

    assert.equal((await who.reader.post('/v1/providers/AIS/release', { reason: 'try it' })).status, 403);
    const answer = await who.malee.post('/v1/providers/AIS/release', { reason: 'the account was unlocked' });
    assert.deepEqual([answer.status, answer.data], [200, { result: 'released' }]);
    await hub.settled();
    const again = await who.malee.post('/v1/providers/AIS/release', { reason: 'once more' });
    assert.deepEqual(again.data, { result: 'was not quarantined' });
    const { history } = (await who.reader.get('/v1/providers/AIS/health')).data;
    assert.ok(history.some((row: { cause: string }) => row.cause === 'credentials'));
    const [act] = await query<{ reason: string }>(
      hub.source,
      `SELECT reason FROM audit WHERE act = 'provider.release' ORDER BY audit_id DESC LIMIT 1`,
    );
    assert.equal(act?.reason, 'the account was unlocked');
  });

  test('another host key: two people confirm it by fingerprint, which releases it', async () => {
    const id = ids['CAT']!;
    const shown = hub.simulator.get('CAT').address.sftp!.hostKeyFingerprint;
    const [row] = await query<{ profile: ProviderProfile }>(
      hub.source,
      'SELECT profile FROM provider WHERE provider_id = $1',
      [id],
    );
    const { profile } = row!;
    assert.ok(profile.transport.kind === 'sftp');
    const pinned = `SHA256:${'A'.repeat(43)}`;
    await saveProvider(hub.source, { ...profile, transport: { ...profile.transport, hostKeys: [pinned] } }, 1);
    await registerLines(hub.source, 10, [id], today);
    const stopped = await until('it needs a person', async () => {
      const seen = await healthOf(hub, id);
      return seen.needsPerson && seen;
    });
    assert.deepEqual([stopped.health, stopped.cause], ['quarantined', 'hostKey']);
    assert.match(stopped.en, /which is not pinned; ask the provider over a second channel/);
    const change = await who.malee.post('/v1/providers/CAT/key-changes', {
      purpose: 'hostKey',
      key: shown,
      reason: 'its server was replaced',
    });
    assert.equal(change.status, 201, JSON.stringify(change.data));
    assert.deepEqual(await confirmByTwo(who, 'CAT', change.data.changeId, [shown]), ['pending', 'confirmed']);
    await hub.settled();
    assert.equal((await hub.compareBooks())['CAT']?.wrong, 0);
  });

  test('maintenance holds everything, counts as no failure, and ends by itself', async () => {
    const id = ids['AIS']!;
    const from = new Date();
    const plan = {
      from: from.toISOString(),
      until: new Date(from.getTime() + 2_500).toISOString(),
      reason: 'new core',
    };
    const made = await who.malee.post('/v1/providers/AIS/maintenance', plan);
    assert.equal(made.status, 201, JSON.stringify(made.data));
    assert.equal((await who.malee.post('/v1/providers/AIS/maintenance', plan)).status, 409);
    const tried = await attempts(hub, id);
    await registerLines(hub.source, 20, [id], today);
    const card = (await who.reader.get('/v1/providers/AIS')).data;
    assert.equal(card.health, 'maintenance');
    assert.match(card.healthEn, /in maintenance until .*malee.*: new core/);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.equal(await attempts(hub, id), tried);
    await hub.settled();
    assert.ok(Date.now() >= from.getTime() + 2_500);
    const [list] = (await who.reader.get('/v1/providers/AIS/maintenance')).data.maintenance;
    assert.equal(list.state, 'over');
    const gone = await who.malee.delete(`/v1/providers/AIS/maintenance/${list.maintenanceId}`, {
      data: { reason: 'too late' },
    });
    assert.equal(gone.status, 409);
  });
});
