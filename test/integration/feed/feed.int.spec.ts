// 3BB pulls: told by thin events it fetches page by page, whatever its dials do, and the feed never changes what it said.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { createApi } from '../../../apps/api/create-api.js';
import { pauseProvider, resumeProvider } from '#dispatch';
import { createApiKey } from '#operations';
import { bangkokDay, HUB_ACTOR_ID, inTransaction, query } from '#platform';
import { Deriver } from '#whitelist';
import { assertNumbers } from '../../support/numbers.js';
import { planRemovals, registerLines, startTestHub, type TestHub } from '../../support/hub.js';

const TODAY = bangkokDay(new Date());

async function providerId(hub: TestHub, code: string): Promise<number> {
  const [row] = await query<{ id: number }>(hub.source, 'SELECT provider_id AS id FROM provider WHERE code = $1', [
    code,
  ]);
  return row?.id ?? 0;
}

/** Changes registrations of some lines and derives them, as an agency's amendment or cancellation does. */
async function change(hub: TestHub, lineIds: number[], set: string): Promise<void> {
  const ids = await query<{ id: number }>(hub.source, 'SELECT provider_id AS id FROM provider ORDER BY 1');
  await inTransaction(hub.source, async (tx) => {
    await tx.query('SELECT 1 FROM line WHERE line_id = ANY($1::bigint[]) ORDER BY line_id FOR UPDATE', [lineIds]);
    await tx.query(`UPDATE registration SET ${set} WHERE line_id = ANY($1::bigint[])`, [lineIds]);
    const deriver = new Deriver(() => ids.map((row) => row.id));
    const context = { cause: 'amended', actorId: 1, runId: null, today: TODAY } as const;
    await deriver.derive(tx, { fresh: [], known: lineIds }, context);
  });
}

