// A seventh provider by configuration alone, on a hub that runs: API, worker and database stay as they were started.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { seedAgencies } from '#intake';
import { query } from '#platform';
import { startSimulator, type Simulator } from '../../../apps/provider-sim/simulator.js';
import { startTestHub, type TestHub } from '../../support/hub.js';
import {
  booksOf,
  confirmByTwo,
  ntProfile,
  OWN_SECRET,
  people,
  registerOver,
  SECRET,
  until,
  type People,
} from './setup-kit.js';

describe('NT is added while the hub runs', () => {
  let hub: TestHub;
  let url: string;
  let nt: Simulator;
  let who: People;

  before(async () => {
    hub = await startTestHub({ providers: ['AIS'] });
    await seedAgencies(hub.source);
    url = await hub.serve();
    await hub.work();
    nt = await startSimulator({
      providers: ['NT'],
      settings: { NT: { style: 'response', hubSecrets: [SECRET], ownSecret: OWN_SECRET } },
      hub: url,
    });
    who = await people(hub, url);
    // Somebody looked at the engine room before: it must show what came later.
    await who.malee.get('/ops/queues/api/queues');
  });
  after(async () => {
    await nt.stop();
    await hub.close();
  });

  const target = (): string => nt.get('NT').address.target ?? '';

  test('a dry run tells what is wrong or what would be, and writes nothing', async () => {
    const wrong = await who.malee.post('/v1/providers', {
      profile: { ...ntProfile(target()), maxLines: 'many', transport: { kind: 'fax' } },
      reason: 'a seventh provider',
      dryRun: true,
    });
    assert.equal(wrong.status, 422);
    const pointers = wrong.data.errors.map((item: { pointer: string }) => item.pointer);
    assert.ok(
      pointers.includes('#/profile/maxLines') && pointers.includes('#/profile/transport/kind'),
      pointers.join(),
    );
    const dry = await who.malee.post('/v1/providers', {
      profile: ntProfile(target()),
      reason: 'a seventh provider',
      dryRun: true,
    });
    assert.equal(dry.status, 201, JSON.stringify(dry.data));
    assert.deepEqual([dry.data.result, dry.data.toBeMade], ['dry run', ['nt.signing.1']]);
    assert.equal((await who.malee.get('/v1/providers/NT')).status, 404);
  });

  test('only ops may add, and a provider names its own secrets only', async () => {
    const body = { profile: ntProfile(target()), reason: 'a seventh provider', secrets: { 'nt.signing.1': SECRET } };
    assert.equal((await who.reader.post('/v1/providers', body)).status, 403);
    const foreign = ntProfile(target(), { secrets: { signing: ['ais.signing.1'], callback: [], sshKey: null } });
    const answer = await who.malee.post('/v1/providers', { profile: foreign, reason: 'a seventh provider' });
    assert.equal(answer.status, 422);
    assert.equal(answer.data.type, 'urn:saphan:problem:secret-name-foreign');
  });

  test('it is added, confirmed by two people, and registrations that name it come back acknowledged', async () => {
    const added = await who.malee.post('/v1/providers', {
      profile: ntProfile(target()),
      reason: 'CAT and TOT became NT',
      secrets: { 'nt.signing.1': SECRET },
    });
    assert.equal(added.status, 201, JSON.stringify(added.data));
    assert.doesNotMatch(JSON.stringify(added.data), /whsec_/);
    await registerOver(who.malee, 'NT-1', [
      { provider: 'NT', number: '0800000101' },
      { provider: 'โทรคมนาคมแห่งชาติ', number: '0800000102' },
      { provider: 'National Telecom', number: '0800000103' },
    ]);
    const shown = await who.reader.get('/v1/providers/NT');
    assert.equal(shown.data.paused.reason, 'its keys wait for two people to confirm them');
    const fingerprints = added.data.keys.map((key: { fingerprint: string }) => key.fingerprint);
    assert.deepEqual(await confirmByTwo(who, 'NT', added.data.changeId, fingerprints), ['pending', 'confirmed']);
    await hub.settled();
    const books = await booksOf(hub, nt.get('NT'));
    assert.equal(books.held.length, 3);
    assert.deepEqual(books.held, books.desired);
    const counts = (await who.reader.get('/v1/providers/NT')).data;
    assert.deepEqual([counts.present.total, counts.present.applied, counts.nextNumber > 1], [3, 3, true]);
  });

  test('it has its partitions, queue, board entry, sweep and metrics like every other', async () => {
    const tables = await query(
      hub.source,
      `SELECT 1 FROM pg_class WHERE relname IN ('entry_2', 'change_2', 'batch_2')`,
    );
    assert.equal(tables.length, 3);
    const board = await until('the board shows NT', async () => {
      const { data } = await who.malee.get('/ops/queues/api/queues');
      return data.queues.find((queue: { name: string }) => queue.name === 'deliver-NT') ?? null;
    });
    assert.ok(board.counts.completed >= 1, JSON.stringify(board.counts));
    const metrics = await who.malee.get('/metrics');
    assert.match(metrics.data, /saphan_backlog_changes\{provider="NT"\} 0/);
    // Without a wake-up only the sweeper finds this.
    const [{ last_seq: before } = { last_seq: 0 }] = await query<{ last_seq: number }>(
      hub.source,
      'SELECT last_seq FROM provider_counter WHERE provider_id = 2',
    );
    const [row] = await query<{ entry_ref: string; last_seq: number }>(
      hub.source,
      'SELECT entry_ref, last_seq FROM entry WHERE provider_id = 2 LIMIT 1',
    );
    const { CurrentAppender } = await import('#whitelist');
    const { inTransaction } = await import('#platform');
    await inTransaction(hub.source, (tx) =>
      new CurrentAppender().appendCurrent(tx, 2, [{ entryRef: row!.entry_ref, onlyIfSeq: row!.last_seq }], {
        cause: 'replayed',
        actorId: 1,
      }),
    );
    await hub.settled();
    const sealed = await query<{ sealed_seq: number }>(
      hub.source,
      'SELECT sealed_seq FROM provider_stream WHERE provider_id = 2',
    );
    assert.equal(sealed[0]?.sealed_seq, before + 1);
  });

  test('AIS went on as before', async () => {
    await registerOver(who.malee, 'AIS-1', [{ provider: 'AIS', number: '0800000201' }]);
    await hub.settled();
    assert.deepEqual(await hub.compareBooks(), { AIS: { desired: 1, held: 1, wrong: 0 } });
  });

  test('no secret is in any log, table of acts or answer', async () => {
    const acts = await query<{ text: string }>(
      hub.source,
      `SELECT string_agg(to_jsonb(audit)::text, ' ') AS text FROM audit`,
    );
    const changes = await query<{ text: string }>(
      hub.source,
      `SELECT string_agg(keys::text || reason, ' ') AS text FROM key_change`,
    );
    const profile = await who.reader.get('/v1/providers/NT/profile');
    const all = JSON.stringify([acts, changes, profile.data]);
    assert.doesNotMatch(all, /whsec_|BQUFBQUF/);
    assert.doesNotMatch(all, /66800009901/);
    assert.equal(profile.data.profile.testLines[0].line, '+6680***9901');
  });
});
