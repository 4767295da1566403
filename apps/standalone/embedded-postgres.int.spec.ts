// The embedded PostgreSQL with real processes: made, kept, killed, its port and folder taken.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { EmbeddedPostgres } from './embedded-postgres.js';
import { readPostmaster } from './embedded-postgres-process.js';

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('the embedded PostgreSQL', () => {
  let folder: string;
  let dataDir: string;

  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'saphan-embedded-'));
    chmodSync(folder, 0o711);
    dataDir = path.join(folder, 'data');
  });
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

  test('makes a cluster, and keeps its rows over a stop', async () => {
    const first = await EmbeddedPostgres.start({ dataDir, keeping: 'durable' });
    assert.equal(first.found, 'new');
    await query(first.url(), 'CREATE TABLE kept AS SELECT 1 AS n');
    await first.stop();
    const second = await EmbeddedPostgres.start({ dataDir, keeping: 'durable' });
    assert.equal(second.found, 'stopped');
    assert.deepEqual(await query(second.url(), 'SELECT n FROM kept'), [{ n: 1 }]);
    await second.stop();
  });

  test('is UTF-8, sorts by bytes, and asks for the password', async () => {
    const server = await EmbeddedPostgres.start({ dataDir, keeping: 'durable' });
    const sql = `SELECT pg_encoding_to_char(encoding) AS encoding, datcollate AS sort FROM pg_database WHERE datname = 'postgres'`;
    assert.deepEqual(await query(server.url(), sql), [{ encoding: 'UTF8', sort: 'C' }]);
    const wrong = new URL(server.url());
    wrong.password = 'guessed';
    await assert.rejects(query(wrong.href, 'SELECT 1'), /password authentication failed/);
    await server.stop();
  });

  test('refuses a folder that a living process uses, and says which process', async () => {
    const server = await EmbeddedPostgres.start({ dataDir, keeping: 'durable' });
    await assert.rejects(EmbeddedPostgres.start({ dataDir, keeping: 'durable' }), new RegExp(`process ${process.pid}`));
    assert.equal(
      (await query(server.url(), 'SELECT 1')).length,
      1,
      'the refused start must not touch the running server',
    );
    await server.stop();
  });

  test('takes over from an owner that was killed and left its server running', async () => {
    const code = `
      const { EmbeddedPostgres } = await import(${JSON.stringify(new URL('embedded-postgres.js', import.meta.url).href)});
      const server = await EmbeddedPostgres.start({ dataDir: ${JSON.stringify(dataDir)}, keeping: 'durable' });
      const { default: pg } = await import('pg');
      const client = new pg.Client({ connectionString: server.url() });
      await client.connect();
      await client.query('CREATE TABLE committed AS SELECT 7 AS n');
      console.log('committed');
      setInterval(() => undefined, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said = await new Promise((resolve) => owner.stdout.once('data', (data) => resolve(String(data).trim())));
    assert.equal(said, 'committed');
    const left = readPostmaster(dataDir);
    const ended = new Promise((resolve) => owner.once('exit', resolve));
    owner.kill('SIGKILL');
    await ended;
    assert.equal(readPostmaster(dataDir)?.pid, left?.pid, 'the server outlives its killed owner');
    const server = await EmbeddedPostgres.start({ dataDir, keeping: 'durable' });
    assert.equal(server.found, 'recovered');
    assert.notEqual(readPostmaster(dataDir)?.pid, left?.pid);
    assert.deepEqual(await query(server.url(), 'SELECT n FROM committed'), [{ n: 7 }]);
    await server.stop();
  });

  test('starts although a pid file names a process that is now somebody else', async () => {
    const stale = [process.pid, dataDir, '1', '5432', '', '127.0.0.1', '', 'ready'].join('\n');
    writeFileSync(path.join(dataDir, 'postmaster.pid'), `${stale}\n`);
    const server = await EmbeddedPostgres.start({ dataDir, keeping: 'durable' });
    assert.equal((await query(server.url(), 'SELECT 1')).length, 1);
    await server.stop();
  });

  test('says that the port is taken, or takes another when told to', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await assert.rejects(
      EmbeddedPostgres.start({ dataDir, keeping: 'durable', port }),
      new RegExp(`Port ${port} .* taken`),
    );
    const server = await EmbeddedPostgres.start({ dataDir, keeping: 'durable', port, ifPortTaken: 'another' });
    assert.notEqual(server.port, port);
    assert.equal((await query(server.url(), 'SELECT 1')).length, 1);
    await server.stop();
    await new Promise((resolve) => other.close(resolve));
  });

  test('leaves a folder alone that is not its own, or of another version', async () => {
    const foreign = path.join(folder, 'foreign');
    mkdirSync(foreign);
    writeFileSync(path.join(foreign, 'letter.txt'), 'dear');
    await assert.rejects(EmbeddedPostgres.start({ dataDir: foreign, keeping: 'durable' }), /no PostgreSQL data folder/);
    assert.equal(readFileSync(path.join(foreign, 'letter.txt'), 'utf8'), 'dear');
    const version = path.join(dataDir, 'PG_VERSION');
    const real = readFileSync(version);
    writeFileSync(version, '17\n');
    await assert.rejects(EmbeddedPostgres.start({ dataDir, keeping: 'durable' }), /PostgreSQL 17/);
    writeFileSync(version, real);
  });

  test('keeps what people wrote out of the server log', async () => {
    const server = await EmbeddedPostgres.start({ dataDir, keeping: 'durable' });
    await query(server.url(), 'CREATE TABLE once (line text PRIMARY KEY)');
    await query(server.url(), `INSERT INTO once VALUES ('+66812345678')`);
    await assert.rejects(query(server.url(), `INSERT INTO once VALUES ('+66812345678')`), /duplicate key/);
    await server.stop();
    const log = readFileSync(path.join(dataDir, 'saphan.log'), 'utf8');
    assert.match(log, /duplicate key/);
    assert.doesNotMatch(log, /66812345678/);
  });
});
