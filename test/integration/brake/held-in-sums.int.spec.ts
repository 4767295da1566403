// Wherever an entry's last change stands when its removal is held: sums, blocks of lines and one line say held, once.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { countProviders } from '#operations';
import { query } from '#platform';
import { judgedOneByOne, withoutZeros } from '../../../apps/api/testing/judged-one-by-one.js';
import type { StartedApi } from '../../../apps/api/testing/started-api.js';
import { startBrakeKit, type BrakeKit } from './brake-kit.js';

const AIS = 1;

describe('a hold in the sums', () => {
  let kit: BrakeKit;
  before(async () => {
    kit = await startBrakeKit(['AIS']);
    await query(kit.source, `INSERT INTO removal (provider_id, at, kind, lines) VALUES (${AIS}, now(), 'budget', 200)`);
  });
  after(() => kit.close());

  const batch = (number: number, from: number, to: number, state: string, omitted: number[] = []) =>
    query(
      kit.source,
      `INSERT INTO batch (provider_id, number, kind, from_seq, to_seq, line_count, omitted, state, sha256, byte_size, sealed_at, handed_at, said)
       VALUES (${AIS}, $1, 'delta', $2::bigint, $3::bigint, $3::bigint - $2::bigint + 1, $5, $4, '\\x00', 0, now(), now(),
         CASE WHEN $4 = 'settled' THEN 'applied' END)`,
      [number, from, to, state, omitted],
    );
  const same = async () => {
    const counts = (await countProviders(kit.source, [AIS])).get(AIS)!.entries;
    const hub = { source: kit.source, ids: { AIS } } as unknown as StartedApi;
    assert.deepEqual(withoutZeros(counts.present), await judgedOneByOne(hub, AIS, true));
    assert.deepEqual(withoutZeros(counts.absent), await judgedOneByOne(hub, AIS, false));
    return counts;
  };

  test('applied, rejected, in flight, refused, waiting and pending ones alike', async () => {
    // Two entries in each place: one of them is to be removed.
    const lines = await kit.register(12, [AIS]);
    await batch(1, 1, 4, 'settled');
    await query(
      kit.source,
      `INSERT INTO exception (provider_id, seq, entry_ref, number, n, kind, code)
       SELECT provider_id, seq, entry_ref, 1, seq, 'rejected', 'NOT_SUBSCRIBER' FROM change WHERE provider_id = ${AIS} AND seq IN (3, 4)`,
    );
    await batch(2, 5, 6, 'handed');
    await batch(3, 7, 8, 'refused');
    await query(kit.source, `INSERT INTO refused_range VALUES (${AIS}, 7, 8, 3, 3)`);
    await batch(4, 9, 10, 'handed', [9, 10]);
    await query(
      kit.source,
      `INSERT INTO omission (provider_id, seq, entry_ref, waits_for)
       SELECT provider_id, seq, entry_ref, 5 FROM change WHERE provider_id = ${AIS} AND seq IN (9, 10)`,
    );
    await query(kit.source, `UPDATE provider_stream SET sealed_seq = 10, next_number = 5 WHERE provider_id = ${AIS}`);
    const before = await same();
    const wanted = { applied: 2, rejected: 2, inFlight: 2, pending: 4, waiting: 2, total: 12 };
    assert.deepEqual(withoutZeros(before.present), wanted);
    await kit.remove(lines.filter((_, i) => i % 2 === 0));
    const after = await same();
    assert.deepEqual(withoutZeros(after.absent), { held: 6, total: 6 });
    assert.deepEqual(withoutZeros(after.present), {
      applied: 1,
      rejected: 1,
      inFlight: 1,
      pending: 2,
      waiting: 1,
      total: 6,
    });
    // What is answered later of the change in flight takes nothing away from the hold.
    await query(
      kit.source,
      `INSERT INTO exception (provider_id, seq, entry_ref, number, n, kind, code)
       SELECT provider_id, seq, entry_ref, 2, 1, 'rejected', 'NOT_SUBSCRIBER' FROM change WHERE provider_id = ${AIS} AND seq = 5`,
    );
    assert.deepEqual(withoutZeros((await same()).absent), { held: 6, total: 6 });
  });
});
