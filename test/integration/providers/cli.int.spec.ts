// The guide's commands on a running hub: dry run, add, confirm, test, show, set, switch.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { seedAgencies } from '#intake';
import { startSimulator, type Simulator } from '../../../apps/provider-sim/simulator.js';
import { startTestHub, type TestHub } from '../../support/hub.js';
import { ntProfile, OWN_SECRET, people, SECRET, type People } from './setup-kit.js';

const run = promisify(execFile);

describe('saphan provider', () => {
  let hub: TestHub;
  let who: People;
  let url: string;
  let folder: string;
  let nt: Simulator;
  let out = '';

  before(async () => {
    hub = await startTestHub({ providers: ['AIS'] });
    await seedAgencies(hub.source);
    url = await hub.serve();
    await hub.work();
    who = await people(hub, url);
    folder = mkdtempSync(path.join(tmpdir(), 'saphan-provider-'));
    nt = await startSimulator({
      providers: ['NT'],
      settings: { NT: { style: 'callback', hubSecrets: [SECRET], ownSecret: OWN_SECRET } },
      hub: url,
    });
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await nt.stop();
    await hub.close();
  });

  async function saphan(by: keyof People['keys'], ...args: string[]): Promise<{ code: number; out: string }> {
    const env = {
      ...process.env,
      SAPHAN_URL: url,
      SAPHAN_KEY: who.keys[by],
      LC_ALL: 'en_US.UTF-8',
      NT_SIGNING: SECRET,
    };
    const cli = path.resolve('dist/apps/cli/main.js');
    try {
      const { stdout, stderr } = await run(process.execPath, [cli, 'provider', ...args], { env, cwd: folder });
      out += stdout + stderr;
      return { code: 0, out: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      out += stdout + stderr;
      return { code, out: stdout + stderr };
    }
  }

  const file = (name: string, content: object): string => {
    writeFileSync(path.join(folder, name), JSON.stringify(content));
    return name;
  };

  test('add: a dry run first, secrets from file and environment, made ones into a folder', async () => {
    const profile = ntProfile(nt.get('NT').address.target ?? '', {
      acknowledgement: 'callback',
      secrets: { signing: ['nt.signing.1'], callback: ['nt.callback.1'], sshKey: null },
    });
    const broken = await saphan(
      'malee',
      'add',
      '--file',
      file('nt.json', { ...profile, maxLines: 0 }),
      '--reason',
      'NT is new',
      '--dry-run',
    );
    assert.equal(broken.code, 3);
    assert.match(broken.out, /maxLines: write the most lines in one batch/);
    file('nt.json', profile);
    const dry = await saphan(
      'malee',
      'add',
      '--file',
      'nt.json',
      '--reason',
      'NT is new',
      '--dry-run',
      '--secret-env',
      'nt.signing.1=NT_SIGNING',
    );
    assert.match(dry.out, /would be made: nt.callback.1/);
    const needs = await saphan(
      'malee',
      'add',
      '--file',
      'nt.json',
      '--reason',
      'NT is new',
      '--secret-env',
      'nt.signing.1=NT_SIGNING',
    );
    assert.equal(needs.code, 2);
    assert.match(needs.out, /Name a folder for them with --out/);
    writeFileSync(path.join(folder, 'callback.txt'), `${OWN_SECRET}\n`, { mode: 0o600 });
    const given = ['--secret-env', 'nt.signing.1=NT_SIGNING', '--secret-file', 'nt.callback.1=callback.txt'];
    const added = await saphan('malee', 'add', '--file', 'nt.json', '--reason', 'CAT and TOT became NT', ...given);
    assert.equal(added.code, 0, added.out);
    assert.match(added.out, /saphan provider confirm <code> 1/);
    assert.deepEqual(readdirSync(folder).sort(), ['callback.txt', 'nt.json']);
  });

  test('confirm by two, then the test passes step by step', async () => {
    const { data } = await who.reader.get('/v1/providers/NT/key-changes');
    const typed = data.changes[0].keys.flatMap((key: { fingerprint: string }) => ['--fingerprint', key.fingerprint]);
    const heard = ['--heard-from', 'Khun Anong, by telephone'];
    for (const by of ['malee', 'somsak'] as const) {
      const confirmed = await saphan(by, 'confirm', 'NT', '1', ...typed, ...heard);
      assert.equal(confirmed.code, 0, confirmed.out);
    }
    const tested = await saphan('malee', 'test', 'NT', '--reason', 'before going live');
    assert.equal(tested.code, 0, tested.out);
    assert.match(tested.out, /passed {2}add the test line: test line 1 of 1 was added/);
    assert.match(tested.out, /passed {2}remove the test line/);
    assert.equal(nt.get('NT').provider.applier.book.count, 0);
  });

  test('show, edit and set: the difference is shown, masked test lines stay what they are', async () => {
    const shown = await saphan('reader', '--json', 'show', 'NT');
    const given = JSON.parse(shown.out);
    assert.equal(given.profile.testLines[0].line, '+6680***9901');
    given.profile.maxLines = 250;
    file('edited.json', given);
    const dry = await saphan('malee', 'set', 'NT', '--file', 'edited.json', '--reason', 'smaller bodies', '--dry-run');
    assert.match(dry.out, /maxLines +5000 +250/);
    assert.doesNotMatch(dry.out, /testLines/);
    const set = await saphan('malee', 'set', 'NT', '--file', 'edited.json', '--reason', 'smaller bodies');
    assert.match(set.out, /^changed/);
    const stale = await saphan('malee', 'set', 'NT', '--file', 'edited.json', '--reason', 'again');
    assert.match(stale.out, /unchanged|changed meanwhile/);
    const again = await saphan('malee', 'test', 'NT', '--reason', 'after the change');
    assert.equal(again.code, 0, again.out);
    const listed = await saphan('reader', 'list');
    assert.match(listed.out, /NT/);
  });

  test('nothing secret was printed by any of it', () => {
    assert.doesNotMatch(out, /whsec_|66800009901/);
    assert.ok(readFileSync(path.join(folder, 'nt.json'), 'utf8').includes('nt.signing.1'));
  });
});
