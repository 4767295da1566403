// Delivery end to end on the heart: real worker, real queue, real HTTP to a simulated provider.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { checkReceipt } from '#dispatch';
import { bangkokDay, query } from '#platform';
import { registerLines, startTestHub, type TestHub } from '../support/hub.js';

const today = bangkokDay(new Date());

describe('AIS, outcomes in the response', () => {
  let hub: TestHub;
  before(async () => {
    hub = await startTestHub({ providers: ['AIS'], profile: (profile) => ({ ...profile, maxLines: 100 }) });
    await hub.work();
  });
  after(() => hub.close());

  test('lines arrive and are acknowledged, in numbered batches', async () => {
    await registerLines(hub.source, 950, [1], today);
    await hub.settled();
    assert.deepEqual(await hub.compareBooks(), { AIS: { desired: 950, held: 950, wrong: 0 } });
    const batches = await query<{ number: number; n_applied: number; state: string }>(
      hub.source,
      'SELECT number, n_applied, state FROM batch ORDER BY number',
    );
    assert.deepEqual(
      batches.map((batch) => batch.number),
      batches.map((_, i) => i + 1),
    );
    assert.ok(batches.every((batch) => batch.state === 'settled'));
    assert.equal(
      batches.reduce((sum, batch) => sum + batch.n_applied, 0),
      950,
    );
  });
});

describe('AIS with a bad line: faults, refusals, delays', () => {
  let hub: TestHub;
  before(async () => {
    hub = await startTestHub({
      providers: ['AIS'],
      profile: (profile) => ({ ...profile, maxLines: 50, transport: { ...profile.transport, timeoutMs: 1000 } }),
      dials: {
        AIS: {
          dial: {
            faults: {
              error500Before: 0.1,
              error500After: 0.1,
              resetBefore: 0.05,
              resetAfter: 0.1,
              tooMany: 0.05,
              hangAfter: 0.03,
            },
            retryAfterSeconds: 1,
            reject: { share: 0.05 },
            retryLater: { share: 0.05, times: 2, retryAfterSeconds: 1 },
          },
        },
      },
    });
    await hub.work();
  });
  after(() => hub.close());

  test('every line ends applied or rejected, amendments overtaking or not, and the book is right', async () => {
    const lines = await registerLines(hub.source, 600, [1], today);
    await hub.settled(120);
    await query(hub.source, `UPDATE registration SET valid_to = valid_to + 7 WHERE line_id = ANY($1::bigint[])`, [
      lines.slice(0, 300),
    ]);
    const { Deriver } = await import('#whitelist');
    const { inTransaction } = await import('#platform');
    await inTransaction(hub.source, (tx) =>
      new Deriver(() => [1]).derive(
        tx,
        { fresh: [], known: lines.slice(0, 300) },
        { cause: 'amended', actorId: 1, runId: null, today },
      ),
    );
    await hub.settled(120);
    const [sums] = await query<Record<string, number>>(
      hub.source,
      `SELECT sum(line_count)::int AS lines, sum(n_applied + n_already + n_rejected + n_retrying + n_uncertain)::int AS answered,
         sum(n_uncertain)::int AS uncertain FROM batch WHERE state = 'settled'`,
    );
    assert.equal(sums?.['lines'], sums?.['answered']);
    assert.equal(sums?.['uncertain'], 0);
    const [open] = await query<{ n: number }>(
      hub.source,
      `SELECT count(*) AS n FROM exception x JOIN entry e ON e.provider_id = x.provider_id AND e.last_seq = x.seq WHERE x.ended_at IS NULL AND x.kind = 'rejected'`,
    );
    const books = await hub.compareBooks();
    assert.ok((open?.n ?? 0) > 0, 'some lines are rejected');
    assert.equal(books['AIS']?.wrong, open?.n);
  });
});

describe('TRUE by callback and CAT by files, with tempers', () => {
  let hub: TestHub;
  before(async () => {
    hub = await startTestHub({
      providers: ['TRUE', 'CAT'],
      profile: (profile) => ({ ...profile, maxLines: 60 }),
      dials: {
        TRUE: {
          dial: {
            answer: {
              partSize: 17,
              repeat: 0.3,
              reorder: 0.3,
              reorderMs: 200,
              unknownBatch: 0.1,
              shifted: 0.1,
              badSignature: 0.1,
            },
            reject: { share: 0.04 },
          },
        },
        CAT: { dial: { answer: { partSize: 25, repeat: 0.2 }, reject: { share: 0.04 } } },
      },
    });
    await hub.serve();
    await hub.work();
  });
  after(() => hub.close());

  test('late, repeated, reordered, shifted and foreign answers move nothing wrongly', async () => {
    await registerLines(hub.source, 800, [1, 2], today);
    await hub.settled(120);
    const books = await hub.compareBooks();
    for (const code of ['TRUE', 'CAT']) {
      const [row] = await query<{ rejected: number }>(
        hub.source,
        `SELECT count(*) AS rejected FROM exception JOIN provider USING (provider_id) WHERE provider.code = $1 AND kind = 'rejected' AND ended_at IS NULL`,
        [code],
      );
      assert.ok((row?.rejected ?? 0) > 0);
      assert.equal(books[code]?.wrong, row?.rejected, code);
    }
  });

  test('a receipt for other bytes than were sent stops the provider', async () => {
    const [batch] = await query<{ provider_id: number; number: number; sha256: Buffer }>(
      hub.source,
      `SELECT provider_id, number, sha256 FROM batch JOIN provider USING (provider_id) WHERE code = 'CAT' ORDER BY number LIMIT 1`,
    );
    assert.ok(batch);
    const { provider_id: id, number, sha256 } = batch;
    assert.equal(await checkReceipt(hub.source, id, number, sha256.toString('hex')), 'ours');
    assert.equal(await checkReceipt(hub.source, id, 999_999, sha256.toString('hex')), 'cannotTell');
    assert.equal(await checkReceipt(hub.source, id, number, '00'.repeat(32)), 'otherBytes');
    const [stream] = await query<{ pause_reason: string }>(
      hub.source,
      'SELECT pause_reason FROM provider_stream WHERE provider_id = $1',
      [id],
    );
    assert.match(stream?.pause_reason ?? '', /other bytes/);
  });
});
