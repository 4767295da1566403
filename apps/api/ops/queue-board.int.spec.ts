// Bull Board: behind ops.read, read-only, every queue there, nothing that looks like a number.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Queue } from 'bullmq';
import { CONFIG, queueConnection, type Config } from '#platform';
import { QUEUE_BACKENDS, type QueueBackend } from '../../../test/support/queue-backends.js';
import { startApi, type StartedApi } from '../testing/started-api.js';

for (const backend of QUEUE_BACKENDS)
  describe(`the queue board on ${backend.name}`, { skip: backend.skip }, () => {
    let hub: StartedApi;
    let store: QueueBackend;
    before(async () => {
      store = await backend.start();
      hub = await startApi({}, store.redisUrl);
    });
    after(async () => {
      await hub.close();
      await store.stop();
    });

    const asBrowser = (key: string) => ({ auth: { username: 'anybody', password: key } });

    test('it asks for a key, and refuses one without ops.read', async () => {
      const none = await hub.client(null).get('/ops/queues');
      assert.equal(none.status, 401);
      assert.match(String(none.headers['www-authenticate']), /^Basic/);
      assert.equal((await hub.client(null).get('/ops/queues/api/queues', asBrowser(hub.trueKey))).status, 401);
    });

    test('the page comes whole from the hub itself, under its policy', async () => {
      const page = await hub.client(null).get('/ops/queues', asBrowser(hub.readKey));
      assert.equal(page.status, 200);
      assert.match(String(page.headers['content-security-policy']), /script-src 'self'/);
      const script = /src="(static\/[^"]+\.js)"/.exec(page.data)?.[1];
      assert.ok(script, 'the page has a script');
      assert.equal((await hub.client(null).get(`/ops/queues/${script}`, asBrowser(hub.readKey))).status, 200);
    });

    test('every queue of the table is there, and numbers in jobs are masked', async () => {
      const { connection, prefix } = queueConnection(hub.api.get<Config>(CONFIG));
      const queue = new Queue('deliver-AIS', { connection, prefix });
      await queue.add('hand-over', { provider: 'AIS', why: 'woken', slip: 'call +66 81 234 5678' });
      await queue.close();
      const { data, status } = await hub
        .client(hub.readKey)
        .get('/ops/queues/api/queues?activeQueue=deliver-AIS&status=latest&page=1&jobsPerPage=10');
      assert.equal(status, 200);
      const queues = data.queues as { name: string; readOnlyMode: boolean }[];
      assert.deepEqual(queues.map((each) => each.name).toSorted(), [
        'deliver-AIS',
        'deliver-TRUE',
        'destinations',
        'import',
        'reconcile',
      ]);
      assert.ok(queues.every((each) => each.readOnlyMode));
      const text = JSON.stringify(data);
      assert.match(text, /«number»/);
      assert.doesNotMatch(text, /234 5678/);
    });

    test('nothing can be changed through it', async () => {
      for (const address of ['/ops/queues/api/queues/pause', '/ops/queues/api/queues/deliver-AIS/pause']) {
        assert.equal((await hub.client(hub.key).put(address)).status, 405);
      }
    });
  });

describe('the documents', () => {
  let hub: StartedApi;
  before(async () => {
    hub = await startApi();
  });
  after(() => hub.close());

  test('description and page are served without a key and without another server', async () => {
    const json = await hub.client(null).get('/docs/openapi.json');
    assert.deepEqual([json.status, json.data.openapi], [200, '3.1.0']);
    const page = await hub.client(null).get('/docs');
    assert.equal(page.status, 200);
    assert.doesNotMatch(page.data, /(?:src|href)="(?:https?:)?\/\//);
  });
});
