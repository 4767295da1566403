// TOT's style with the tool: Windows-874 and PGP by gpg over OpenSSH's server; the documented receiver passes, broken ones
// are reported for exactly their fault.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { referenceProfile, runConformance, withEndpoint, type ConformanceReport } from '#adapters';
import type { ProviderProfile } from '#contracts';
import { privatePgp, publicPgp } from '../../apps/standalone/simulated-providers.js';
import { HAS_SSHD, opensshCounterpart, SSHD, type OpenSsh } from '../integration/adapters/openssh.js';
import { HAS_GPG, newGpg, NO_GPG, type Gpg } from '../support/gpg.js';
import { startReceiver } from './documented.js';
import { saphan } from './run-saphan.js';

const SOURCE = readFileSync(join(process.cwd(), 'docs', 'providers', 'receivers', 'cat.mjs'), 'utf8');
const missing = HAS_SSHD ? (HAS_GPG ? false : NO_GPG) : `${SSHD} is not here; apt-get install openssh-server`;

describe('TOT with docs/providers/receivers/cat.mjs', { skip: missing }, () => {
  let gpg: Gpg;
  let hubKey: string;
  let hubFingerprint: string;
  const servers: OpenSsh[] = [];
  before(async () => {
    gpg = newGpg('tot@example.invalid');
    hubKey = await privatePgp('hub');
    hubFingerprint = gpg.import(await publicPgp(hubKey));
  });
  after(async () => {
    for (const server of servers) await server.stop();
    gpg?.stop();
  });

  /** A server of its own with the receiver behind it, and the profile that leads there. */
  async function started(source: string, settings: Record<string, string> = {}) {
    const server = await opensshCounterpart();
    servers.push(server);
    const receiver = await startReceiver(source, {
      PROVIDER: 'TOT',
      ROOT: server.root,
      LOOK_MS: '20',
      CHARSET: 'windows-874',
      PGP_HOME: gpg.home,
      PGP_OWN: gpg.fingerprint,
      PGP_HUB: hubFingerprint,
      ...settings,
    });
    const { endpoint, privateKey } = server.login;
    const profile: ProviderProfile = { ...withEndpoint(referenceProfile('TOT')!, endpoint), maxLines: 500 };
    const secrets: Record<string, string> = {
      'tot.ssh.1': privateKey,
      'tot.pgp.ours.1': hubKey,
      'tot.pgp.theirs.1': gpg.publicKey,
    };
    return { receiver, profile, secrets };
  }

  test('passes the tool, and again after a restart', async () => {
    const { receiver, profile, secrets } = await started(SOURCE);
    try {
      const [file, keys] = ['profile.json', 'secrets.json'].map((name) => join(dirname(receiver.store), name));
      writeFileSync(file!, JSON.stringify(profile));
      writeFileSync(keys!, JSON.stringify(secrets));
      const args = ['--provider', 'TOT', '--profile', file!, '--secrets', keys!, '--wait', '20', '--json'];
      for (const run of ['first', 'after the restart']) {
        const ended = await saphan(args, {});
        const { faults, cases } = JSON.parse(ended.out) as ConformanceReport;
        assert.deepEqual(faults, [], `${run}: ${ended.out}`);
        assert.deepEqual(
          cases.filter((one) => one.verdict !== 'passed').map((one) => one.name),
          [],
        );
        await receiver.restart();
      }
    } finally {
      await receiver.stop();
    }
  });

  for (const [name, from, to, faults] of [
    [
      'reads UTF-8',
      'new TextDecoder(CHARSET).decode(bytes)',
      "new TextDecoder('utf-8', { fatal: true }).decode(bytes)",
      null,
    ],
    ['hashes what it decoded', 'sha256(bytes.subarray(0,', 'sha256(Buffer.from(text).subarray(0,', ['charsetWrong']],
    [
      'does not look who signed',
      // GnuPG itself ends with 2 when it does not know the signer.
      /if \(status !== 0\)|if \(!signer \|\|.*\)\)(?= throw)/g,
      'if (false)',
      ['fileUnprovenTaken'],
    ],
    [
      'does not close its answers',
      'const bytes = close(plainName, Buffer.from(text));',
      'const bytes = Buffer.from(text);',
      ['answerFileUnusable'],
    ],
    [
      'closes them under another name',
      "'--set-filename', file",
      "'--set-filename', 'answer.csv'",
      ['answerFileUnusable'],
    ],
    ['does not sign them', "'--sign', '--local-user', PGP_OWN, ", '', ['answerFileUnusable']],
  ] as const) {
    test(`one like it that ${name}`, async () => {
      const source = SOURCE.replace(from, to);
      assert.notEqual(source, SOURCE, `the receiver no longer has "${String(from)}"`);
      const { receiver, profile, secrets } = await started(source);
      try {
        const report = await runConformance({ profile, secret: (one) => secrets[one], waitMs: 5_000, skip: ['large'] });
        assert.deepEqual(
          report.faults.map((one) => one.fault),
          faults ?? ['receiptMissing'],
        );
      } finally {
        await receiver.stop();
      }
    });
  }
});
