// Push now: one line of a backlog goes ahead as a batch of its own, and overtakes nothing of its own entry.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pauseProvider, pushLine, resumeProvider } from '#dispatch';
import { bangkokDay, inTransaction, query } from '#platform';
import { Deriver } from '#whitelist';
import { registerLines, startTestHub, type TestHub } from '../support/hub.js';
import { assertNumbers } from '../support/numbers.js';

const today = bangkokDay(new Date());

describe('push now', () => {
  let hub: TestHub;
  before(async () => {
    hub = await startTestHub({ providers: ['AIS'], profile: (profile) => ({ ...profile, maxLines: 100 }) });
    await hub.work();
  });
  after(() => hub.close());

  async function cancel(lines: number[]): Promise<void> {
    await query(hub.source, `UPDATE registration SET state = 'cancelled' WHERE line_id = ANY($1::bigint[])`, [lines]);
    await inTransaction(hub.source, (tx) =>
      new Deriver(() => [1]).derive(
        tx,
        { fresh: [], known: lines },
        { cause: 'cancelled', actorId: 1, runId: null, today },
      ),
    );
  }

  test('the pushed line is the first batch after the pause, the backlog follows without it', async () => {
    await pauseProvider(hub.source, 1, 1, 'maintenance');
    const lines = await registerLines(hub.source, 500, [1], today);
    const last = lines.at(-1) as number;
    assert.deepEqual(await pushLine(hub.source, last, 1, 'the minister waits'), [{ providerId: 1, push: 'ahead' }]);
    await resumeProvider(hub.source, 1, 1, 'done');
    await hub.settled();
    const [first] = await query<{ ahead: boolean; from_seq: number; line_count: number }>(
      hub.source,
      'SELECT ahead, from_seq, line_count FROM batch WHERE number = 1',
    );
    assert.deepEqual(first, { ahead: true, from_seq: 500, line_count: 1 });
    const [sum] = await query<{ lines: number }>(hub.source, 'SELECT sum(line_count)::int AS lines FROM batch');
    assert.equal(sum?.lines, 500, 'nothing is sent twice');
    assert.deepEqual(await hub.compareBooks(), { AIS: { desired: 500, held: 500, wrong: 0 } });
    assert.deepEqual(await pushLine(hub.source, last, 1, 'again'), [{ providerId: 1, push: 'onItsWay' }]);
  });

  test('an earlier unsealed change of the entry is not overtaken; later ones follow the pushed one', async () => {
    await pauseProvider(hub.source, 1, 1, 'maintenance');
    const lines = await registerLines(hub.source, 50, [1], today);
    const [one, two] = [lines[10] as number, lines[20] as number];
    assert.equal((await pushLine(hub.source, two, 1, 'urgent'))[0]?.push, 'ahead');
    await cancel([one]);
    assert.equal((await pushLine(hub.source, one, 1, 'urgent'))[0]?.push, 'behind');
    await resumeProvider(hub.source, 1, 1, 'done');
    await cancel([two]);
    await hub.settled();
    assert.deepEqual(await hub.compareBooks(), { AIS: { desired: 548, held: 548, wrong: 0 } });
    await assertNumbers(hub);
  });

  test('a pushed change that is the newest, or after which only pushed ones follow, leaves nothing behind as pending', async () => {
    await pauseProvider(hub.source, 1, 1, 'maintenance');
    const lines = await registerLines(hub.source, 3, [1], today);
    for (const line of lines.slice(1)) await pushLine(hub.source, line, 1, 'urgent');
    await resumeProvider(hub.source, 1, 1, 'done');
    await hub.settled();
    const [stream] = await query<{ sealed_seq: number; last_seq: number }>(
      hub.source,
      'SELECT sealed_seq, last_seq FROM provider_stream JOIN provider_counter USING (provider_id) WHERE provider_id = 1',
    );
    assert.equal(stream?.sealed_seq, stream?.last_seq);
    const [only] = await registerLines(hub.source, 1, [1], today);
    await pushLine(hub.source, only ?? 0, 1, 'urgent');
    await hub.settled();
    assert.deepEqual(await hub.compareBooks(), { AIS: { desired: 552, held: 552, wrong: 0 } });
    await assertNumbers(hub);
  });
});