describe('3BB pulls its feed', () => {
  let hub: TestHub;
  let url: string;
  let bbb: number;
  before(async () => {
    hub = await startTestHub({
      providers: ['3BB', 'TRUE'],
      // Small batches make many pages.
      profile: (profile) => ({
        ...profile,
        maxLines: 100,
        maxLineTries: 100,
        // A reminder comes with the deadline: it is what helps when an event was lost.
        receiptDeadlineS: 10,
        transport: { ...profile.transport, timeoutMs: 2_000 },
      }),
    });
    url = await hub.serve();
    bbb = await providerId(hub, '3BB');
  });
  after(() => hub?.close());

  const keyOf = async (...scopes: string[]): Promise<string> =>
    (await createApiKey(hub.source, { name: scopes.join(' '), scopes }, HUB_ACTOR_ID)).key;
  const get = (path: string, key: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
    fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'accept-encoding': 'identity', ...headers },
    });
  const simulator = () => hub.simulator.get('3BB');

  test('2,000 lines with additions, amendments and removals, and every dial turned, end exactly right', async () => {
    simulator().turn({
      pull: { cut: 0.2, loses: 0.3, stale: 0.2, everyMs: 300 },
      faults: {
        error500Before: 0.05,
        error500After: 0.05,
        resetBefore: 0.05,
        resetAfter: 0.05,
        tooMany: 0.05,
        html: 0.05,
      },
      retryLater: { share: 0.05, times: 1, retryAfterSeconds: 0 },
      answer: {
        partSize: 30,
        repeat: 0.1,
        reorder: 0.3,
        reorderMs: 50,
        unknownBatch: 0.02,
        shifted: 0.05,
        badSignature: 0.02,
      },
    });
    await hub.work();
    const lines = await registerLines(hub.source, 2_000, [bbb], TODAY);
    await change(hub, lines.slice(0, 300), `package = 'WAH-FB-2', revision = revision + 1`);
    await planRemovals(hub.source, bbb, 400);
    await change(hub, lines.slice(200, 600), `state = 'cancelled', revision = revision + 1`);
    await change(hub, lines.slice(500, 550), `state = 'confirmed', revision = revision + 1`);
    await hub.settled(90);
    const books = await hub.compareBooks();
    assert.deepEqual(books['3BB'], { desired: 1_650, held: 1_650, wrong: 0 });
    const { pull } = simulator().state() as { pull: Record<string, number> };
    assert.ok(
      pull['told']! > 0 && pull['pages']! >= 20 && pull['cut']! > 0 && pull['resumed']! > 0,
      JSON.stringify(pull),
    );
    await assertNumbers(hub);
    // The receipt is the provider's own: its cursor came back past every page.
    const open = await query(hub.source, `SELECT number FROM batch WHERE provider_id = $1 AND receipt_at IS NULL`, [
      bbb,
    ]);
    assert.deepEqual(open, []);
    simulator().turn({
      pull: { cut: 0, loses: 0, stale: 0, everyMs: 0 },
      faults: { error500Before: 0, error500After: 0, resetBefore: 0, resetAfter: 0, tooMany: 0, html: 0 },
      retryLater: { share: 0 },
      answer: { partSize: 0, repeat: 0, reorder: 0, unknownBatch: 0, shifted: 0, badSignature: 0 },
    });
  });

  test('the same cursor gives the same bytes, plain, gzipped and in ranges, also after more batches', async () => {
    const key = await keyOf('provider:3BB');
    const pages = new Map<string, string>();
    const read = async (): Promise<Map<string, string>> => {
      const seen = new Map<string, string>();
      for (let path = '/v1/feed/3BB/pages'; ;) {
        const answer = await get(path, key);
        const next = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
        assert.ok(next, 'a page without a way on');
        if (answer.status === 204) {
          assert.equal(next, path, 'the end keeps the cursor');
          return seen;
        }
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.get('content-type'), 'application/x-ndjson; charset=utf-8');
        const body = Buffer.from(await answer.arrayBuffer());
        const at = body.lastIndexOf(10, body.length - 2) + 1;
        const end = JSON.parse(body.toString('utf8', at)) as { end: true; count: number; sha256: string; next: string };
        assert.equal(end.sha256, createHash('sha256').update(body.subarray(0, at)).digest('hex'));
        assert.equal(`/v1/feed/3BB/pages?after=${end.next}`, next);
        const digest = createHash('sha256').update(body);
        const hash = digest.copy().digest('hex');
        assert.equal(answer.headers.get('etag'), `"${hash}"`);
        assert.equal(answer.headers.get('repr-digest'), `sha-256=:${digest.digest('base64')}:`);
        const batch = end.next.split('-')[0];
        const again = await get(`/v1/providers/3BB/batches/${batch}/bytes`, key);
        assert.equal(again.headers.get('content-type'), 'application/x-ndjson; charset=utf-8');
        assert.deepEqual(Buffer.from(await again.arrayBuffer()), body, 'the re-fetch of a batch has other bytes');
        seen.set(path, hash);
        path = next;
      }
    };
    for (const [path, hash] of await read()) pages.set(path, hash);
    assert.ok(pages.size >= 20);
    await registerLines(hub.source, 250, [bbb], TODAY);
    await hub.settled(60);
    const later = await read();
    assert.ok(later.size > pages.size);
    for (const [path, hash] of pages) assert.equal(later.get(path), hash, path);

    // Another process of the API, as after a restart.
    const another = await createApi(hub.config);
    try {
      await another.listen(0, '127.0.0.1');
      const base = (await another.getUrl()).replace('[::1]', '127.0.0.1');
      for (const [path, hash] of pages) {
        const answer = await fetch(`${base}${path}`, { headers: { authorization: `Bearer ${key}` } });
        assert.equal(
          createHash('sha256')
            .update(Buffer.from(await answer.arrayBuffer()))
            .digest('hex'),
          hash,
          path,
        );
      }
    } finally {
      await another.close();
    }

    const [first] = [...pages.keys()];
    const whole = Buffer.from(await (await get(first!, key)).arrayBuffer());
    const etag = `"${pages.get(first!)}"`;
    const rest = await get(first!, key, { range: 'bytes=1000-', 'if-range': etag, 'accept-encoding': 'gzip' });
    assert.equal(rest.status, 206);
    assert.equal(rest.headers.get('content-range'), `bytes 1000-${whole.length - 1}/${whole.length}`);
    assert.deepEqual(Buffer.from(await rest.arrayBuffer()), whole.subarray(1000));
    assert.equal((await get(first!, key, { range: 'bytes=1000-', 'if-range': '"another"' })).status, 200);
    assert.equal((await get(first!, key, { range: `bytes=${whole.length}-` })).status, 416);
    assert.equal((await get(first!, key, { 'if-none-match': etag })).status, 304);
    const head = await get(first!, key, {}, 'HEAD');
    assert.equal(head.headers.get('content-length'), String(whole.length));
    const zipped = await get(first!, key, { 'accept-encoding': 'gzip' });
    assert.equal(zipped.headers.get('content-encoding'), 'gzip');
    assert.deepEqual(Buffer.from(await zipped.arrayBuffer()), whole, 'fetch unpacks');
    assert.ok(gunzipSync);
  });

  test('a cursor that the feed never gave is told so, and one that cannot be read', async () => {
    const key = await keyOf('provider:3BB');
    const unknown = await get('/v1/feed/3BB/pages?after=999999-1', key);
    assert.equal(unknown.status, 409);
    assert.match(((await unknown.json()) as { detail: string }).detail, /full list/);
    for (const bad of ['1', '0-0', '1-0', 'x', '1-1;', '-1-1']) {
      const answer = await get(`/v1/feed/3BB/pages?after=${encodeURIComponent(bad)}`, key);
      assert.equal(answer.status, 422, bad);
    }
  });

  test('another provider’s key, ONDE’s and none open nothing of it', async () => {
    const strangers = [await keyOf('provider:TRUE'), await keyOf('onde', 'ops.read', 'ops.act', 'approve')];
    const own = await keyOf('provider:3BB');
    for (const path of ['/v1/feed/3BB', '/v1/feed/3BB/pages', '/v1/feed/3bb/pages?after=1-1']) {
      for (const key of strangers) {
        const answer = await get(path, key);
        assert.equal(answer.status, 403, path);
        assert.doesNotMatch(await answer.text(), /"batch"|\+66/);
      }
      assert.equal((await fetch(`${url}${path}`)).status, 401, path);
      assert.equal((await get(path, own)).status, 200, path);
    }
    const other = await keyOf('provider:TRUE');
    for (const path of ['batches', 'batches/1', 'batches/1/bytes', 'full-list', 'full-list/entries']) {
      const answer = await get(`/v1/providers/3BB/${path}`, other);
      assert.equal(answer.status, 403, path);
      assert.doesNotMatch(await answer.text(), /sha256|\+66/);
      assert.notEqual((await get(`/v1/providers/3BB/${path}`, own)).status, 403, path);
    }
    assert.equal((await get('/v1/providers/3BB/full-list', other, {}, 'POST')).status, 403);
    const noFeed = await get('/v1/feed/TRUE/pages', other);
    assert.equal(noFeed.status, 409, 'TRUE has no feed');
  });

  test('it asks for a full list of its own, once, and reads it in parts from its cursor', async () => {
    const key = await keyOf('provider:3BB');
    const entries = '/v1/providers/3BB/full-list/entries';
    const none = { newest: null, underWay: null, restated: null, entries };
    assert.deepEqual(await (await get('/v1/providers/3BB/full-list', key)).json(), none);
    assert.equal((await get('/v1/providers/3BB/full-list', key, {}, 'POST')).status, 202);
    await until(async () => {
      const [row] = await query<{ n: number }>(hub.source, `SELECT count(*) AS n FROM sync WHERE ended_at IS NULL`);
      return row?.n === 0;
    }, 'the full list is answered');
    const { newest } = (await (await get('/v1/providers/3BB/full-list', key)).json()) as {
      newest: { batch: number; parts: number; lines: number; sha256: string; after: string; hrefs: string[] };
    };
    assert.equal(newest.lines, 1_900);
    assert.equal(newest.parts, 19);
    const whole = createHash('sha256');
    for (const href of newest.hrefs) whole.update(Buffer.from(await (await get(href, key)).arrayBuffer()));
    assert.equal(whole.digest('hex'), newest.sha256);
    const first = await (await get(`/v1/feed/3BB/pages?after=${newest.after}`, key)).text();
    assert.match(first, new RegExp(`^\\{[^\\n]*"batch":${newest.batch},"kind":"full","part":1,"parts":19`));
    const again = await get('/v1/providers/3BB/full-list', key, {}, 'POST');
    assert.equal(again.status, 429);
    assert.ok(Number(again.headers.get('retry-after')) > 3_000);
    const [audited] = await query<{ name: string }>(
      hub.source,
      `SELECT a.name FROM audit JOIN actor a USING (actor_id) WHERE act = 'sync.start' ORDER BY audit_id DESC LIMIT 1`,
    );
    assert.match(audited?.name ?? '', /^provider:3BB/);
    assert.deepEqual((await hub.compareBooks())['3BB'], { desired: 1_900, held: 1_900, wrong: 0 });
  });

  test('at the end of the feed a request may wait for what comes', async () => {
    const key = await keyOf('provider:3BB');
    simulator().turn({ pull: { fetching: 'off' } });
    const { newest } = (await (await get('/v1/feed/3BB', key)).json()) as { newest: string };
    assert.equal((await get(`/v1/feed/3BB/pages?after=${newest}&wait=1`, key)).status, 204);
    const waiting = get(`/v1/feed/3BB/pages?after=${newest}&wait=20`, key);
    await registerLines(hub.source, 1, [bbb], TODAY);
    assert.equal((await waiting).status, 200);
    assert.equal((await get(`/v1/feed/3BB/pages?wait=600`, key)).status, 422);
    simulator().turn({ pull: { fetching: 'on' } });
    await hub.settled(60);
  });

  test('a person who pauses it holds new pages back, and none that was read', async () => {
    const key = await keyOf('provider:3BB');
    const actor = 'SELECT max(actor_id) AS id FROM actor';
    const [person] = await query<{ id: number }>(hub.source, actor);
    const { newest } = (await (await get('/v1/feed/3BB', key)).json()) as { newest: string };
    simulator().turn({ pull: { fetching: 'off' } });
    await registerLines(hub.source, 10, [bbb], TODAY);
    const told = async (): Promise<boolean> =>
      ((await (await get('/v1/feed/3BB', key)).json()) as { newest: string; waiting: number }).newest !== newest;
    await until(told, 'a new page lies there');
    await pauseProvider(hub.source, bbb, person!.id, 'a test');
    assert.equal((await get(`/v1/feed/3BB/pages?after=${newest}`, key)).status, 204, 'held');
    assert.equal((await get('/v1/feed/3BB/pages', key)).status, 200, 'read before');
    await resumeProvider(hub.source, bbb, person!.id, 'a test');
    // Where the hub itself stops sending, what lies there may be fetched.
    await pauseProvider(hub.source, bbb, HUB_ACTOR_ID, 'the provider refuses us');
    assert.equal((await get(`/v1/feed/3BB/pages?after=${newest}`, key)).status, 200);
    await resumeProvider(hub.source, bbb, HUB_ACTOR_ID, 'a test');
    simulator().turn({ pull: { fetching: 'on' } });
    await hub.settled(60);
  });

  test('what was forgotten is read again from where the memory ends', async () => {
    simulator().forget({ batches: 4 });
    await registerLines(hub.source, 10, [bbb], TODAY);
    await hub.settled(60);
    await until(async () => (await hub.compareBooks())['3BB']!.wrong === 0, 'the book is right again');
    assert.deepEqual((await hub.compareBooks())['3BB'], { desired: 1_921, held: 1_921, wrong: 0 });
  });

  test('what retention erased is answered 410 with the way to the full list', async () => {
    const key = await keyOf('provider:3BB');
    await query(hub.source, 'DELETE FROM batch_bytes WHERE provider_id = $1 AND number = 1', [bbb]);
    for (const path of ['/v1/feed/3BB/pages', '/v1/providers/3BB/batches/1/bytes']) {
      const answer = await get(path, key);
      assert.equal(answer.status, 410, path);
      assert.match(((await answer.json()) as { detail: string }).detail, /\/v1\/providers\/3BB\/full-list/);
    }
    // A provider that lost everything meets it, and goes on from the full list.
    simulator().forget({ everything: true });
    await registerLines(hub.source, 5, [bbb], TODAY);
    await until(async () => (await hub.compareBooks())['3BB']!.wrong === 0, 'it goes on from the full list');
    assert.deepEqual((await hub.compareBooks())['3BB'], { desired: 1_926, held: 1_926, wrong: 0 });
  });
});

async function until(fact: () => Promise<boolean>, what: string, withinS = 60): Promise<void> {
  const end = Date.now() + withinS * 1000;
  while (!(await fact())) {
    if (Date.now() > end) throw new Error(`not within ${withinS} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
