// saphan destinations: a list from a file to a version and back, as a person and as a script see it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { createApiKey } from '#operations';
import { startTestHub, type TestHub } from '../../support/hub.js';

const run = promisify(execFile);
const SAMPLE = path.resolve('libs/destinations/data/sample/worldwide-2020022800.derived.json');

describe('saphan destinations', () => {
  let hub: TestHub;
  let url: string;
  const keys = { proposer: '', approver: '' };
  before(async () => {
    hub = await startTestHub({ providers: ['AIS'], signatureCheck: 'native' });
    url = await hub.serve();
    keys.proposer = (await createApiKey(hub.source, { name: 'cli: proposer', scopes: ['onde', 'ops.read'] }, 1)).key;
    keys.approver = (await createApiKey(hub.source, { name: 'cli: approver', scopes: ['approve', 'ops.read'] }, 1)).key;
    await hub.work();
  });
  after(() => hub.close());

  async function saphan(
    who: keyof typeof keys,
    args: string[],
    lang = 'en_US.UTF-8',
  ): Promise<{ code: number; out: string; err: string }> {
    const env = { ...process.env, SAPHAN_URL: url, SAPHAN_KEY: keys[who], LANG: lang, LC_ALL: lang };
    try {
      const { stdout, stderr } = await run(
        process.execPath,
        [path.resolve('dist/apps/cli/main.js'), 'destinations', ...args],
        { env },
      );
      return { code: 0, out: stdout, err: stderr };
    } catch (error) {
      const failed = error as { code: number; stdout: string; stderr: string };
      return { code: failed.code, out: failed.stdout, err: failed.stderr };
    }
  }

  test('import, propose, approve, publish, status, diff, rollback', async () => {
    const imported = await saphan('proposer', ['import', SAMPLE, '--list-version', '2020022800', '--reason', 'a test']);
    assert.match(imported.out, /imported: #1 microsoft 2020022800, \d+ values/, imported.err);
    const proposed = await saphan('proposer', ['propose', '--reason', 'a test', '--json']);
    const { draftId, contentSha256 } = JSON.parse(proposed.out) as { draftId: number; contentSha256: string };
    const thai = await saphan('approver', ['diff', String(draftId)], 'th_TH.UTF-8');
    assert.match(thai.out, /ไม่อนุญาต:[^]*aka\.ms: เปลี่ยนเส้นทาง/);
    assert.match(thai.out, /\+ teams 52\.112\.0\.0\/14/);
    const own = await saphan('proposer', [
      'approve',
      String(draftId),
      '--content',
      contentSha256,
      '--reason',
      'me too',
    ]);
    assert.equal(own.code, 3, 'the hub refuses it');
    assert.match(own.err, /scope/);
    const early = await saphan('proposer', ['publish', String(draftId), '--reason', 'as agreed']);
    assert.match(early.err, /not approved/);
    const approved = await saphan('approver', [
      'approve',
      String(draftId),
      '--content',
      contentSha256,
      '--reason',
      'looked at it',
    ]);
    assert.equal(approved.out.trim(), 'approved', approved.err);
    const published = await saphan('proposer', ['publish', String(draftId), '--reason', 'as agreed']);
    const version = /published (\d{10})/.exec(published.out)?.[1] ?? '';
    assert.ok(version, published.err);
    const end = Date.now() + 20_000;
    let status = '';
    while (!/AIS +event +\d+ +acknowledged/.test(status)) {
      if (Date.now() > end) throw new Error(status);
      status = (await saphan('proposer', ['status'])).out;
    }
    assert.match((await saphan('proposer', ['list'])).out, new RegExp(`${version} +inForce`));
    assert.match((await saphan('proposer', ['diff', version])).out, /-: \+\d+ -0/);
    assert.match((await saphan('proposer', ['rollback', version, '--reason', 'a test'])).out, /Draft #2 \(proposed\)/);
    const wrong = await saphan('proposer', ['publish', '../keys', '--reason', 'a test']);
    assert.equal(wrong.code, 2);
  });
});
