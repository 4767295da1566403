// Keys change over with both in use, after two people have heard the fingerprint; nothing secret is ever shown.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { generateKey } from 'openpgp';
import type { SftpTransport } from '#contracts';
import { seedAgencies } from '#intake';
import { query } from '#platform';
import { startSimulator } from '../../../apps/provider-sim/simulator.js';
import { newAuthority } from '../../support/certificates.js';
import { startTestHub, type TestHub } from '../../support/hub.js';
import { confirmByTwo, people, registerOver, until, type People } from './setup-kit.js';

const run = promisify(execFile);

describe('keys of providers', () => {
  let hub: TestHub;
  let url: string;
  let who: People;
  let folder: string;
  const later: (() => Promise<void>)[] = [];

  before(async () => {
    hub = await startTestHub({ providers: ['AIS', 'CAT'] });
    await seedAgencies(hub.source);
    url = await hub.serve();
    await hub.work();
    who = await people(hub, url);
    folder = mkdtempSync(path.join(tmpdir(), 'saphan-keys-'));
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    for (const end of later) await end();
    await hub.close();
  });

  /** The command line as its own process. */
  async function saphan(key: string, ...args: string[]): Promise<{ code: number; out: string }> {
    const env = { ...process.env, SAPHAN_URL: url, SAPHAN_KEY: key, LANG: 'en_US.UTF-8', LC_ALL: '' };
    const cli = path.resolve('dist/apps/cli/main.js');
    try {
      const { stdout, stderr } = await run(process.execPath, [cli, ...args], { env });
      return { code: 0, out: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, out: stdout + stderr };
    }
  }

  const propose = (code: string, body: object) =>
    who.malee.post(`/v1/providers/${code}/key-changes`, { reason: 'the yearly change', ...body });
  const keysOf = async (code: string): Promise<{ purpose: string; name: string; fingerprint: string }[]> =>
    (await who.reader.get(`/v1/providers/${code}/profile`)).data.keys;
  const acts = (act: string) => query<{ detail: object }>(hub.source, 'SELECT detail FROM audit WHERE act = $1', [act]);

  test('a signing secret is rotated by the command line: written to a file, never printed, used by both, then retired', async () => {
    const { malee, somsak } = who.keys;
    const without = await saphan(malee, 'provider', 'rotate', 'AIS', '--key', 'signing', '--reason', 'yearly');
    assert.equal(without.code, 2);
    assert.match(without.out, /never printed: name a folder for it with --out/);
    const made = await saphan(
      malee,
      ...['--json', 'provider', 'rotate', 'AIS', '--key', 'signing', '--reason', 'yearly', '--out', folder],
    );
    assert.equal(made.code, 0, made.out);
    assert.doesNotMatch(made.out, /whsec_/);
    const { changeId, key, give } = JSON.parse(made.out);
    assert.equal(key.name, 'ais.signing.2');
    const secret = readFileSync(give.file, 'utf8').trim();
    assert.match(secret, /^whsec_/);
    assert.equal(statSync(give.file).mode & 0o777, 0o600);

    const heard = ['--heard-from', 'Khun Noi, AIS, by telephone'];
    const confirm = (by: string, fingerprint: string) =>
      saphan(by, 'provider', 'confirm', 'AIS', String(changeId), '--fingerprint', fingerprint, ...heard);
    const first = await confirm(malee, key.fingerprint.toLowerCase().replaceAll(' ', ''));
    assert.match(first.out, /a second person has to confirm/);
    const twice = await confirm(malee, key.fingerprint);
    assert.equal(twice.code, 3);
    assert.match(twice.out, /You have confirmed this change/);
    assert.deepEqual(
      (await keysOf('AIS')).filter((one) => one.purpose === 'signing').map((one) => one.name),
      ['ais.signing.1'],
      'not used before the second',
    );
    const second = await confirm(somsak, key.fingerprint);
    assert.match(second.out, /confirmed by two people; the key is in use/);

    // A system of the provider that takes the new secret only: messages carry both signatures.
    const fresh = await startSimulator({ providers: ['AIS'], settings: { AIS: { hubSecrets: [secret] } } });
    later.push(() => fresh.stop());
    const { version, profile } = (await who.reader.get('/v1/providers/AIS/profile')).data;
    const moved = { ...profile, transport: { ...profile.transport, target: fresh.get('AIS').address.target } };
    const put = await who.malee.put('/v1/providers/AIS/profile', { profile: moved, version, reason: 'its new system' });
    assert.deepEqual(
      put.data.differences.map((one: { field: string }) => one.field),
      ['transport.target'],
    );
    const held = (): number => fresh.get('AIS').provider.applier.book.count;
    await registerOver(who.malee, 'K-1', [{ provider: 'AIS', number: '0800000301' }]);
    await hub.settled();
    assert.equal(held(), 1);

    const retired = await saphan(
      malee,
      'provider',
      'retire',
      'AIS',
      '--name',
      'ais.signing.1',
      '--reason',
      'changed over',
    );
    assert.match(retired.out, /retired/);
    const last = await saphan(malee, 'provider', 'retire', 'AIS', '--name', 'ais.signing.2', '--reason', 'oops');
    assert.match(last.out, /only one of its kind/);
    await registerOver(who.malee, 'K-2', [{ provider: 'AIS', number: '0800000302' }]);
    await hub.settled();
    assert.equal(held(), 2);
    const shown = await saphan(who.keys.reader, 'provider', 'show', 'AIS');
    assert.match(shown.out, /ais\.signing\.2/);
    assert.doesNotMatch(shown.out, /whsec_|ais\.signing\.1/);
    const listed = await saphan(who.keys.reader, 'provider', 'keys', 'AIS');
    assert.match(listed.out, /confirmed .*malee.*somsak/);
  });

  test('a fingerprint that differs confirms nothing and is recorded; a cancelled or late change is never used', async () => {
    const stranger = `SHA256:${'s'.repeat(43)}`;
    const { data } = await propose('CAT', { purpose: 'hostKey', key: `SHA256:${'n'.repeat(43)}` });
    const states = await confirmByTwo(who, 'CAT', data.changeId, [stranger]);
    assert.ok(states.every((state) => /fingerprint-differs/.test(state)));
    assert.equal((await acts('key.misread')).length, 2);
    const again = await propose('CAT', { purpose: 'hostKey', key: stranger });
    assert.equal(again.data.type, 'urn:saphan:problem:key-change-pending');
    const cancelled = await who.somsak.post(`/v1/providers/CAT/key-changes/${data.changeId}/cancel`, {
      reason: 'another was heard',
    });
    assert.equal(cancelled.data.result, 'cancelled');
    const late = await propose('CAT', { purpose: 'hostKey', key: stranger });
    await query(hub.source, `UPDATE key_change SET expires_at = now() - interval '1 second' WHERE change_id = $1`, [
      late.data.changeId,
    ]);
    assert.match((await confirmByTwo(who, 'CAT', late.data.changeId, [stranger])).join(), /It is expired/);
    const hostKeys = (await keysOf('CAT')).filter((key) => key.purpose === 'hostKey');
    assert.equal(hostKeys.length, 1);
    const kept = await query(
      hub.source,
      `SELECT 1 FROM key_change WHERE state <> 'pending' AND ciphertext IS NOT NULL`,
    );
    assert.deepEqual(kept, [], 'an ended change keeps no secret');
  });

  test('an SSH key and a host key change over while files go on', async () => {
    const { data: ssh } = await propose('CAT', { purpose: 'sshKey' });
    assert.match(ssh.give.text, /^ssh-ed25519 /);
    assert.match(ssh.key.fingerprint, /^SHA256:/);
    assert.equal(ssh.give.secret, false);
    await confirmByTwo(who, 'CAT', ssh.changeId, [ssh.key.fingerprint]);
    const named = (await keysOf('CAT')).filter((key) => key.purpose === 'sshKey');
    assert.deepEqual(
      named.map((key) => [key.name, key.fingerprint]),
      [[ssh.key.name, ssh.key.fingerprint]],
    );
    // The simulator knows the first key only, so signing in now needs a person: the switch really took place.
    await registerOver(who.malee, 'K-3', [{ provider: 'CAT', number: '0800000303' }]);
    const stopped = await until('CAT is stopped', async () => (await who.reader.get('/v1/providers/CAT')).data.paused);
    assert.match(stopped.reason, /does not accept the key/);
  });

  test('PGP keys, certificates, API keys: fingerprints as people know them, and words for what cannot be used', async () => {
    const theirs = await generateKey({ userIDs: [{ name: 'cat' }], format: 'armored' });
    const pgp = await propose('CAT', { purpose: 'pgpTheirs', key: theirs.publicKey });
    assert.match(pgp.data.key.fingerprint, /^([0-9A-F]{4} ){9}[0-9A-F]{4}$/);
    const authority = await newAuthority();
    const { certificate, key } = await authority.issue('saphan', 'client');
    const tls = await propose('AIS', { purpose: 'tls', key: certificate, privateKey: key });
    assert.match(tls.data.key.fingerprint, /^([0-9A-F]{2}:){31}/);
    const wrong: [object, RegExp][] = [
      [{ purpose: 'pgpTheirs', key: theirs.privateKey }, /this is a private key/],
      [{ purpose: 'tls', key: certificate, privateKey: 'x' }, /private key cannot be read/],
      [{ purpose: 'authority', key: 'x' }, /no certificate in PEM/],
      [{ purpose: 'apiKey', key: 'short' }, /at least 16 characters/],
      [{ purpose: 'apiKey' }, /given; give it from a file|give it from a file/],
      [{ purpose: 'hostKey', key: 'MD5:aa' }, /as ssh-keygen -lf shows it/],
      [{ purpose: 'signing', key: 'whsec_short' }, /secret/],
    ];
    for (const [body, words] of wrong) {
      const answer = await propose('AIS', body);
      assert.equal(answer.status, 422, JSON.stringify(answer.data));
      assert.match(answer.data.detail, words);
      assert.doesNotMatch(JSON.stringify(answer.data), /PRIVATE KEY|whsec_short/);
    }
  });

  test('who may: reading shows, acting proposes, approving confirms; a provider’s own key does none of it', async () => {
    const body = { purpose: 'callback', reason: 'yearly' };
    assert.equal((await who.reader.post('/v1/providers/AIS/key-changes', body)).status, 403);
    assert.equal((await who.somsak.post('/v1/providers/AIS/key-changes', body)).status, 403);
    assert.equal(
      (
        await who.reader.post('/v1/providers/AIS/key-changes/1/confirm', {
          fingerprints: ['x'.repeat(20)],
          heardFrom: 'me',
        })
      ).status,
      403,
    );
  });

  test('no secret stands in the audit, in answers, or in clear in the database', async () => {
    const rows = await query<{ text: string }>(
      hub.source,
      `SELECT string_agg(t, ' ') AS text FROM (SELECT to_jsonb(audit)::text AS t FROM audit
       UNION ALL SELECT to_jsonb(key_change)::text FROM key_change UNION ALL SELECT to_jsonb(provider)::text FROM provider) all_rows`,
    );
    assert.doesNotMatch(rows[0]?.text ?? '', /whsec_|PRIVATE KEY/);
    const cat = (await who.reader.get('/v1/providers/CAT/profile')).data;
    assert.doesNotMatch(JSON.stringify(cat), /PRIVATE KEY|PUBLIC KEY/);
    assert.ok((cat.profile.transport as SftpTransport).hostKeys.length === 1);
    writeFileSync(path.join(folder, 'odd.json'), '{ "code": ');
    const odd = await saphan(
      who.keys.malee,
      'provider',
      'add',
      '--file',
      path.join(folder, 'odd.json'),
      '--reason',
      'try',
    );
    assert.deepEqual([odd.code, /holds no JSON object/.test(odd.out)], [2, true]);
  });
});
