// Sealing by OpenPGP, both ways with GnuPG, and everything that must not be opened.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import * as openpgp from 'openpgp';
import { HAS_GPG, newGpg, NO_GPG, type Gpg } from '../../../test/support/gpg.js';
import { pgpSealing } from './pgp.js';
import { KeyNotUsable } from '#contracts';
import type { Sealing } from './sealing.js';

const NAME = 'TWAH_RES_TOT_ONDE_20200318_000042-1.csv';
const BYTES = Buffer.from('H|WAH|…\nT|0|…\n');
const MOST = 1_000_000;

interface Pair {
  privateKey: string;
  publicKey: string;
}
const pair = (email: string, date?: Date): Promise<Pair> =>
  openpgp.generateKey({ userIDs: [{ email }], format: 'armored', ...(date ? { date, keyExpirationTime: 60 } : {}) });
const sealingOf = (ours: Pair[], theirs: (Pair | { publicKey: string })[]): Sealing =>
  pgpSealing({ ours: () => ours.map((one) => one.privateKey), theirs: () => theirs.map((one) => one.publicKey) });

let hub: Pair;
let tot: Pair;
let stranger: Pair;
before(async () => {
  [hub, tot, stranger] = await Promise.all([
    pair('hub@example.invalid'),
    pair('tot@example.invalid'),
    pair('stranger@example.invalid'),
  ]);
});

describe('files by OpenPGP', () => {
  test('are opened by the other side, and never twice the same from outside', async () => {
    const [ours, theirs] = [sealingOf([hub], [tot]), sealingOf([tot], [hub])];
    const sealed = await ours.seal(NAME, BYTES);
    assert.ok(!sealed.includes(BYTES) && !sealed.equals(await ours.seal(NAME, BYTES)));
    assert.deepEqual(await theirs.open(NAME, sealed, MOST), BYTES);
  });

  test('are not opened when signed by another, not signed, for another, changed, cut, or under another name', async () => {
    const ours = sealingOf([hub], [tot]);
    const good = await sealingOf([tot], [hub]).seal(NAME, BYTES);
    const changed = Buffer.from(good);
    changed[changed.length - 10]! ^= 1;
    const unsigned = Buffer.from(
      await openpgp.encrypt({
        message: await openpgp.createMessage({ binary: BYTES, filename: NAME }),
        encryptionKeys: await openpgp.readKey({ armoredKey: hub.publicKey }),
        format: 'binary',
      }),
    );
    const cases: [string, Buffer, RegExp][] = [
      ['by a stranger', await sealingOf([stranger], [hub]).seal(NAME, BYTES), /cannot be opened/],
      ['not signed', unsigned, /cannot be opened/],
      ['for another', await sealingOf([tot], [stranger]).seal(NAME, BYTES), /cannot be opened/],
      ['changed', changed, /cannot be opened/],
      ['cut', good.subarray(0, good.length - 30), /cannot be opened/],
      ['plain', BYTES, /cannot be opened/],
      [
        'other name',
        await sealingOf([tot], [hub]).seal('TWAH_RES_TOT_ONDE_20200318_000043-1.csv', BYTES),
        /the name inside/,
      ],
      ['too large', await sealingOf([tot], [hub]).seal(NAME, Buffer.alloc(MOST + 1)), /at most 1000000 are read/],
    ];
    for (const [what, sealed, expected] of cases) await assert.rejects(ours.open(NAME, sealed, MOST), expected, what);
  });

  test('keys change over without a gap', async () => {
    const [newHub, newTot] = [await pair('hub2@example.invalid'), await pair('tot2@example.invalid')];
    const overlap = sealingOf([newHub, hub], [newTot, tot]);
    // Ours open for both of theirs, and theirs with either key are opened by both of ours.
    const sealed = await overlap.seal(NAME, BYTES);
    for (const theirs of [tot, newTot])
      assert.deepEqual(await sealingOf([theirs], [newHub]).open(NAME, sealed, MOST), BYTES);
    for (const theirs of [tot, newTot]) {
      for (const ours of [hub, newHub])
        assert.deepEqual(await overlap.open(NAME, await sealingOf([theirs], [ours]).seal(NAME, BYTES), MOST), BYTES);
    }
    await assert.rejects(
      sealingOf([newHub], [newTot]).open(NAME, await sealingOf([tot], [newHub]).seal(NAME, BYTES), MOST),
      /cannot be opened/,
    );
  });

  test('keys that are missing, broken or expired are said so, and not shown', async () => {
    const expired = await pair('old@example.invalid', new Date(Date.now() - 3_600_000));
    await assert.rejects(sealingOf([], [tot]).seal(NAME, BYTES), /our private PGP key is not in the vault/);
    await assert.rejects(
      sealingOf([hub], [{ publicKey: 'secret stuff' }]).seal(NAME, BYTES),
      (error: unknown) => error instanceof KeyNotUsable && !error.message.includes('stuff'),
    );
    await assert.rejects(sealingOf([hub], [expired]).seal(NAME, BYTES), KeyNotUsable);
  });
});

describe('GnuPG', { skip: HAS_GPG ? false : NO_GPG }, () => {
  let gpg: Gpg;
  before(() => {
    gpg = newGpg('tot@example.invalid');
    gpg.import(hub.publicKey);
  });
  after(() => gpg.stop());

  test('opens what the hub sealed', async () => {
    gpg.import(hub.publicKey);
    assert.deepEqual(gpg.open(await sealingOf([hub], [gpg]).seal(NAME, BYTES)), { bytes: BYTES, signed: true });
  });

  test('is opened by the hub, compressed as it likes; unsigned and bombs are not', async () => {
    const ours = sealingOf([hub], [gpg]);
    assert.deepEqual(await ours.open(NAME, gpg.seal(NAME, BYTES), MOST), BYTES);
    await assert.rejects(ours.open(NAME, gpg.seal(NAME, BYTES, { sign: false }), MOST), /cannot be opened/);
    const bomb = gpg.seal(NAME, Buffer.alloc(20 * MOST));
    assert.ok(bomb.length < MOST);
    await assert.rejects(ours.open(NAME, bomb, MOST), /cannot be opened/);
  });
});
