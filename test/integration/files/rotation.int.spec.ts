// The running hub, OpenSSH's server and GnuPG: files both ways, and keys that change over while files travel.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { referenceProfile, withEndpoint } from '#adapters';
import { bangkokDay, query, saveProvider, SecretStore, Vault } from '#platform';
import { HAS_GPG, newGpg, NO_GPG, type Gpg } from '../../support/gpg.js';
import { privatePgp, publicPgp } from '../../../apps/standalone/simulated-providers.js';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';
import { HAS_SSHD, opensshCounterpart, SSHD, type OpenSsh } from '../adapters/openssh.js';
import { put, results, sha256 } from './put.js';

const today = bangkokDay(new Date());
const stamp = today.replaceAll('-', '');
const missing = HAS_SSHD ? (HAS_GPG ? false : NO_GPG) : `${SSHD} is not here; apt-get install openssh-server`;

async function until(what: string, is: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await is())) {
    if (Date.now() > end) throw new Error(`not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

describe('keys of TOT change over', { skip: missing }, () => {
  let hub: TestHub;
  let server: OpenSsh;
  let old: Gpg;
  let fresh: Gpg;
  let secrets: SecretStore;
  const ours = { old: '', fresh: '' };
  const folder = (...names: string[]): string => join(server.root, ...names);

  before(async () => {
    server = await opensshCounterpart();
    old = newGpg('tot-old@example.invalid');
    fresh = newGpg('tot-new@example.invalid');
    hub = await startTestHub({ providers: ['TOT'] });
    [ours.old, ours.fresh] = [await privatePgp('hub-old'), await privatePgp('hub-new')];
    secrets = new SecretStore(hub.source, new Vault(hub.config.keys.master));
    await secrets.reload();
    for (const [name, value] of Object.entries({
      'tot.ssh.1': server.login.privateKey,
      'tot.pgp.ours.1': ours.old,
      'tot.pgp.ours.2': ours.fresh,
      'tot.pgp.theirs.1': old.publicKey,
      'tot.pgp.theirs.2': fresh.publicKey,
    }))
      await secrets.put(name, value, 1);
    old.import(await publicPgp(ours.old));
    await profile(['tot.pgp.ours.1'], ['tot.pgp.theirs.1']);
  });
  after(async () => {
    await hub.close();
    await server.stop();
    old.stop();
    fresh.stop();
  });

  /** Puts the profile with these keys in force, with a worker that has it. */
  async function profile(oursNow: string[], theirsNow: string[]): Promise<void> {
    const base = referenceProfile('TOT')!;
    const endpoint = { ...server.login.endpoint, pollMs: 200 };
    await saveProvider(
      hub.source,
      {
        ...withEndpoint(base, endpoint),
        deliveryWindows: [],
        proofOfLifeAt: null,
        retryScheduleS: [0.2, 0.5],
        secrets: { ...base.secrets, pgp: { ours: oursNow, theirs: theirsNow } },
      },
      1,
    );
    await hub.stopWorking();
    await hub.work();
  }

  const six = (number: number): string => String(number).padStart(6, '0');
  const sent = (number: number): string => folder('outbound', `TWAH_SUB_ONDE_TOT_${stamp}_${six(number)}.csv.pgp`);

  /** The provider's side by hand: opens with its own gpg, answers with receipt and outcomes closed by it. */
  async function serve(number: number, by: Gpg): Promise<{ signed: boolean }> {
    await until(`batch ${number} is there`, () => existsSync(`${sent(number)}.manifest.json`));
    const opened = by.open(readFileSync(sent(number)));
    const count = Number(/\nT\|(\d+)\|/.exec(opened.bytes.toString('latin1'))?.[1]);
    const [ack, res] = ['ACK', 'RES'].map((kind) => `TWAH_${kind}_TOT_ONDE_${stamp}_${six(number)}`) as [
      string,
      string,
    ];
    const receipt = Buffer.from(`A|SUB|${six(number)}|ACCEPTED|${count}|${sha256(opened.bytes)}\n`);
    const outcomes = Buffer.from(results('TOT', six(number), `default=APPLIED|first=1|last=${count}`));
    put(folder('inbound'), `${ack}.csv.pgp`, by.seal(`${ack}.csv`, receipt), number);
    put(folder('inbound'), `${res}-1.csv.pgp`, by.seal(`${res}-1.csv`, outcomes), number);
    const settled = async (): Promise<boolean> =>
      (await query<{ state: string }>(hub.source, 'SELECT state FROM batch WHERE number = $1', [number]))[0]?.state ===
      'settled';
    await until(`batch ${number} is settled`, settled);
    return { signed: opened.signed };
  }

  test('before: one key on each side, gpg opens what the hub wrote and the hub reads what gpg wrote', async () => {
    await registerLines(hub.source, 30, [1], today);
    assert.deepEqual(await serve(1, old), { signed: true });
  });

  test('overlap: two keys on each side, and every one of them works', async () => {
    await profile(['tot.pgp.ours.2', 'tot.pgp.ours.1'], ['tot.pgp.theirs.2', 'tot.pgp.theirs.1']);
    fresh.import(await publicPgp(ours.fresh));
    old.import(await publicPgp(ours.fresh));
    await registerLines(hub.source, 5, [1], today);
    // The provider has not changed over yet, and still can; then it has.
    await serve(2, old);
    await registerLines(hub.source, 5, [1], today);
    await serve(3, fresh);
  });

  test('a file closed before the change is resent as the very same bytes afterwards', async () => {
    await hub.stopWorking();
    await registerLines(hub.source, 4, [1], today);
    await hub.work();
    await until('batch 4 is there', () => existsSync(`${sent(4)}.manifest.json`));
    const before = sha256(readFileSync(sent(4)));
    await hub.stopWorking();
    // As after a hand-over whose end nobody saw, and an outbound/ that was cleaned.
    await query(hub.source, `UPDATE batch SET state = 'handed', accepted_at = NULL WHERE number = 4`);
    for (const name of readdirSync(folder('outbound')))
      if (name.includes('000004')) writeFileSync(folder('outbound', name), '');
    await profile(['tot.pgp.ours.2'], ['tot.pgp.theirs.2', 'tot.pgp.theirs.1']);
    await until(
      'it is there again',
      () => existsSync(sent(4)) && readFileSync(sent(4)).length > 0 && sha256(readFileSync(sent(4))) === before,
    );
    await serve(4, old);
  });

  test('after: the old keys are gone on both sides, and count for nothing', async () => {
    await profile(['tot.pgp.ours.2'], ['tot.pgp.theirs.2']);
    await registerLines(hub.source, 5, [1], today);
    await until('batch 5 is there', () => existsSync(`${sent(5)}.manifest.json`));
    assert.throws(() => old.open(readFileSync(sent(5))), /No secret key|decryption failed/);
    const name = `TWAH_RES_TOT_ONDE_${stamp}_000005-9.csv`;
    put(
      folder('inbound'),
      `${name}.pgp`,
      old.seal(name, Buffer.from(results('TOT', '000005', 'default=APPLIED|first=1|last=5'))),
      5,
    );
    await until('it is set aside', () => existsSync(folder('inbound', 'setaside', `${name}.pgp.reason.txt`)));
    assert.match(readFileSync(folder('inbound', 'setaside', `${name}.pgp.reason.txt`), 'utf8'), /cannot be opened/);
    await serve(5, fresh);
  });
});
