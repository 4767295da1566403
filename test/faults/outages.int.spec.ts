// What else happens to a hub at work: PostgreSQL is gone for a while, disks are full, two hubs run by mistake on one database.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { newMasterKey, query } from '#platform';
import { EmbeddedPostgres } from '../../apps/standalone/embedded-postgres.js';
import { addressVariable } from '../support/postgres.js';
import { begun, delivered, freePort, pause, startFaultHub, until, type FaultHub } from './fault-hub.js';
import { Load } from './load.js';

/** Seconds for which PostgreSQL is away. */
const AWAY_S = process.env['SAPHAN_LONG'] ? 60 : 4;

describe(`PostgreSQL is gone for ${AWAY_S} s`, () => {
  let folder: string;
  let postgres: EmbeddedPostgres;
  let kit: FaultHub;
  let load: Load;
  const given = process.env[addressVariable];
  before(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'saphan-faults-'));
    chmodSync(folder, 0o711);
    const port = await freePort();
    postgres = await EmbeddedPostgres.start({ dataDir: path.join(folder, 'data'), port, keeping: 'durable' });
    process.env[addressVariable] = postgres.url();
    kit = await startFaultHub();
    load = new Load(kit);
    await kit.startApi();
  });
  after(async () => {
    await kit.close();
    await postgres.stop('immediate');
    if (given === undefined) delete process.env[addressVariable];
    else process.env[addressVariable] = given;
    rmSync(folder, { recursive: true, force: true });
  });

  for (const how of ['fast', 'immediate'] as const) {
    test(`stopped (${how}) and started again: api and worker go on by themselves`, async () => {
      const worker = kit.spawn('worker');
      await load.more(200);
      await begun(kit, (await delivered(kit)) + 10);
      const { port } = postgres;
      await postgres.stop(how);
      await pause(AWAY_S * 1000);
      const ready = await kit.onde.get('/health/ready', { validateStatus: () => true });
      assert.equal(ready.status, 503);
      postgres = await EmbeddedPostgres.start({ dataDir: path.join(folder, 'data'), port, keeping: 'durable' });
      await until(
        'the API is ready',
        async () => (await kit.onde.get('/health/ready', { validateStatus: () => true })).status === 200,
      );
      await load.more(60);
      await kit.settled();
      assert.equal(worker.child.exitCode, null, worker.said());
      await kit.assertAllWell();
      await kit.kill(worker);
    });
  }
});

describe('two hubs by mistake on one database', () => {
  let kit: FaultHub;
  let load: Load;
  before(async () => {
    kit = await startFaultHub();
    load = new Load(kit);
    await kit.startApi();
  });
  after(() => kit.close());

  test('with the same master key they are one hub: everything goes out once', async () => {
    const second = await freePort();
    const others = [
      kit.spawn('api', { SAPHAN_PORT: String(second), SAPHAN_PUBLIC_URL: `http://127.0.0.1:${second}` }),
      kit.spawn('worker', { SAPHAN_PUBLIC_URL: `http://127.0.0.1:${second}` }),
    ];
    const worker = kit.spawn('worker');
    for (let round = 1; round <= 4; round++) await load.more(60);
    await kit.settled();
    await kit.assertAllWell();
    for (const one of [...others, worker]) {
      assert.equal(one.child.exitCode, null, one.said());
      await kit.kill(one);
    }
  });

  for (const which of ['api', 'worker'] as const) {
    test(`with another master key the ${which} refuses to start, with words that say what to do`, async () => {
      const other = kit.spawn(which, { SAPHAN_MASTER_KEY: newMasterKey(), SAPHAN_PORT: '0' });
      assert.equal(await other.ended, 'exit code 1');
      assert.match(other.said(), /stored under another master key.*SAPHAN_MASTER_KEY.*DATABASE_URL/);
    });
  }
});

const cannotMount = ((): string | false => {
  if (process.platform !== 'linux') return 'a small disk is made with tmpfs, which is Linux’s';
  const probe = mkdtempSync(path.join(os.tmpdir(), 'saphan-mount-'));
  const made = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe]).status === 0;
  if (made) spawnSync('umount', [probe]);
  rmSync(probe, { recursive: true, force: true });
  return made ? false : 'a small disk cannot be mounted here; run as root with CAP_SYS_ADMIN';
})();

/** A disk of so many bytes. */
function smallDisk(bytes: number): { dir: string; fill(): void; free(): void; remove(): void } {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'saphan-disk-'));
  assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', dir]).status, 0);
  const filler = path.join(dir, 'filler');
  return {
    dir,
    fill() {
      for (let size = bytes; size >= 512; size = Math.floor(size / 2)) {
        try {
          writeFileSync(filler, Buffer.alloc(size), { flag: 'a' });
        } catch {
          // As much as fits is there.
        }
      }
    },
    free: () => rmSync(filler, { force: true }),
    remove() {
      spawnSync('umount', ['-l', dir]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

describe('the disk is full', { skip: cannotMount }, () => {
  test('here, while an import is read: it waits, and goes on by itself when there is room', async () => {
    const disk = smallDisk(128 * 1024);
    const kit = await startFaultHub();
    try {
      await kit.startApi();
      const load = new Load(kit);
      disk.fill();
      const worker = kit.spawn('worker', { TMPDIR: disk.dir });
      const run = await load.more(120);
      const state = async () =>
        (
          await query<{ state: string; done: number; released: boolean }>(
            kit.hub.source,
            `SELECT state, rows_done AS done, lease_owner IS NULL AND lease_until IS NOT NULL AS released FROM import_run WHERE run_id = $1`,
            [run],
          )
        )[0];
      await until(
        'the worker met the full disk and put the import back',
        async () => (await state())?.released === true,
        30,
      );
      assert.deepEqual([(await state())?.state, (await state())?.done], ['running', 0]);
      disk.free();
      await kit.settled();
      assert.equal((await state())?.state, 'completed');
      assert.equal(worker.child.exitCode, null, worker.said());
      await kit.assertAllWell();
    } finally {
      await kit.close();
      disk.remove();
    }
  });

  test('on the SFTP server, while files are written: nothing half is ever read, and all of it arrives', async () => {
    const disk = smallDisk(2 * 1024 * 1024);
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = disk.dir;
    // The other simulators keep their own things on this disk as well.
    const kit = await startFaultHub({ providers: ['CAT', 'TOT'] }).finally(() => {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    });
    try {
      await kit.startApi();
      const load = new Load(kit);
      const worker = kit.spawn('worker', { TMPDIR: before ?? os.tmpdir() });
      await load.more(60, ['CAT', 'TOT']);
      await kit.settled();
      disk.fill();
      await load.more(60, ['CAT', 'TOT']);
      await until('CAT failed because its disk is full', async () => {
        const rows = await query(
          kit.hub.source,
          `SELECT 1 FROM attempt JOIN provider USING (provider_id) WHERE code = 'CAT' AND result IN ('notSent', 'unclear', 'later')`,
        );
        return rows.length >= 2;
      });
      disk.free();
      await kit.settled();
      assert.equal(worker.child.exitCode, null, worker.said());
      await kit.assertAllWell();
    } finally {
      await kit.close();
      disk.remove();
    }
  });
});
