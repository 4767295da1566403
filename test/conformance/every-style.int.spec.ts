// One suite for both sides: the tool judges every reference profile's style, as its simulator speaks it (which was written
// from the documents alone), and the table of topics stands behind the tool's cases and the adapters' alike.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { referenceProfile, REFERENCE_PROFILES, runConformance, withEndpoint, type ConformanceReport } from '#adapters';
import { styleOf, TOPICS } from '../../libs/adapters/conformance/topics.js';
import { conformanceFor } from '../../libs/adapters/conformance/suite.js';
import { startSimulator } from '../../apps/provider-sim/simulator.js';
import type { DialChange } from '../../apps/provider-sim/dial.js';
import type { ProviderCode } from '../../apps/provider-sim/words.js';
import { privatePgp, publicPgp } from '../../apps/standalone/simulated-providers.js';
import { FILE_TEMPERS, ORDER_TEMPERS, sshKeyPair, WEBHOOK_TEMPERS } from '../integration/adapters/simulated.js';
import { assertWitnessed, ORDER_TALK, tmf641Witness } from '../support/tmf641-schema.js';
import { freePort } from './documented.js';

const FEED_KEY = 'sk_of-this-test-alone';

async function judged(code: ProviderCode, dial: DialChange = {}): Promise<ConformanceReport> {
  const base = referenceProfile(code)!;
  const keys = sshKeyPair();
  const port = await freePort();
  const orders = tmf641Witness();
  const pgp = base.secrets.pgp ? { ours: await privatePgp('hub'), theirs: await privatePgp(code) } : null;
  const theirKey = pgp ? await publicPgp(pgp.theirs) : '';
  const files = pgp && {
    charset: 'windows-874' as const,
    pgp: { own: [pgp.theirs], hub: [await publicPgp(pgp.ours)] },
  };
  const simulator = await startSimulator({
    providers: [code],
    hub: `http://127.0.0.1:${port}`,
    settings: {
      [code]: {
        sftpClientKeys: [keys.publicKey],
        feedKey: FEED_KEY,
        witness: orders.witness,
        unsigned: 'refused',
        // The tool's numbers do not begin at 1, and a refused one comes again: nothing may wait for those before.
        dial: { applyOrder: 'newerSeqOnly', ...dial },
        ...(files ? { files } : {}),
      },
    },
  });
  try {
    const simulated = simulator.get(code);
    const { sftp, target } = simulated.address;
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
    const { sshKey, callback, signing } = base.secrets;
    const named: Record<string, string | undefined> = {
      ...Object.fromEntries(signing.map((name) => [name, simulated.hubSecrets[0]])),
      ...Object.fromEntries(callback.map((name) => [name, simulated.ownSecret])),
      ...Object.fromEntries((base.secrets.pgp?.ours ?? []).map((name) => [name, pgp?.ours])),
      ...Object.fromEntries((base.secrets.pgp?.theirs ?? []).map((name) => [name, theirKey])),
      ...(sshKey === null ? {} : { [sshKey]: keys.privateKey }),
    };
    const report = await runConformance({
      profile,
      secret: (name) => named[name] ?? (name.includes('pull') ? FEED_KEY : undefined),
      listen: { host: '127.0.0.1', port },
      waitMs: 6_000,
    });
    if (base.format === 'tmf641') {
      // The tool speaks as the standard has it, too, but for the orders that it breaks on purpose.
      assert.deepEqual([...orders.faults], []);
      assertWitnessed(orders.seen, [...ORDER_TALK, 'list', 'error']);
    }
    return report;
  } finally {
    await simulator.stop();
  }
}

describe('the tool finds nothing wrong with the simulated', () => {
  for (const { code, format, acknowledgement } of REFERENCE_PROFILES) {
    test(`${code} (${format}, ${acknowledgement})`, async () => {
      const { faults, cases } = await judged(code);
      assert.deepEqual(faults, []);
      const style = styleOf(referenceProfile(code)!);
      for (const [topic, { tool }] of Object.entries(TOPICS)) {
        const name = tool[style];
        if (name.endsWith('.')) continue;
        assert.equal(cases.find((one) => one.name === name)?.verdict, 'passed', `${topic}: ${name}`);
      }
    });
  }

  test('CAT, but that it takes known numbers again', async () => {
    const { faults } = await judged('CAT', { duplicateCheck: 'none' });
    assert.deepEqual(
      faults.map((one) => one.fault),
      ['repeatedTakenAgain', 'otherBytesTaken'],
    );
  });

  test('CAT, but that it never answers; the rest is not tried', async () => {
    const { faults, cases } = await judged('CAT', { silence: 1 });
    assert.deepEqual(
      faults.map((one) => one.fault),
      ['receiptMissing'],
    );
    assert.ok(cases.slice(1).every((one) => one.verdict === 'skipped'));
  });
});

describe('the suite that every adapter passes', () => {
  const every = conformanceFor([...FILE_TEMPERS, ...WEBHOOK_TEMPERS, ...ORDER_TEMPERS]);
  const topicOf = (name: string): string => name.slice(0, name.indexOf(':'));

  test('has a case for each topic that the tool tries, and none of a topic that is not in the table', () => {
    const known = new Set(Object.values(TOPICS).flatMap(({ suite }): readonly string[] => suite));
    const tried = new Set(every.map((one) => topicOf(one.name)));
    assert.deepEqual(
      [...tried].filter((word) => !known.has(word)),
      [],
      'of no topic',
    );
    for (const [topic, { suite }] of Object.entries(TOPICS)) {
      const missing = suite.filter((word) => !tried.has(word));
      assert.deepEqual(missing, [], `the topic ${topic} names cases that are not there`);
    }
  });
});
