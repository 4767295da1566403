// The simulated providers, which were written from the documents alone, are judged by the tool that providers use.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { referenceProfile, runConformance, withEndpoint, type ConformanceReport } from '#adapters';
import { startSimulator } from '../../apps/provider-sim/simulator.js';
import type { DialChange } from '../../apps/provider-sim/dial.js';
import { sshKeyPair } from '../integration/adapters/simulated.js';
import { freePort } from './documented.js';

async function judged(code: 'AIS' | 'TRUE' | 'CAT', dial: DialChange = {}): Promise<ConformanceReport> {
  const keys = sshKeyPair();
  const port = await freePort();
  const simulator = await startSimulator({
    providers: [code],
    hub: `http://127.0.0.1:${port}`,
    // The tool's numbers do not begin at 1, and a refused one comes again: nothing may wait for those before.
    settings: { [code]: { sftpClientKeys: [keys.publicKey], dial: { applyOrder: 'newerSeqOnly', ...dial } } },
  });
  try {
    const simulated = simulator.get(code);
    const { sftp, target } = simulated.address;
    const base = referenceProfile(code)!;
    const profile = withEndpoint(
      { ...base, maxLines: 1_000 },
      sftp
        ? {
            host: sftp.host,
            port: sftp.port,
            username: sftp.user,
            root: sftp.root,
            hostKeys: [sftp.hostKeyFingerprint],
            timeoutMs: 2_000,
          }
        : { target: target!, timeoutMs: 2_000 },
    );
    const { sshKey, callback } = base.secrets;
    return await runConformance({
      profile,
      secret: (name) =>
        name === sshKey ? keys.privateKey : callback.includes(name) ? simulated.ownSecret : simulated.hubSecrets[0],
      listen: { host: '127.0.0.1', port },
      waitMs: 4_000,
    });
  } finally {
    await simulator.stop();
  }
}

for (const code of ['AIS', 'TRUE', 'CAT'] as const) {
  test(`${code}: nothing is wrong`, async () => {
    const { faults, cases } = await judged(code);
    assert.deepEqual(faults, []);
    assert.ok(cases.filter((one) => one.verdict === 'passed').length >= 9);
  });
}

test('CAT that takes known numbers again is found out', async () => {
  const { faults } = await judged('CAT', { duplicateCheck: 'none' });
  assert.deepEqual(
    faults.map((one) => one.fault),
    ['repeatedTakenAgain', 'otherBytesTaken'],
  );
});

test('CAT that never answers is found out, and the rest is not tried', async () => {
  const { faults, cases } = await judged('CAT', { silence: 1 });
  assert.deepEqual(
    faults.map((one) => one.fault),
    ['receiptMissing'],
  );
  assert.ok(cases.slice(1).every((one) => one.verdict === 'skipped'));
});
