// Retention: bytes and attempts of batches that ended long ago go, numbers and hashes stay, and nothing else notices.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { forgetBatches } from '#dispatch';
import { firstKey } from '#operations';
import { bangkokDay, query } from '#platform';
import { registerLines, startTestHub, type TestHub } from '../support/hub.js';

const DAY_MS = 86_400_000;
const calm = (): AbortSignal => new AbortController().signal;

describe('retention of batches', () => {
  let hub: TestHub;
  let id: number;
  let url: string;
  let key: string;

  before(async () => {
    hub = await startTestHub({ providers: ['AIS'] });
    const [row] = await query<{ provider_id: number }>(
      hub.source,
      `SELECT provider_id FROM provider WHERE code = 'AIS'`,
    );
    id = row?.provider_id ?? 0;
    url = await hub.serve();
    key = (await firstKey(hub.source))?.key ?? '';
    await hub.work();
    await registerLines(hub.source, 700, [id], bangkokDay(new Date()));
    await hub.settled();
  });
  after(() => hub.close());

  const read = async (what: string) =>
    fetch(`${url}/v1/providers/AIS/batches/1${what}`, { headers: { 'X-Api-Key': key } });
  const rows = async (table: string) =>
    (await query<{ n: number }>(hub.source, `SELECT count(*) AS n FROM ${table} WHERE provider_id = $1`, [id]))[0]?.n ??
    0;

  test('nothing goes before its time; after it bytes and attempts go, and a re-fetch is answered 410', async () => {
    const now = Date.now();
    const early = await forgetBatches(hub.source, id, 90, new Date(now + 89 * DAY_MS), calm());
    assert.deepEqual([early.batches, (await read('/bytes')).status], [0, 200]);
    const batches = await rows('batch');
    const late = await forgetBatches(hub.source, id, 90, new Date(now + 91 * DAY_MS), calm());
    assert.equal(late.batches, batches);
    assert.ok(late.parts >= batches && late.attempts >= batches);
    assert.deepEqual([await rows('batch_bytes'), await rows('attempt'), await rows('batch')], [0, 0, batches]);
    const gone = await read('/bytes');
    assert.deepEqual(
      [gone.status, ((await gone.json()) as { type: string }).type],
      [410, 'urn:saphan:problem:bytes-erased'],
    );
    assert.equal((await read('')).status, 200, 'number, range, counts and hash remain');
    assert.equal((await forgetBatches(hub.source, id, 90, new Date(now + 91 * DAY_MS), calm())).batches, 0);
  });

  test('what is delivered afterwards is as before, and the counts still add up', async () => {
    await registerLines(hub.source, 300, [id], bangkokDay(new Date()));
    await hub.settled();
    assert.deepEqual((await hub.compareBooks())['AIS'], { desired: 1_000, held: 1_000, wrong: 0 });
    const answer = await fetch(`${url}/v1/providers/AIS`, { headers: { 'X-Api-Key': key } });
    const { present } = (await answer.json()) as { present: { total: number; applied: number } };
    assert.deepEqual([present.total, present.applied], [1_000, 1_000]);
  });
});
