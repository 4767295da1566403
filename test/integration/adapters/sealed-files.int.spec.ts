// TOT: Windows-874 files, signed and encrypted, on OpenSSH's server; the provider's side is GnuPG.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as openpgp from 'openpgp';
import { referenceProfile } from '#adapters';
import type { IncomingAnswer, ProviderAdapter } from '#contracts';
import { each, seal, testLines, type TestBatch } from '../../../libs/adapters/conformance/batches.js';
import { HAS_GPG, newGpg, NO_GPG, type Gpg } from '../../support/gpg.js';
import { HAS_SSHD, opensshCounterpart, SSHD, type OpenSsh } from './openssh.js';

const tot = referenceProfile('TOT')!;
const calm = new AbortController().signal;
const missing = HAS_SSHD ? (HAS_GPG ? false : NO_GPG) : `${SSHD} is not here; apt-get install openssh-server`;
const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

describe('TOT on OpenSSH and GnuPG', { skip: missing }, () => {
  let server: OpenSsh;
  let gpg: Gpg;
  let adapter: ProviderAdapter;
  let made: TestBatch;
  const folder = (...names: string[]): string => join(server.root, ...names);

  before(async () => {
    server = await opensshCounterpart();
    gpg = newGpg('tot@example.invalid');
    const hub = await openpgp.generateKey({ userIDs: [{ email: 'hub@example.invalid' }], format: 'armored' });
    gpg.import(hub.publicKey);
    adapter = server.adapterFor(tot, { 'tot.pgp.ours.1': hub.privateKey, 'tot.pgp.theirs.1': gpg.publicKey });
    // Thai in the package's name, which is where text comes from outside.
    made = seal(
      adapter,
      42,
      testLines(50, 42, 'FB').map((line) => ({ ...line, package: 'แพ็กเกจ' })),
    );
  });
  after(async () => {
    await adapter.close();
    await server.stop();
    gpg.stop();
  });

  function put(name: string, bytes: Buffer): void {
    writeFileSync(folder('inbound', name), bytes);
    writeFileSync(
      folder('inbound', `${name}.manifest.json`),
      JSON.stringify({ name, size: bytes.length, sha256: sha256(bytes), batch: 42 }),
    );
  }
  async function collect(): Promise<IncomingAnswer[]> {
    const answers: IncomingAnswer[] = [];
    await adapter.collect!((answer) => Promise.resolve(void answers.push(answer)), calm);
    return answers;
  }

  test('the provider opens the file, and finds the very bytes that were sealed, in Windows-874', async () => {
    assert.equal((await adapter.handOver(made.batch, each(made.parts), calm)).result, 'accepted');
    const name = readdirSync(folder('outbound')).find((one) => one.endsWith('.csv.pgp'))!;
    assert.equal(name, 'TWAH_SUB_ONDE_TOT_20200319_000042.csv.pgp');
    const opened = gpg.open(readFileSync(folder('outbound', name)));
    assert.ok(opened.signed);
    assert.equal(sha256(opened.bytes), made.batch.sha256);
    // แ in code page 874.
    assert.ok(opened.bytes.includes(Buffer.from([0xe1, 0xbe])));
  });

  test('it is known again by what is inside, though sealing gives other bytes each time', async () => {
    assert.deepEqual(await adapter.handOver(made.batch, each(made.parts), calm), {
      result: 'known',
      sha256: made.batch.sha256,
      outcomes: null,
      status: null,
    });
    assert.deepEqual(await adapter.ask(made.batch, calm), { answer: 'has', sha256: made.batch.sha256, outcomes: null });
    assert.deepEqual(await adapter.highestNumber(41, calm), {
      said: 'number',
      number: 42,
      sha256: null,
      appliedSeq: null,
    });
  });

  test('sealed answers are read; the same one sealed anew is a copy', async () => {
    const ack = 'TWAH_ACK_TOT_ONDE_20200319_000042.csv';
    const res = 'TWAH_RES_TOT_ONDE_20200319_000042-1.csv';
    const body = 'H|WAH|1.0|RES|TOT|ONDE|000042|2020-03-19T01:21:02Z|default=APPLIED|first=1|last=50\n';
    const results = Buffer.from(`${body}T|0|sha256=${sha256(body)}\n`);
    put(`${ack}.pgp`, gpg.seal(ack, Buffer.from(`A|SUB|000042|ACCEPTED|50|${made.batch.sha256}\n`)));
    put(`${res}.pgp`, gpg.seal(res, results));
    assert.deepEqual(await collect(), [
      { provider: 'TOT', number: 42, receipt: 'accepted', outcomes: null, sha256: made.batch.sha256 },
      { provider: 'TOT', number: 42, receipt: null, outcomes: { default: 'applied', except: [], first: 1, last: 50 } },
    ]);
    put(`${res}.pgp`, gpg.seal(res, results));
    assert.deepEqual(await collect(), []);
    assert.ok(existsSync(folder('inbound', 'archive', `${res}.pgp`)) && !existsSync(folder('inbound', `${res}.pgp`)));
  });

  test('an answer that is not sealed, or not signed, is set aside unread', async () => {
    const name = 'TWAH_ACK_TOT_ONDE_20200319_000043.csv';
    const text = Buffer.from(`A|SUB|000043|ACCEPTED|2|${'a'.repeat(64)}\n`);
    put(name, text);
    writeFileSync(
      folder('inbound', `${name}.manifest.json`),
      JSON.stringify({ name, size: text.length, sha256: sha256(text), batch: 43 }),
    );
    assert.deepEqual(await collect(), []);
    assert.match(
      readFileSync(folder('inbound', 'setaside', `${name}.reason.txt`), 'utf8'),
      /not signed and encrypted; close it by PGP/,
    );
    const unsigned = gpg.seal(name, text, { sign: false });
    put(`${name}.pgp`, unsigned);
    writeFileSync(
      folder('inbound', `${name}.pgp.manifest.json`),
      JSON.stringify({ name: `${name}.pgp`, size: unsigned.length, sha256: sha256(unsigned), batch: 43 }),
    );
    assert.deepEqual(await collect(), []);
    assert.match(readFileSync(folder('inbound', 'setaside', `${name}.pgp.reason.txt`), 'utf8'), /cannot be opened/);
  });

  test('without a usable key nothing is sent, and a person is asked for', async () => {
    const poor = server.adapterFor(tot, { 'tot.pgp.ours.1': 'x', 'tot.pgp.theirs.1': gpg.publicKey });
    const other = seal(poor, 44, testLines(2, 44, 'FB'));
    const result = await poor.handOver(other.batch, each(other.parts), calm);
    await poor.close();
    assert.equal(result.result, 'forbidden');
    assert.match((result as { detail: string }).detail, /our private PGP key in the vault cannot be read/);
    assert.ok(!readdirSync(folder('outbound')).some((one) => one.includes('000044')));
  });
});
