// The receiver of docs/providers/receivers/3bb.mjs, run as a provider would run it, against a whole hub; also killed.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createApiKey } from '#operations';
import { bangkokDay, HUB_ACTOR_ID, query } from '#platform';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';

const TODAY = bangkokDay(new Date());

describe('the receiver in the documents pulls', () => {
  let hub: TestHub;
  let folder: string;
  let port: number;
  let start: () => ChildProcess;
  let child: ChildProcess;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'receiver-3bb-'));
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    ({ port } = free.address() as AddressInfo);
    free.close();
    hub = await startTestHub({
      providers: ['3BB'],
      profile: (profile) => ({
        ...profile,
        maxLines: 100,
        transport: { ...profile.transport, target: `http://127.0.0.1:${port}` } as typeof profile.transport,
      }),
    });
    const url = await hub.serve();
    // The simulator of the same name stays out of it.
    hub.simulator.get('3BB').turn({ pull: { fetching: 'off' } });
    const { hubSecrets, ownSecret } = hub.simulator.get('3BB');
    const { key } = await createApiKey(hub.source, { name: 'receiver', scopes: ['provider:3BB'] }, HUB_ACTOR_ID);
    start = () =>
      spawn(process.execPath, [resolve('docs/providers/receivers/3bb.mjs')], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: {
          ...process.env,
          HUB: url,
          KEY: key,
          PORT: String(port),
          SIGNING_SECRETS: hubSecrets.join(' '),
          CALLBACK_SECRET: ownSecret,
          STORE: join(folder, 'journal'),
        },
      });
    child = start();
    await hub.work();
  });
  after(async () => {
    child?.kill('SIGKILL');
    await hub?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const held = async (): Promise<number> =>
    Number((await (await fetch(`http://127.0.0.1:${port}/held`)).text()).split(' ')[0]);
  const wrong = (): Promise<{ n: number }[]> =>
    query(hub.source, 'SELECT count(*) AS n FROM batch WHERE line_count <> n_applied + n_already');

  test('lines, a full list, and a kill in between', async () => {
    const [row] = await query<{ id: number }>(hub.source, `SELECT provider_id AS id FROM provider WHERE code = '3BB'`);
    await registerLines(hub.source, 950, [row!.id], TODAY);
    await hub.settled(60);
    assert.equal(await held(), 950);

    child.kill('SIGKILL');
    await once(child, 'exit');
    await registerLines(hub.source, 250, [row!.id], TODAY);
    child = start();
    await hub.settled(60);
    assert.equal(await held(), 1_200);

    await query(
      hub.source,
      `WITH made AS (INSERT INTO sync (kind, reason, actor_id) VALUES ('full', 'test', 1) RETURNING sync_id)
       INSERT INTO sync_provider (sync_id, provider_id, to_seq, lines, state) SELECT sync_id, $1, 1200, 1200, 'waiting' FROM made`,
      [row!.id],
    );
    const end = Date.now() + 60_000;
    while ((await query(hub.source, 'SELECT 1 FROM sync_provider WHERE ended_at IS NULL')).length > 0) {
      assert.ok(Date.now() < end, 'the full list was not answered within 60 s');
      await new Promise((done) => setTimeout(done, 50));
    }
    assert.equal(await held(), 1_200);
    assert.deepEqual(await wrong(), [{ n: 0 }]);
  });
});
