// The provider's own side of PGP and Windows-874: what it opens, what it refuses, and the same number closed anew.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import iconv from 'iconv-lite';
import * as openpgp from 'openpgp';
import { sha256 } from '../book/book.js';
import { Provider } from '../provider.js';
import { addLines, batchFile } from '../sim-test-kit.js';
import { FileForm, type FileSettings } from './form.js';
import { Outbox } from './outbox.js';

describe('closed files in Windows-874', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sim-form-'));
  const provider = new Provider('CAT', 1, Date.now);
  let outbox: Outbox;
  let hub: FileForm;
  let settings: FileSettings;
  const inbound = (name: string): Buffer => readFileSync(join(folder, 'inbound', name));

  before(async () => {
    const pair = (email: string) => openpgp.generateKey({ userIDs: [{ email }], format: 'armored' });
    const [own, ours] = [await pair('sim@example.invalid'), await pair('hub@example.invalid')];
    settings = { charset: 'windows-874', pgp: { own: [own.privateKey], hub: [ours.publicKey] } };
    outbox = new Outbox(provider, folder, () => undefined, new FileForm(settings));
    hub = new FileForm({ charset: 'windows-874', pgp: { own: [ours.privateKey], hub: [own.publicKey] } });
  });
  after(() => {
    outbox.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Hands a file over as the hub does; the receipt's text. */
  async function handOver(name: string, closed: Buffer, batch: number): Promise<string> {
    writeFileSync(join(folder, 'outbound', `${name}.pgp`), closed);
    const about = { name: `${name}.pgp`, size: closed.length, sha256: sha256(closed), batch, part: 1, parts: 1 };
    writeFileSync(join(folder, 'outbound', `${name}.pgp.manifest.json`), JSON.stringify(about));
    outbox.finished(`${name}.pgp.manifest.json`);
    await outbox.idle();
    const answer = name.replace('SUB_ONDE_CAT', 'ACK_CAT_ONDE');
    return (await hub.open(answer, inbound(`${answer}.pgp`))).toString('latin1');
  }

  const thai = (batch: number, seq: number): { name: string; bytes: Buffer } => {
    const lines = addLines(seq, 2, seq).map((line) => ({ ...line, package: 'แพ็กเกจ' }));
    const { name, text } = batchFile('CAT', batch, lines);
    const body = iconv.encode(text.slice(0, text.lastIndexOf('T|')), 'windows-874');
    const trailer = Buffer.from(`T|2|ADD=2|REMOVE=0|sha256=${sha256(body)}\n`);
    return { name, bytes: Buffer.concat([body, trailer]) };
  };

  test('are opened, read, and answered in kind', async () => {
    const { name, bytes } = thai(1, 1);
    const closed = await hub.close(name, bytes);
    assert.equal(await handOver(name, closed, 1), `A|SUB|000001|ACCEPTED|2|${sha256(bytes)}\n`);
    assert.equal(provider.applier.book.get(provider.applier.book.sortedRefs()[0]!)?.package, 'แพ็กเกจ');
    assert.equal(await handOver(name, closed, 1), `A|SUB|000001|COPY|2|${sha256(bytes)}\n`);
    assert.deepEqual(provider.observer.state.violations, {});
  });

  test('the same content closed anew under its number is a breach', async () => {
    const { name, bytes } = thai(1, 1);
    assert.match(await handOver(name, await hub.close(name, bytes), 1), /COPY/);
    assert.deepEqual(provider.observer.state.violations, { sameNumberOtherBytes: 1 });
  });

  test('what does not open is refused with E108, and keys are read anew for each file', async () => {
    const { name, bytes } = thai(2, 3);
    const other = await openpgp.generateKey({ userIDs: [{ email: 'x@example.invalid' }], format: 'armored' });
    const right = settings.pgp!.hub;
    const closed = await hub.close(name, bytes);
    settings.pgp!.hub = [other.publicKey, ...right];
    assert.match(await handOver(name, await hub.close('another.csv', bytes), 2), /^A\|SUB\|000002\|REJECTED\|E108\|/);
    assert.match(await handOver(name, closed.subarray(0, 100), 2), /REJECTED\|E108\|/);
    assert.match(await handOver(name, closed, 2), /ACCEPTED/);
    assert.ok(readdirSync(join(folder, 'inbound')).every((one) => one.includes('.csv.pgp')));
  });
});
