// From a registration to its story, over the API: real worker, real database, providers that answer over HTTP.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { query } from '#platform';
import { countProviders } from '#operations';
import { judgedOneByOne, withoutZeros } from './testing/judged-one-by-one.js';
import { startApi, type StartedApi } from './testing/started-api.js';
import { startProvider, until, type ProviderDouble } from './testing/provider-double.js';

const CONFIRMATION = { confirmedAt: '2020-03-18T10:00:00+07:00', confirmedBy: 'ผู้อำนวยการ', document: 'ดศ 0201/1' };

describe('the journey over the api', () => {
  let hub: StartedApi;
  let ais: ProviderDouble;
  let trueCorp: ProviderDouble;

  const provider = async (code: string) => (await hub.client().get(`/v1/providers/${code}`)).data;
  const register = async (reference: string, lines: object[]) => {
    const answer = await hub.client().post('/v1/registrations', {
      agency: 'G0001',
      reference,
      confirmation: CONFIRMATION,
      lines: lines.map((line) => ({ access: 'MB', validFrom: '2020-03-19', ...line })),
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.data));
    return answer.data.lines as { lineId: string }[];
  };
  const story = async (id: string) => (await hub.client().get(`/v1/lines/${id}`)).data;

  before(async () => {
    ais = await startProvider('response', ({ line }) =>
      line.endsWith('02')
        ? { outcome: 'rejected', code: 'NOT_SUBSCRIBER' }
        : line.endsWith('03')
          ? { outcome: 'retryLater', code: 'QUOTA', retryAfter: 3600 }
          : null,
    );
    trueCorp = await startProvider('callback');
    hub = await startApi({ AIS: ais.target, TRUE: trueCorp.target });
  });
  after(async () => {
    await hub.close();
    await Promise.all([ais.close(), trueCorp.close()]);
  });

  test('what is applied, rejected, to be retried and in flight adds up, and agrees with each line’s own standing', async () => {
    await register(
      'HR-1',
      ['0812345601', '0812345602', '0812345603', '0812345604'].map((number) => ({ provider: 'AIS', number })),
    );
    await register('HR-2', [{ provider: 'TRUE', number: '0812345605' }]);
    const seen = await until(
      () => provider('AIS'),
      (each) => each.present.inFlight + each.present.pending === 0 && each.present.total === 4,
    );
    assert.deepEqual(withoutZeros(seen.present), { total: 4, applied: 2, rejected: 1, retrying: 1 });
    assert.equal(seen.sent.lines, 4);
    assert.equal(
      seen.sent.applied +
        seen.sent.already +
        seen.sent.rejected +
        seen.sent.retrying +
        seen.sent.uncertain +
        seen.sent.outstanding,
      seen.sent.lines,
    );
    const other = await until(
      () => provider('TRUE'),
      (each) => each.open.accepted === 1,
    );
    assert.deepEqual(withoutZeros(other.present), { total: 1, inFlight: 1 });
    for (const code of ['AIS', 'TRUE']) {
      const counts = (await countProviders(hub.source, [hub.ids[code] ?? 0])).get(hub.ids[code] ?? 0);
      assert.deepEqual(
        withoutZeros(counts?.entries.present ?? {}),
        await judgedOneByOne(hub, hub.ids[code] ?? 0, true),
        code,
      );
    }
  });

  test('a line is found by its number, without the number in any address, and tells its story', async () => {
    const found = await hub.client().post('/v1/lines/search', { number: '081-234-5602' });
    assert.equal(found.status, 200, JSON.stringify(found.data));
    assert.equal(found.data.lines.length, 1);
    assert.equal(found.data.lines[0].line, '+6681***5602');
    const told = await story(found.data.lines[0].id);
    assert.equal(told.why.free, 'no');
    assert.equal(told.why.next, 'agency');
    assert.match(told.why.th, /เอไอเอส ไม่รับ/);
    assert.equal(told.registrations[0].reference, 'HR-1');
    const [entry] = told.providers;
    assert.equal(entry.status, 'rejected');
    const [change] = entry.changes;
    assert.deepEqual(
      [change.op, change.cause, change.batches[0].outcome, change.batches[0].position],
      ['ADD', 'registered', 'rejected', 2],
    );
    assert.equal(change.batches[0].attempts[0].result, 'accepted');
    assert.equal(change.exceptions[0].code, 'NOT_SUBSCRIBER');
    assert.doesNotMatch(JSON.stringify(told), /12345602|0812345/);
    const audit = await query<{ subject: string }>(hub.source, `SELECT subject FROM audit WHERE act = 'lines.search'`);
    assert.match(audit[0]?.subject ?? '', /^hash:[0-9a-f]{32}$/);
  });

  test('an applied line is free, one in flight waits for its provider, one to be retried for the hub', async () => {
    const of = async (number: string) =>
      story((await hub.client().post('/v1/lines/search', { number })).data.lines[0].id);
    assert.deepEqual((({ free, next, en }) => [free, next, en])((await of('0812345601')).why), [
      'yes',
      'nobody',
      'It is free at AIS.',
    ]);
    const waiting = (await of('0812345605')).why;
    assert.deepEqual([waiting.free, waiting.next], ['notYet', 'provider']);
    assert.ok(new Date(waiting.by).getTime() > Date.now());
    const retried = (await of('0812345603')).why;
    assert.deepEqual([retried.free, retried.next], ['notYet', 'hub']);
  });

  test('exceptions are grouped by cause, listed with masks, and paged', async () => {
    const { data } = await hub.client().get('/v1/providers/AIS/exceptions?limit=1');
    assert.deepEqual(
      data.groups.map((group: { kind: string; code: string; count: number; owner: string }) => [
        group.kind,
        group.code,
        group.count,
        group.owner,
      ]),
      [
        ['rejected', 'NOT_SUBSCRIBER', 1, 'agency'],
        ['retrying', 'QUOTA', 1, 'hub'],
      ],
    );
    assert.equal(data.lines.length, 1);
    const rest = await hub.client().get(`/v1/providers/AIS/exceptions?limit=1&before=${data.next}`);
    assert.deepEqual([data.lines[0].line, rest.data.lines[0].line], ['+6681***5603', '+6681***5602']);
    assert.equal((await hub.client().get('/v1/providers/AIS/exceptions?kind=odd')).status, 422);
  });

  test('a provider reads its own batches and the same bytes again, and nobody else’s', async () => {
    const own = hub.client(hub.trueKey);
    const { data } = await own.get('/v1/providers/TRUE/batches');
    assert.equal(data.batches[0].number, 1);
    const bytes = await own.get('/v1/providers/TRUE/batches/1/bytes', {
      responseType: 'arraybuffer',
      headers: { 'accept-encoding': 'identity' },
    });
    assert.equal(bytes.status, 200);
    assert.equal(bytes.headers['content-type'], 'application/cloudevents+json; charset=utf-8');
    assert.deepEqual(Buffer.from(bytes.data), trueCorp.bodies[0]);
    const zipped = await own.get('/v1/providers/TRUE/batches/1/bytes', {
      responseType: 'arraybuffer',
      headers: { 'accept-encoding': 'gzip' },
    });
    assert.deepEqual(Buffer.from(zipped.data), trueCorp.bodies[0], 'unpacked they are the same');
    assert.equal(
      bytes.headers['repr-digest'],
      `sha-256=:${createHash('sha256').update(Buffer.from(bytes.data)).digest('base64')}:`,
    );
    assert.equal((await own.get('/v1/providers/AIS/batches')).status, 403);
    assert.equal((await hub.client(hub.readKey).get('/v1/providers/TRUE/batches/1/bytes')).status, 403);
    await query(hub.source, 'DELETE FROM batch_bytes WHERE provider_id = $1', [hub.ids['TRUE']]);
    const gone = await own.get('/v1/providers/TRUE/batches/1/bytes');
    assert.equal(gone.status, 410);
    assert.match(gone.data.detail, /\/v1\/providers\/TRUE\/full-list/);
  });

  test('a paused provider is sent nothing; the sentence says who must act; resuming sends at once', async () => {
    assert.equal((await hub.client(hub.readKey).post('/v1/providers/AIS/pause', { reason: 'they asked' })).status, 403);
    assert.deepEqual((await hub.client().post('/v1/providers/AIS/pause', { reason: 'they asked' })).data, {
      result: 'paused',
    });
    const [line] = await register('HR-3', [{ provider: 'AIS', number: '0812345606' }]);
    const told = await story(line?.lineId ?? '');
    assert.equal(told.providers[0].status, 'pending');
    assert.equal(told.why.next, 'ops');
    assert.match(told.why.en, /paused \(they asked\)/);
    assert.equal((await provider('AIS')).paused.reason, 'they asked');
    await hub.client().post('/v1/providers/AIS/resume', { reason: 'they are back' });
    await until(
      () => story(line?.lineId ?? ''),
      (each) => each.why.free === 'yes',
    );
  });

  test('a sync is previewed, triggered, watched to its end; a full list carries everything that is there', async () => {
    const preview = await hub
      .client()
      .post('/v1/syncs', { kind: 'full', providers: ['AIS'], dryRun: true, reason: 'weekly' });
    assert.equal(preview.status, 200);
    assert.deepEqual(
      preview.data.providers.map((part: { provider: string; lines: number }) => [part.provider, part.lines]),
      [['AIS', 5]],
    );
    const started = await hub.client().post('/v1/syncs', { kind: 'full', providers: ['AIS'], reason: 'weekly' });
    assert.equal(started.status, 202, JSON.stringify(started.data));
    const done = await until(
      async () => (await hub.client().get(`/v1/syncs/${started.data.syncId}`)).data,
      (each) => each.endedAt !== null,
    );
    assert.deepEqual([done.providers[0].state, done.providers[0].settled], ['completed', 5]);
    const seen = await provider('AIS');
    assert.deepEqual(withoutZeros(seen.present), await judgedOneByOne(hub, hub.ids['AIS'] ?? 0, true));
    const wrong = await hub.client().post('/v1/syncs', { kind: 'odd', reason: 'x', colour: 1 });
    assert.equal(wrong.status, 422);
    assert.deepEqual(
      wrong.data.errors.map((each: { pointer: string; code: string }) => [each.pointer, each.code]).toSorted(),
      [
        ['#/colour', 'whitelistValidation'],
        ['#/kind', 'isIn'],
        ['#/reason', 'isLength'],
      ],
    );
  });

  test('a line that is taken back is gone in words, too', async () => {
    const found = await hub.client().post('/v1/lines/search', { agency: 'G0001', reference: 'HR-3' });
    await hub.client().post('/v1/registrations/cancel', { agency: 'G0001', reference: 'HR-3' });
    const told = await until(
      () => story(found.data.lines[0].id),
      (each) => each.providers[0].status === 'applied',
    );
    assert.equal(told.providers[0].desired.present, false);
    assert.equal(told.why.free, 'no');
    assert.match(told.why.en, /took the registration back/);
    const seen = await provider('AIS');
    assert.deepEqual(withoutZeros(seen.absent), await judgedOneByOne(hub, hub.ids['AIS'] ?? 0, false));
  });
});
