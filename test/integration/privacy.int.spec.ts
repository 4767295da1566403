// No line's number is in a log line, a job, an attempt, a reason, the audit, a metric or a file name, even when much goes wrong.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import axios from 'axios';
import { bangkokDay, query } from '#platform';
import { registerLines, startTestHub, type TestHub } from '../support/hub.js';

const today = bangkokDay(new Date());

describe('personal data', () => {
  let hub: TestHub;
  let address: string;
  before(async () => {
    const dial = {
      faults: { error500Before: 0.1, error500After: 0.1, resetAfter: 0.1, html: 0.05, tooMany: 0.05 },
      retryAfterSeconds: 1,
      reject: { share: 0.1 },
      poison: 0.01,
    };
    hub = await startTestHub({
      providers: ['AIS', 'CAT'],
      profile: (profile) => ({ ...profile, maxLines: 40 }),
      dials: { AIS: { dial }, CAT: { dial: { reject: { share: 0.1 } } } },
      env: { SAPHAN_LOG: 'debug' },
    });
    address = await hub.serve();
  });
  after(() => hub.close());

  test('stays in the table of lines and in the bytes for the provider', async () => {
    const worker = spawn(process.execPath, [path.resolve('dist/apps/worker/main.js')], { env: hub.env });
    let log = '';
    worker.stdout.on('data', (chunk: Buffer) => (log += chunk.toString('utf8')));
    worker.stderr.on('data', (chunk: Buffer) => (log += chunk.toString('utf8')));
    try {
      await registerLines(hub.source, 400, [1, 2], today);
      await hub.settled(90);
    } finally {
      worker.kill('SIGKILL');
    }
    assert.match(log, /batch handed over/);

    const places = new Map<string, string>([['log', log]]);
    const tables = await query<{ name: string }>(
      hub.source,
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname = 'queue' OR (schemaname = 'public' AND tablename ~ '^(audit|attempt_\\d+|batch_\\d+|exception_\\d+|set_aside|change_\\d+|entry_\\d+|provider_stream|sync|actor)$')`,
    );
    assert.ok(tables.length > 10);
    for (const { name } of tables) {
      const rows = await query<{ row: string }>(hub.source, `SELECT t::text AS row FROM ${name} t`);
      places.set(name, rows.map((each) => each.row).join('\n'));
    }
    places.set('metrics', (await axios.get<string>(`${address}/metrics`)).data);
    const { sftp } = hub.simulator.get('CAT').address;
    assert.ok(sftp);
    places.set('file names', readdirSync(sftp.folder, { recursive: true, encoding: 'utf8' }).join('\n'));

    const lines = await query<{ number: string }>(hub.source, `SELECT substr(line_key, 3) AS number FROM line`);
    assert.equal(lines.length, 400);
    for (const [place, text] of places) {
      const leaked = lines.filter(({ number }) => text.includes(number) || text.includes(`0${number.slice(2)}`));
      assert.equal(leaked.length, 0, `${place} shows ${leaked.length} numbers`);
    }
  });
});
