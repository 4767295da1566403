// One provider is switched through every way there is, by configuration, while API and worker go on running.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ProviderProfile, SftpTransport, WebhookTransport } from '#contracts';
import { referenceProfile } from '#adapters';
import { createApiKey } from '#operations';
import { HUB_ACTOR_ID, query, saveProvider } from '#platform';
import { seedAgencies } from '#intake';
import { startSimulator, type SimulatedProvider, type Simulator } from '../../../apps/provider-sim/simulator.js';
import type { StyleName } from '../../../apps/provider-sim/styles/style.js';
import { startTestHub, type TestHub } from '../../support/hub.js';
import { confirmByTwo, ntProfile, OWN_SECRET, people, registerOver, SECRET, until, type People } from './setup-kit.js';

const STYLES: StyleName[] = ['response', 'callback', 'sftp', 'pull', 'tmf641'];

describe('NT is switched from way to way on a running hub', () => {
  let hub: TestHub;
  let who: People;
  const sims = new Map<StyleName, Simulator>();
  let serial = 0;

  const nt = (style: StyleName): SimulatedProvider => sims.get(style)!.get('NT');
  const shown = async (): Promise<{ version: number; profile: ProviderProfile }> =>
    (await who.malee.get('/v1/providers/NT/profile')).data;

  async function rotate(purpose: string, key?: string): Promise<{ name: string; give: string }> {
    const made = await who.malee.post('/v1/providers/NT/key-changes', { purpose, key, reason: 'for another way' });
    assert.equal(made.status, 201, JSON.stringify(made.data));
    const { changeId, key: shownKey, give } = made.data;
    assert.deepEqual(await confirmByTwo(who, 'NT', changeId, [shownKey.fingerprint]), ['pending', 'confirmed']);
    return { name: shownKey.name, give: give?.text ?? '' };
  }

  async function put(profile: ProviderProfile, extra: object = {}) {
    const { version } = await shown();
    return who.malee.put('/v1/providers/NT/profile', { profile, version, reason: 'another way', ...extra });
  }

  async function register(count: number): Promise<number> {
    const lines = Array.from({ length: count }, () => ({
      provider: 'NT',
      number: `08000${String(10_000 + ++serial)}`,
    }));
    await registerOver(who.malee, `NT-${serial}`, lines);
    return count;
  }

  /** How many entries a simulator holds. */
  const held = (style: StyleName): number => nt(style).provider.applier.book.count;

  before(async () => {
    hub = await startTestHub({ providers: ['AIS'] });
    await seedAgencies(hub.source);
    const url = await hub.serve();
    await hub.work();
    who = await people(hub, url);
    const settings = { hubSecrets: [SECRET], ownSecret: OWN_SECRET };
    const first = await startSimulator({
      providers: ['NT'],
      settings: { NT: { ...settings, style: 'response' } },
      hub: url,
    });
    sims.set('response', first);
    const added = await who.malee.post('/v1/providers', {
      profile: ntProfile(first.get('NT').address.target ?? ''),
      reason: 'to be switched around',
      secrets: { 'nt.signing.1': SECRET },
    });
    await confirmByTwo(who, 'NT', added.data.changeId, [added.data.keys[0].fingerprint]);
    await rotate('callback', OWN_SECRET);
    const ssh = await rotate('sshKey');
    for (const style of STYLES.slice(1)) {
      // A system that begins in the middle of the numbers does not wait long for the ones before.
      const own = { ...settings, style, sftpClientKeys: [ssh.give], dial: { parkLimitMs: 300 } };
      const sim = await startSimulator({ providers: ['NT'], settings: { NT: own }, hub: url });
      const feed = { name: `NT ${style}`, scopes: ['provider:NT'] };
      if (style === 'pull') sim.get('NT').setFeedKey((await createApiKey(hub.source, feed, HUB_ACTOR_ID)).key);
      sims.set(style, sim);
    }
    await rotate('hostKey', nt('sftp').address.sftp?.hostKeyFingerprint);
  });
  after(async () => {
    for (const sim of sims.values()) await sim.stop();
    await hub.close();
  });

  /** The profile of NT in each way: what differs from the reference profile of that style is its name and address. */
  function way(style: StyleName): ProviderProfile {
    const base = { response: 'AIS', callback: 'TRUE', sftp: 'CAT', pull: '3BB', tmf641: 'DTAC' }[style];
    const reference = referenceProfile(base)!;
    const { target = '', sftp } = nt(style).address;
    const webhook: WebhookTransport = { ...(reference.transport as WebhookTransport), target, timeoutMs: 5_000 };
    const files: SftpTransport = {
      ...(reference.transport as SftpTransport),
      host: sftp?.host ?? '',
      port: sftp?.port ?? 0,
      username: sftp?.user ?? '',
      hostKeys: [sftp?.hostKeyFingerprint ?? ''],
      pollMs: 200,
    };
    const asked = style === 'tmf641' ? { askEveryS: 10, receiptDeadlineS: 10 } : {};
    return {
      ...reference,
      code: 'NT',
      nameTh: 'เอ็นที',
      nameEn: 'National Telecom',
      accesses: ['MB'],
      circuitPattern: null,
      transport: style === 'sftp' ? files : webhook,
      retryScheduleS: [0.2, 0.5, 1],
      ...asked,
      destinations: null,
      observe: null,
      proofOfLifeAt: null,
      deliveryWindows: [],
      secrets:
        style === 'sftp'
          ? { signing: [], callback: [], sshKey: 'nt.sshKey.1' }
          : { signing: ['nt.signing.1'], callback: style === 'response' ? [] : ['nt.callback.1'], sshKey: null },
    };
  }

  const order: StyleName[] = ['callback', 'sftp', 'response', 'pull', 'tmf641', 'sftp', 'callback', 'response'];
  for (const [i, style] of order.entries()) {
    test(`${i + 1}. to ${style}: what is registered next arrives there and is acknowledged`, async () => {
      const before = held(style);
      const switched = await put(way(style));
      assert.equal(switched.status, 200, JSON.stringify(switched.data));
      assert.equal(switched.data.waySwitched, true);
      assert.equal((await shown()).profile.format, way(style).format);
      const count = await register(4);
      await hub.settled(40);
      assert.equal(held(style), before + count, `${style} got them`);
      const open = await query(
        hub.source,
        `SELECT kind, exception.code FROM exception JOIN provider USING (provider_id) WHERE provider.code = 'NT' AND ended_at IS NULL`,
      );
      assert.deepEqual(open, []);
    });
  }

  test('batch numbers went on without a hole through all of it, and nothing went to AIS', async () => {
    const rows = await query<{ number: number }>(
      hub.source,
      `SELECT number FROM batch JOIN provider USING (provider_id) WHERE code = 'NT' ORDER BY number`,
    );
    assert.deepEqual(
      rows.map((row) => row.number),
      rows.map((_, i) => i + 1),
    );
    assert.deepEqual(await hub.compareBooks(), { AIS: { desired: 0, held: 0, wrong: 0 } });
  });

  test('batches that await outcomes refuse a switch; closed while paused, their changes travel the new way', async () => {
    await put(way('callback'));
    const before = held('response');
    nt('callback').turn({ silence: 1 });
    const count = await register(3);
    await until(
      'the batch is accepted',
      async () => (await who.reader.get('/v1/providers/NT')).data.open.accepted === 1,
    );
    const refused = await put(way('response'));
    assert.equal(refused.status, 409);
    assert.equal(refused.data.type, 'urn:saphan:problem:batches-unsettled');
    const running = await put(way('response'), { unsettled: 'close' });
    assert.equal(running.data.type, 'urn:saphan:problem:provider-not-paused');
    await who.malee.post('/v1/providers/NT/pause', { reason: 'the old way is gone' });
    const forced = await put(way('response'), { unsettled: 'close' });
    assert.equal(forced.status, 200, JSON.stringify(forced.data));
    assert.equal(forced.data.closed.length, 1);
    await who.malee.post('/v1/providers/NT/resume', { reason: 'the new way is there' });
    await hub.settled();
    assert.equal(held('response'), before + count);
  });

  test('bytes that were sealed and never got there are closed: the new way gets its own form', async () => {
    const { port } = new URL(
      way('response').transport.kind === 'webhook' ? (way('response').transport as WebhookTransport).target : '',
    );
    assert.ok(port);
    const nowhere = {
      ...way('response'),
      transport: { ...(way('response').transport as WebhookTransport), target: 'http://127.0.0.1:9' },
    };
    assert.equal((await put(nowhere)).data.waySwitched, false);
    const before = held('sftp');
    const count = await register(2);
    await until(
      'a batch is sealed and waits',
      async () => (await who.reader.get('/v1/providers/NT')).data.open.sealed === 1,
    );
    const switched = await put(way('sftp'));
    assert.equal(switched.status, 200, JSON.stringify(switched.data));
    assert.equal(switched.data.closed.length, 1);
    await hub.settled(40);
    assert.equal(held('sftp'), before + count);
  });

  test('a worker that knows only the old profile seals and sends nothing until it has read the new one', async () => {
    await put(way('response'));
    await hub.settled();
    const before = held('response');
    // Written past the API, as an older process or a restore might: running processes are notified all the same.
    await saveProvider(hub.source, { ...way('response'), maxLines: 1 }, HUB_ACTOR_ID);
    await register(3);
    await hub.settled();
    assert.equal(held('response'), before + 3);
    const [row] = await query<{ most: number }>(
      hub.source,
      `SELECT max(line_count) AS most FROM (SELECT line_count FROM batch JOIN provider USING (provider_id) WHERE code = 'NT' ORDER BY number DESC LIMIT 3) newest`,
    );
    assert.equal(row?.most, 1);
  });

  test('somebody else’s change in between, an unconfirmed key and a wrong code are refused', async () => {
    const { version } = await shown();
    const stale = await who.malee.put('/v1/providers/NT/profile', {
      profile: { ...way('response'), maxLines: 7 },
      version: version - 1,
      reason: 'out of date',
    });
    assert.equal(stale.data.type, 'urn:saphan:problem:profile-changed');
    const key = `SHA256:${'b'.repeat(43)}`;
    const pinned = { ...way('sftp'), transport: { ...(way('sftp').transport as SftpTransport), hostKeys: [key] } };
    const unknown = await put(pinned);
    assert.equal(unknown.status, 409);
    assert.equal(unknown.data.type, 'urn:saphan:problem:keys-not-confirmed');
    const renamed = await who.malee.put('/v1/providers/NT/profile', {
      profile: { ...way('response'), code: 'NX' },
      version,
      reason: 'renamed',
    });
    assert.equal(renamed.status, 422);
  });
});
