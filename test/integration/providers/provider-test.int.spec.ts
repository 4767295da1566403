// "saphan provider test": each step in words, through the real adapter and the log; nothing is left behind.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { query, saveProvider, HUB_ACTOR_ID } from '#platform';
import type { ProviderProfile, SftpTransport, WebhookTransport } from '#contracts';
import { seedAgencies } from '#intake';
import { startTestHub, type TestHub } from '../../support/hub.js';
import { people, registerOver, until, type People } from './setup-kit.js';

describe('the test of a provider', () => {
  let hub: TestHub;
  let who: People;

  before(async () => {
    // The lines are those that the demo names for each.
    hub = await startTestHub({ providers: ['CAT', 'TOT', 'AIS', 'TRUE', 'DTAC', '3BB'] });
    await seedAgencies(hub.source);
    const url = await hub.serve();
    await hub.work();
    who = await people(hub, url);
  });
  after(() => hub.close());

  async function run(code: string, body: object = {}) {
    const started = await who.malee.post(`/v1/providers/${code}/tests`, { reason: 'before going live', ...body });
    if (started.status !== 202) return started.data;
    return until(
      'the test ends',
      async () => {
        const { data } = await who.reader.get(`/v1/providers/${code}/tests/${started.data.testId}`);
        return data.state === 'running' ? null : data;
      },
      60,
    );
  }

  const profileOf = async (code: string): Promise<ProviderProfile> => {
    const [row] = await query<{ profile: ProviderProfile }>(
      hub.source,
      'SELECT profile FROM provider WHERE code = $1',
      [code],
    );
    return row!.profile;
  };

  for (const code of ['CAT', 'TOT', 'AIS', 'TRUE', 'DTAC', '3BB']) {
    test(`${code}: all steps pass, the line is added and removed, and numbers go on 1..n`, async () => {
      const done = await run(code);
      assert.equal(done.state, 'passed', JSON.stringify(done));
      assert.deepEqual(
        done.steps.map((step: { step: string; outcome: string }) => `${step.step} ${step.outcome}`),
        ['address', 'connection', 'authentication', 'add', 'remove'].map((step) => `${step} passed`),
      );
      assert.doesNotMatch(JSON.stringify(done), /8000099|3300009/);
      await hub.settled(60);
      const [changes] = await query<{ ops: boolean[] }>(
        hub.source,
        'SELECT array_agg(present ORDER BY seq) AS ops FROM change JOIN provider USING (provider_id) WHERE code = $1',
        [code],
      );
      assert.deepEqual(changes?.ops, [true, false]);
      assert.equal((await hub.compareBooks())[code]?.held, 0);
      const numbers = await query<{ number: number }>(
        hub.source,
        'SELECT number FROM batch JOIN provider USING (provider_id) WHERE code = $1 ORDER BY number',
        [code],
      );
      assert.deepEqual(
        numbers.map((row) => row.number),
        [1, 2],
      );
    });
  }

  test('without test lines, or while paused, nothing is tried', async () => {
    const { testLines: _named, ...unnamed } = await profileOf('TRUE');
    await saveProvider(hub.source, unnamed, HUB_ACTOR_ID);
    await until('the API has it', async () => {
      const { data } = await who.reader.get('/v1/providers/TRUE/profile');
      return data.profile.testLines === undefined;
    });
    assert.equal((await run('TRUE')).type, 'urn:saphan:problem:no-test-line');
    assert.equal((await run('AIS', { line: 3 })).type, 'urn:saphan:problem:no-test-line');
    await who.malee.post('/v1/providers/AIS/pause', { reason: 'maintenance' });
    assert.equal((await run('AIS')).type, 'urn:saphan:problem:provider-paused');
    await who.malee.post('/v1/providers/AIS/resume', { reason: 'over' });
    assert.equal((await who.reader.post('/v1/providers/AIS/tests', { reason: 'curious' })).status, 403);
  });

  test('a rejected test line is said so, and is gone from the list afterwards', async () => {
    hub.simulator.get('AIS').turn({ reject: { share: 1, codes: ['NOT_SUBSCRIBER'] } });
    const done = await run('AIS', { line: 2 });
    assert.equal(done.state, 'failed');
    assert.match(done.steps[3].text, /test line 2 of 2 was not added: rejected/);
    hub.simulator.get('AIS').turn({ reject: { share: 0 } });
    await hub.settled();
    const [row] = await query<{ n: number }>(
      hub.source,
      `SELECT count(*) AS n FROM registration JOIN agency USING (agency_id) WHERE code = 'SAPHAN-TEST' AND state = 'confirmed'`,
    );
    assert.equal(row?.n, 0);
  });

  test('a test line that an agency has registered is left alone', async () => {
    await registerOver(who.malee, 'T-1', [{ provider: 'AIS', number: '0800009931' }]);
    await hub.settled();
    const done = await run('AIS');
    assert.match(done.steps[3].text, /it is registered by an agency/);
    assert.equal((await hub.compareBooks())['AIS']?.held, 1);
  });

  test('each step that fails says what is wrong, and what follows is not tried', async () => {
    const ais = await profileOf('AIS');
    const cat = await profileOf('CAT');
    const webhook = ais.transport as WebhookTransport;
    const sftp = cat.transport as SftpTransport;
    const cases: [ProviderProfile, number, RegExp][] = [
      [{ ...ais, transport: { ...webhook, target: 'http://no-such-host.invalid' } }, 0, /the name cannot be resolved/],
      [{ ...ais, transport: { ...webhook, target: 'http://127.0.0.1:9' } }, 1, /ECONNREFUSED/],
      [
        { ...ais, secrets: { ...ais.secrets, signing: ['true.callback.1'] } },
        2,
        /it answered 401: signature, key or token/,
      ],
      [
        { ...cat, transport: { ...sftp, hostKeys: [`SHA256:${'x'.repeat(43)}`] } },
        1,
        /shows the host key SHA256:.*not pinned/,
      ],
      [{ ...cat, secrets: { ...cat.secrets, sshKey: 'cat.nothing' } }, 2, /the private key is not in the vault/],
    ];
    for (const [profile, at, words] of cases) {
      await saveProvider(hub.source, profile, HUB_ACTOR_ID);
      await until('the API has it', async () => {
        const { data } = await who.reader.get(`/v1/providers/${profile.code}/profile`);
        const { transport, secrets } = data.profile;
        return JSON.stringify([transport, secrets]) === JSON.stringify([profile.transport, profile.secrets]);
      });
      const done = await run(profile.code);
      assert.equal(done.steps[at].outcome, 'failed', JSON.stringify(done.steps));
      assert.match(done.steps[at].text, words);
      assert.ok(done.steps.slice(at + 1).every((step: { outcome: string }) => step.outcome === 'skipped'));
    }
  });
});
