// Intake over HTTP with the real API, guard, queue and worker.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AxiosInstance, AxiosResponse } from 'axios';
import { startApi, type StartedApi } from '../../../apps/api/testing/started-api.js';
import { query } from '#platform';
import { csv, fileOf, number } from './intake-kit.js';

const confirmation = { confirmedAt: '2020-03-18T10:00:00+07:00', confirmedBy: 'x', document: 'y' };
const registration = (reference: string, n: number, more: object = {}) => ({
  agency: 'G0001',
  reference,
  confirmation,
  lines: [{ provider: 'AIS', access: 'MB', number: number(n), validFrom: '2020-03-19', apps: ['teams'], ...more }],
});

describe('intake over HTTP', () => {
  let hub: StartedApi;
  let client: AxiosInstance;
  before(async () => {
    hub = await startApi({ AIS: 'http://127.0.0.1:9/' });
    client = hub.client();
  });
  after(() => hub.close());

  async function ended(
    answer: AxiosResponse,
  ): Promise<Record<string, unknown> & { counts: Record<string, number>; state: string }> {
    assert.equal(answer.status, 202, JSON.stringify(answer.data));
    for (;;) {
      const { data } = await client.get(`/v1/imports/${answer.data.runId}`);
      if (!['waiting', 'running', 'undoing', 'uploading'].includes(data.state)) return data;
      await sleep(20);
    }
  }

  test('one registration: 201, the same again 200, and its id leads to it', async () => {
    const made = await client.post(
      '/v1/registrations',
      registration('h1', 1, { nationalId: '1101700230708', name: 'สมมติ' }),
    );
    assert.equal(made.status, 201, JSON.stringify(made.data));
    assert.equal((await client.post('/v1/registrations', registration('h1', 1))).status, 200);
    const { data } = await client.get(`/v1/registrations/${made.data.lines[0].id}`);
    assert.deepEqual([data.agency, data.reference, data.state, data.apps], ['G0001', 'h1', 'confirmed', ['teams']]);
    assert.doesNotMatch(JSON.stringify([made.data, data]), /11000001|สมมติ|1101700230708/);
    const amended = await client.patch(`/v1/registrations/${made.data.lines[0].id}`, {
      validTo: '2099-01-31',
      apps: ['line', 'webex'],
    });
    assert.deepEqual([amended.status, amended.data.validTo, amended.data.apps], [200, '2099-01-31', ['webex', 'line']]);
    const open = await client.patch(`/v1/registrations/${made.data.lines[0].id}`, { validTo: null });
    assert.equal(open.data.validTo, null);
    const cancelled = await client.post('/v1/registrations/cancel', { agency: 'G0001', reference: 'h1' });
    assert.deepEqual(cancelled.data, { cancelled: 1 });
    const found = await client.post('/v1/registrations/search', { agency: 'G0001', reference: 'h1' });
    assert.equal(found.data.registrations[0].state, 'cancelled');
  });

  test('a key gives the same answer again, refuses another request, and 20 at once do it once', async () => {
    const headers = { 'Idempotency-Key': '"a-key-of-mine"' };
    const all = await Promise.all(
      Array.from({ length: 20 }, () => client.post('/v1/registrations', registration('h2', 2), { headers })),
    );
    assert.equal(all.filter((answer) => answer.status === 201 && !answer.headers['idempotency-replayed']).length, 1);
    assert.ok(all.every((answer) => answer.status === 201 || answer.status === 409));
    const again = await client.post('/v1/registrations', registration('h2', 2), {
      headers: { 'Idempotency-Key': 'a-key-of-mine' },
    });
    assert.deepEqual([again.status, again.headers['idempotency-replayed']], [201, 'true']);
    assert.equal((await client.post('/v1/registrations', registration('h2', 3), { headers })).status, 422);
    assert.equal(
      (await client.post('/v1/registrations', registration('h2', 3), { headers: { 'Idempotency-Key': '"a b" c' } }))
        .status,
      400,
    );
  });

  test('wrong bodies are answered with problems that point; keys without the scope are refused', async () => {
    const wrong = await client.post('/v1/registrations', { ...registration('h3', 3), lines: [], surname: 'x' });
    assert.equal(wrong.status, 422);
    assert.deepEqual(wrong.data.errors.map((item: { pointer: string }) => item.pointer).sort(), [
      '#/lines',
      '#/surname',
    ]);
    const unknown = await client.post('/v1/registrations', registration('h3', 3, { provider: 'NOBODY' }));
    assert.match(unknown.data.errors[0].detail, /AIS, TRUE/);
    assert.match(String(unknown.headers['content-type']), /application\/problem\+json/);
    assert.equal((await hub.client(hub.readKey).post('/v1/registrations', registration('h3', 3))).status, 403);
    assert.equal(
      (await hub.client(null).post('/v1/imports', 'x', { headers: { 'Content-Type': 'text/csv' } })).status,
      401,
    );
    assert.equal((await client.get('/v1/imports/999')).status, 404);
    assert.equal((await client.get('/v1/agencies')).data.agencies.length > 400, true);
  });

  test('a withdrawal takes a line off and answers without its number', async () => {
    await client.post('/v1/registrations', registration('h4', 4));
    const done = await client.post('/v1/withdrawals', { access: 'MB', number: number(4), reason: 'asked by letter' });
    assert.deepEqual([done.status, done.data.registrations], [200, 1]);
    assert.doesNotMatch(JSON.stringify(done.data), /11000004/);
    assert.equal((await client.post('/v1/registrations', registration('h4', 4))).data.lines[0].state, 'withdrawn');
    assert.equal((await client.post('/v1/withdrawals', { access: 'MB', number: '12' })).status, 422);
  });

  test('a file as raw body: looked at, started, undone, by the worker', async () => {
    const file = fileOf(2500, 100).replaceAll('DTAC', 'AIS').replaceAll('CAT', 'AIS').replaceAll('TOT', 'AIS');
    const dry = await ended(
      await client.post('/v1/imports?dryRun=true', file, { headers: { 'Content-Type': 'text/csv' } }),
    );
    assert.deepEqual([dry.state, dry.dryRun, dry.counts['created']], ['completed', true, 2500]);
    const real = await ended(await client.post(`/v1/imports/${String(dry['runId'])}/start`));
    assert.deepEqual([real.state, real.dryRun, real.counts['created']], ['completed', false, 2500]);
    const undone = await ended(await client.post(`/v1/imports/${String(dry['runId'])}/undo`));
    assert.equal(undone.state, 'undone');
    assert.equal((await client.post(`/v1/imports/${String(dry['runId'])}/stop`)).status, 409);
  });

  test('a file as part of a form; the rejected rows come back as a file', async () => {
    const form = new FormData();
    form.append(
      'file',
      new Blob([
        csv([
          { reference: 'f1', number: number(9000) },
          { reference: 'f2', number: '08' },
        ]),
      ]),
      'ทะเบียน.csv',
    );
    const run = await ended(await client.post('/v1/imports', form));
    assert.deepEqual([run.counts['created'], run.counts['rejected']], [1, 1]);
    const errors = await client.get(`/v1/imports/${String(run['runId'])}/errors.csv`);
    assert.equal(errors.status, 200);
    assert.match(errors.data, /f2,AIS,MB,08,/);
    const rejected = await client.get(`/v1/imports/${String(run['runId'])}/rejected`);
    assert.deepEqual([rejected.data.errors[0].row, rejected.data.errors[0].code], [3, 'PHONE_TOO_SHORT']);
    const returned = await client.get(`/v1/imports/${String(run['runId'])}/return.csv`);
    assert.match(returned.data, /G0001,f1,.*,AIS,\S+ \(\w+\)/);
    const empty = new FormData();
    empty.append('note', 'no file here');
    assert.equal((await client.post('/v1/imports', empty)).status, 422);
    assert.equal((await client.post('/v1/imports', '', { headers: { 'Content-Type': 'text/csv' } })).status, 422);
  });

  test('a stream of JSON lines becomes a run; other content is refused', async () => {
    const line = (n: number) =>
      JSON.stringify({
        agency: 'G0001',
        reference: `n${n}`,
        provider: 'TRUE',
        access: 'MB',
        number: number(9500 + n),
        validFrom: '2020-03-19',
        confirmation,
      });
    const body = Array.from({ length: 300 }, (_, n) => line(n)).join('\n');
    const run = await ended(
      await client.post('/v1/registrations/bulk', body, { headers: { 'Content-Type': 'application/x-ndjson' } }),
    );
    assert.deepEqual([run['source'], run.counts['created']], ['ndjson', 300]);
    assert.equal((await client.post('/v1/registrations/bulk', [])).status, 415);
    const list = await client.get('/v1/imports');
    assert.equal(list.data.imports[0].runId, run['runId']);
  });

  test('an upload that breaks off leaves nothing', async () => {
    const { port } = new URL(hub.url);
    const runs = async () => (await query<{ n: number }>(hub.source, 'SELECT count(*) AS n FROM import_run'))[0]!.n;
    const before = await runs();
    const upload = request({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/v1/imports',
      headers: { 'Content-Type': 'text/csv', Authorization: `Bearer ${hub.key}` },
    });
    upload.on('error', () => undefined);
    upload.write(Buffer.alloc(3 * 1024 * 1024, 'x'));
    while ((await runs()) === before) await sleep(10);
    upload.destroy();
    while ((await runs()) !== before) await sleep(10);
  });

  test('the dates are extended by a dry run that is then started', async () => {
    await client.post('/v1/registrations', registration('x1', 50, { validTo: '2091-01-31' }));
    const dry = await ended(await client.post('/v1/extensions', { endingOn: '2091-01-31', to: '2091-02-28' }));
    assert.deepEqual([dry.dryRun, dry.counts['amended']], [true, 1]);
    await ended(await client.post(`/v1/imports/${String(dry['runId'])}/start`));
    const { data } = await client.post('/v1/registrations/search', { agency: 'G0001', reference: 'x1' });
    assert.equal(data.registrations[0].validTo, '2091-02-28');
    assert.equal((await client.post('/v1/extensions', { endingOn: '2091-02-28', to: '2091-02-01' })).status, 422);
  });

  test('a roster needs its agency', async () => {
    const headers = { 'Content-Type': 'text/csv' };
    assert.equal((await client.post('/v1/imports?mode=roster', fileOf(1), { headers })).status, 422);
    const unknown = await client.post('/v1/imports?mode=roster&agency=กรมอุตุ', fileOf(1), { headers });
    assert.equal(unknown.status, 422);
    assert.match(unknown.data.detail, /กรมอุตุนิยมวิทยา/);
  });
});
