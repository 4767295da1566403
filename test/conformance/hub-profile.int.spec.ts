// `saphan conformance` with the profile of a running hub: it tests by it, and leaves the hub's log and numbers alone.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ConformanceReport } from '#adapters';
import { startApi, type StartedApi } from '../../apps/api/testing/started-api.js';
import { documentedReceiver, newSecret, startReceiver, type RunningReceiver } from './documented.js';

const SAPHAN = fileURLToPath(new URL('../../apps/cli/main.js', import.meta.url));

let hub: StartedApi;
let receiver: RunningReceiver;
const signing = newSecret();

before(async () => {
  receiver = await startReceiver(documentedReceiver('ais'), { SIGNING_SECRETS: signing });
  hub = await startApi({ AIS: receiver.target });
});
after(async () => {
  await hub?.close();
  await receiver?.stop();
});

function saphan(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { LANG: 'en_US.UTF-8', SAPHAN_URL: hub.url, SAPHAN_KEY: hub.key, SAPHAN_SECRET_AIS_SIGNING_1: signing };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [SAPHAN, 'conformance', '--provider', 'AIS', ...args],
      { env: { PATH: process.env['PATH'], ...env }, maxBuffer: 1e7 },
      (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    );
  });
}

test('the profile comes from the hub, and nothing of the hub moves', async () => {
  const ended = await saphan('--json', '--skip', 'large');
  assert.equal(ended.code, 0, ended.out + ended.err);
  const report = JSON.parse(ended.out) as ConformanceReport;
  assert.equal(report.target, receiver.target);
  assert.equal(report.figures.firstNumber, 900_000_001);
  const { data } = await hub.client().get<{ batches: unknown[] }>('/v1/providers/AIS/batches');
  assert.deepEqual(data.batches, []);
});
