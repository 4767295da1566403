// No body is larger than the profile says: batches end earlier, halves of refused ones and parts of a full list too.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { HUB_ACTOR_ID, bangkokDay, query } from '#platform';
import { startSync } from '#dispatch';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';
import { assertNumbers } from '../../support/numbers.js';

const today = bangkokDay(new Date());
const MOST = 16_384;

describe('bodies for AIS', () => {
  let hub: TestHub;
  before(async () => {
    hub = await startTestHub({
      providers: ['AIS'],
      profile: (profile) => ({ ...profile, maxLines: 1000, maxBytes: MOST }),
      dials: { AIS: { dial: { poison: 0.004 } } },
    });
    await hub.work();
  });
  after(() => hub.close());

  test('end before the limit, every line arrives, and numbers have no hole', async () => {
    const lines = await registerLines(hub.source, 1200, [1], today);
    await hub.settled(60);
    const { Deriver } = await import('#whitelist');
    const { inTransaction } = await import('#platform');
    await query(hub.source, 'UPDATE registration SET valid_to = valid_to + 7 WHERE line_id = ANY($1::bigint[])', [
      lines.slice(0, 400),
    ]);
    await inTransaction(hub.source, (tx) =>
      new Deriver(() => [1]).derive(
        tx,
        { fresh: [], known: lines.slice(0, 400) },
        { cause: 'amended', actorId: HUB_ACTOR_ID, runId: null, today },
      ),
    );
    await hub.settled(60);
    const batches = await query<{ bytes: number; lines: number; state: string }>(
      hub.source,
      'SELECT byte_size AS bytes, line_count AS lines, state FROM batch ORDER BY number',
    );
    assert.ok(Math.max(...batches.map((batch) => batch.bytes)) <= MOST);
    const largest = Math.max(...batches.map((batch) => batch.lines));
    assert.ok(largest > 80 && largest < 130, `bodies are filled: ${largest} lines`);
    assert.ok(batches.some((batch) => batch.state === 'refused'));
    await assertNumbers(hub);
    const [rejected] = await query<{ n: number }>(
      hub.source,
      `SELECT count(*) AS n FROM exception x JOIN entry e ON e.provider_id = x.provider_id AND e.last_seq = x.seq WHERE x.ended_at IS NULL`,
    );
    const { desired, wrong } = (await hub.compareBooks())['AIS'] ?? { desired: 0, wrong: 0 };
    assert.deepEqual([desired, wrong], [1200, rejected?.n]);
  });

  test('a full list comes in parts that are small enough', async () => {
    hub.simulator.get('AIS').turn({ poison: 0 });
    await startSync(hub.source, [1], 'full', 'as a test', HUB_ACTOR_ID);
    const full = async () =>
      (
        await query<{ parts: number; state: string; most: number }>(
          hub.source,
          `SELECT parts, state, (SELECT max(last_n - first_n + 1) FROM batch_bytes y WHERE y.number = b.number) AS most
           FROM batch b WHERE kind = 'full'`,
        )
      )[0];
    for (let batch = await full(); batch?.state !== 'settled'; batch = await full())
      await new Promise((resolve) => setTimeout(resolve, 50));
    const batch = await full();
    assert.deepEqual([batch?.parts, batch?.most], [40, 30]);
    await assertNumbers(hub);
    assert.equal((await hub.compareBooks())['AIS']?.wrong, 0);
  });
});
