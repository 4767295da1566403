// A full list of 200,000 lines through TOT's whole way: Windows-874, PGP, parts; the worker's memory stays bounded.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { startSync } from '#dispatch';
import { bangkokDay, query } from '#platform';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';

const LINES = 200_000;
const MOST_MB = 700;
const today = bangkokDay(new Date());

describe(
  'a full list of 200,000 lines',
  { skip: process.platform === 'linux' ? false : 'memory is read from /proc' },
  () => {
    let hub: TestHub;
    before(async () => {
      hub = await startTestHub({ providers: ['TOT'] });
    });
    after(() => hub.close());

    test(`goes in parts, and the worker stays below ${MOST_MB} MB`, { timeout: 240_000 }, async (t) => {
      for (let n = 0; n < LINES; n += 20_000) await registerLines(hub.source, 20_000, [1], today);
      const worker = hub.spawnWorker();
      await hub.settled(120);
      const began = performance.now();
      await startSync(hub.source, [1], 'full', 'test', 1);
      await query(hub.source, `SELECT pg_notify('saphan_wake', '1')`);
      const end = Date.now() + 120_000;
      for (;;) {
        const [row] = await query<{ state: string }>(hub.source, `SELECT state FROM batch WHERE kind = 'full'`);
        if (row?.state === 'settled') break;
        if (Date.now() > end) throw new Error(`the full list is ${row?.state ?? 'not sealed'}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const seconds = (performance.now() - began) / 1000;
      const status = readFileSync(`/proc/${worker.pid}/status`, 'utf8');
      const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
      t.diagnostic(`${LINES} lines: ${seconds.toFixed(1)} s to settled, worker at most ${peak.toFixed(0)} MB`);
      assert.ok(peak < MOST_MB, `${peak.toFixed(0)} MB`);
      const [batch] = await query<{ parts: number; n_already: number; n_applied: number }>(
        hub.source,
        `SELECT parts, n_already, n_applied FROM batch WHERE kind = 'full'`,
      );
      assert.equal(batch!.parts, 4);
      assert.equal(batch!.n_already + batch!.n_applied, LINES);
      assert.deepEqual(hub.simulator.get('TOT').provider.observer.state.violations, {});
    });
  },
);
