// The command line against a real hub: what it prints, and how it ends.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startProvider, until, type ProviderDouble } from '../api/testing/provider-double.js';
import { startApi, type StartedApi } from '../api/testing/started-api.js';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

interface Ended {
  code: number;
  out: string;
  err: string;
}

describe('saphan', () => {
  let hub: StartedApi;
  let ais: ProviderDouble;
  let folder: string;

  function saphan(
    args: string[],
    env: Record<string, string> = { SAPHAN_URL: hub.url, SAPHAN_KEY: hub.key },
  ): Promise<Ended> {
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [MAIN, ...args],
        { cwd: folder, env: { PATH: process.env['PATH'], LANG: 'en_US.UTF-8', ...env } },
        (error, out, err) => {
          resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
        },
      );
    });
  }

  before(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'saphan-cli-'));
    ais = await startProvider('response', ({ line }) =>
      line.endsWith('02') ? { outcome: 'rejected', code: 'PORTED_OUT' } : null,
    );
    hub = await startApi({ AIS: ais.target });
    const answer = await hub.client().post('/v1/registrations', {
      agency: 'G0001',
      reference: 'R-1',
      confirmation: { confirmedAt: '2020-03-18T10:00:00+07:00', confirmedBy: 'head', document: 'D 1' },
      lines: ['0812345601', '0812345602'].map((number) => ({
        provider: 'AIS',
        access: 'MB',
        number,
        validFrom: '2020-03-19',
      })),
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.data));
    await until(
      async () => (await hub.client().get('/v1/providers/AIS')).data,
      (each) => each.present.applied === 1 && each.present.rejected === 1,
    );
  });
  after(async () => {
    await hub.close();
    await ais.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('status is a table for people and JSON for scripts', async () => {
    const shown = await saphan(['status']);
    assert.equal(shown.code, 0, shown.err);
    assert.match(shown.out, /provider +lines +applied/);
    assert.match(shown.out, /AIS +2 +1 /);
    const { providers } = JSON.parse((await saphan(['status', '--json'])).out) as {
      providers: { provider: string; present: { rejected: number } }[];
    };
    assert.equal(providers.find((each) => each.provider === 'AIS')?.present.rejected, 1);
  });

  test('show tells the story in the person’s language, with the number masked', async () => {
    const en = await saphan(['show', '0812345602']);
    assert.equal(en.code, 0, en.err);
    assert.match(
      en.out,
      /\+6681\*\*\*5602 \(MB\) {2}AIS rejected it: the line has moved to another provider; ONDE must look into it\./,
    );
    assert.doesNotMatch(en.out, /12345602/);
    const th = await saphan(['show', '0812345602'], { SAPHAN_URL: hub.url, SAPHAN_KEY: hub.key, LANG: 'th_TH.UTF-8' });
    assert.match(th.out, /เอไอเอส ไม่รับ/);
    assert.equal((await saphan(['show', '0899999999'])).code, 1);
    const unreadable = await saphan(['show', '12']);
    assert.equal(unreadable.code, 3);
  });

  test('pause, resume and sync end as they should', async () => {
    assert.match((await saphan(['pause', 'AIS', '--reason', 'they asked'])).out, /AIS: paused/);
    assert.match((await saphan(['status'])).out, /paused by .*: they asked/);
    assert.match((await saphan(['resume', 'AIS', '--reason', 'back again'])).out, /AIS: resumed/);
    const preview = await saphan([
      'sync',
      '--kind',
      'full',
      '--providers',
      'ais',
      '--reason',
      'weekly',
      '--dry-run',
      '--json',
    ]);
    assert.deepEqual(
      (JSON.parse(preview.out) as { providers: { lines: number }[] }).providers.map((part) => part.lines),
      [2],
    );
    const done = await saphan(['sync', '--kind', 'full', '--providers', 'AIS', '--reason', 'weekly']);
    assert.equal(done.code, 0, done.err);
    assert.match(done.out, /AIS +2 +2 +completed/);
  });

  test('what was set aside is shown by reason, with what to do, in the person’s language', async () => {
    assert.match((await saphan(['set-aside', 'list'])).out, /Nothing was set aside/);
    const headers = { 'content-type': 'application/cloudevents+json' };
    await hub.client(null).post('/v1/providers/TRUE/acknowledgements', '{}', { headers });
    const en = await saphan(['set-aside', 'list', '--provider', 'TRUE']);
    assert.equal(en.code, 0, en.err);
    assert.match(en.out, /TRUE +unsigned +1 +1 .*webhook-timestamp and webhook-signature/);
    const env = { SAPHAN_URL: hub.url, SAPHAN_KEY: hub.key, LANG: 'th_TH.UTF-8' };
    assert.match((await saphan(['set-aside', 'list'], env)).out, /ทุกครั้ง/);
    const none = await saphan(['set-aside', 'list', '--reason', 'shifted', '--json']);
    assert.deepEqual(JSON.parse(none.out), { groups: [], rows: [], next: null });
    assert.equal((await saphan(['set-aside', 'list', '--reason', 'odd'])).code, 3);
  });

  test('keys are made, used, listed and revoked', async () => {
    const made = JSON.parse((await saphan(['key', 'create', 'night watch', '--scopes', 'ops.read', '--json'])).out) as {
      keyId: string;
      key: string;
    };
    assert.equal((await saphan(['status'], { SAPHAN_URL: hub.url, SAPHAN_KEY: made.key })).code, 0);
    assert.equal(
      (await saphan(['pause', 'AIS', '--reason', 'no right'], { SAPHAN_URL: hub.url, SAPHAN_KEY: made.key })).code,
      3,
    );
    assert.match((await saphan(['key', 'list'])).out, /night watch +ops\.read/);
    assert.match((await saphan(['key', 'revoke', made.keyId, '--reason', 'test is over'])).out, /revoked/);
  });

  test('a sample is written, imported with its bad rows given back, and imported again without a change', async () => {
    const sample = await saphan([
      'sample',
      '--lines',
      '200',
      '--seed',
      '7',
      '--mess',
      '0.2',
      '--out',
      's.csv',
      '--json',
    ]);
    assert.equal(sample.code, 0, sample.err);
    const { expected } = JSON.parse(sample.out) as { expected: { accepted: number; rejected: number } };
    const first = await saphan(['import', 's.csv', '--errors', 'errors.csv', '--json']);
    assert.equal(first.code, 0, first.err + first.out);
    const { counts } = JSON.parse(first.out) as { counts: Record<string, number> };
    assert.equal(counts['rows'], 200);
    assert.ok((counts['rejected'] ?? 0) >= expected.rejected);
    assert.ok(readFileSync(path.join(folder, 'errors.csv'), 'utf8').split('\n').length > expected.rejected);
    const { runId } = JSON.parse(first.out) as { runId: number };
    const returned = await hub.client().get(`/v1/imports/${runId}/return.csv`);
    assert.equal(returned.status, 200);
    // TRUE has nobody at its address: its rows wait, in words that the agency can read.
    assert.match(returned.data, /,TRUE,[^\n]*(?:in flight|pending)/);
    const again = JSON.parse((await saphan(['import', 's.csv', '--json'])).out) as { counts: Record<string, number> };
    assert.equal(again.counts['created'], 0);
  });

  test('the exit code says what went wrong', async () => {
    assert.equal((await saphan(['status', '--odd'])).code, 2);
    assert.equal((await saphan(['import', 'nowhere.csv'])).code, 2);
    assert.equal((await saphan(['--help'])).code, 0);
    const away = await saphan(['status', '--json'], { SAPHAN_URL: 'http://127.0.0.1:9', SAPHAN_KEY: hub.key });
    assert.equal(away.code, 4);
    assert.equal((JSON.parse(away.out) as { exitCode: number }).exitCode, 4);
    assert.equal((await saphan(['status'], { SAPHAN_URL: hub.url, SAPHAN_KEY: 'sk_wrong' })).code, 3);
  });

  test('address and key are found in the standalone’s file', async () => {
    writeFileSync(path.join(folder, 'cli.json'), JSON.stringify({ url: hub.url, key: hub.key }));
    assert.equal((await saphan(['status'], { SAPHAN_DATA: folder })).code, 0);
  });

  test('the doctor says what is wrong and what to do', async () => {
    const well = await saphan(['doctor', '--json']);
    assert.equal(well.code, 0, well.out);
    const ill = await saphan(['doctor'], { SAPHAN_URL: 'http://127.0.0.1:9' });
    assert.equal(ill.code, 1);
    assert.match(ill.out, /hub +wrong .*Start it with npm start/);
  });
});
