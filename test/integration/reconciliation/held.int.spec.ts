// What the hub believes a provider to hold, against what the simulator really holds: equal trees, whatever was answered.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bangkokDay, inTransaction, query } from '#platform';
import { itemOf, leafOf } from '../../../libs/reconciliation/digest/definition.js';
import { DigestTree } from '../../../libs/reconciliation/digest/tree.js';
import { foldHeld, heldTree } from '../../../libs/reconciliation/held.js';
import { Deriver } from '#whitelist';
import { startSync } from '#dispatch';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';

const SECRET = Buffer.from('a secret for digests in this spec');
const TODAY = bangkokDay(new Date());

describe('what a provider was acknowledged to hold', () => {
  let hub: TestHub;
  const ids: Record<string, number> = {};

  before(async () => {
    hub = await startTestHub({
      providers: ['AIS', 'TRUE'],
      dials: {
        AIS: { dial: { reject: { share: 0.1 } } },
        TRUE: { dial: { answer: { partSize: 50, reorder: 0.5, repeat: 0.3 }, reject: { share: 0.05 } } },
      },
    });
    for (const row of await query<{ provider_id: number; code: string }>(
      hub.source,
      'SELECT provider_id, code FROM provider',
    ))
      ids[row.code] = row.provider_id;
    await hub.serve();
    await hub.work();
  });
  after(() => hub.close());

  function observed(code: 'AIS' | 'TRUE'): DigestTree {
    const tree = new DigestTree();
    const { book } = hub.simulator.get(code).provider.applier;
    for (const ref of book.sortedRefs()) {
      const line = book.get(ref);
      if (!line) continue;
      const key = line.access === 'MB' ? `M:${line.line.slice(1)}` : `F:${code}:${line.line}`;
      const entry = { key, package: line.package, from: line.from, to: line.to ?? null };
      tree.add(leafOf(SECRET, key), itemOf(SECRET, entry));
    }
    return tree;
  }

  async function compared(code: 'AIS' | 'TRUE') {
    const id = ids[code] ?? 0;
    const [counter] = await query<{ last_seq: number }>(
      hub.source,
      'SELECT last_seq FROM provider_counter WHERE provider_id = $1',
      [id],
    );
    const folded = await foldHeld(hub.source, id, SECRET, counter?.last_seq ?? 0);
    const [ours, theirs] = [await heldTree(hub.source, id), observed(code)];
    assert.equal(ours.count, theirs.count, `${code}: entries`);
    assert.deepEqual(ours.root(), theirs.root(), `${code}: root`);
    return folded;
  }

  /** Cancels some registrations and changes the dates of others. */
  async function churn(lines: number[]): Promise<void> {
    await inTransaction(hub.source, async (tx) => {
      await tx.query('SELECT 1 FROM line WHERE line_id = ANY($1::bigint[]) ORDER BY line_id FOR UPDATE', [lines]);
      await tx.query(
        `UPDATE registration SET state = CASE WHEN line_id % 2 = 0 THEN 'cancelled' ELSE state END,
           valid_to = CASE WHEN line_id % 3 = 0 THEN valid_to + 10 ELSE valid_to END WHERE line_id = ANY($1::bigint[])`,
        [lines],
      );
      await new Deriver(() => Object.values(ids)).derive(
        tx,
        { fresh: [], known: lines },
        { cause: 'amended', actorId: 1, runId: null, today: TODAY },
      );
    });
  }

  test('after additions, changes, removals and a full list, the trees are equal; folding twice folds nothing', async () => {
    const lines = await registerLines(hub.source, 1_200, [ids['AIS'] ?? 0, ids['TRUE'] ?? 0], TODAY);
    await hub.settled();
    assert.ok((await compared('AIS')).batches > 0);
    await compared('TRUE');
    await churn(lines.slice(0, 300));
    await hub.settled();
    assert.ok((await compared('AIS')).batches > 0);
    assert.ok((await compared('TRUE')).batches > 0);
    assert.equal((await compared('TRUE')).batches, 0);
    await startSync(hub.source, Object.values(ids), 'full', 'a full list for the spec', 1);
    await churn(lines.slice(300, 400));
    await hub.settled();
    await compared('AIS');
    await compared('TRUE');
  });

  test('one line changed at the provider alone is seen; another secret gives another tree that is equal again', async () => {
    const { book } = hub.simulator.get('AIS').provider.applier;
    const ref = book.sortedRefs().find((one) => book.get(one) !== undefined) ?? '';
    const before = book.get(ref);
    assert.ok(before);
    book.remove(ref, before.seq);
    const ours = await heldTree(hub.source, ids['AIS'] ?? 0);
    assert.notDeepEqual(ours.root(), observed('AIS').root());
    assert.equal(ours.count, observed('AIS').count + 1);
    await foldHeld(hub.source, ids['TRUE'] ?? 0, Buffer.from('another'), 0);
    assert.notDeepEqual((await heldTree(hub.source, ids['TRUE'] ?? 0)).root(), observed('TRUE').root());
    await compared('TRUE');
    await assert.rejects(foldHeld(hub.source, ids['TRUE'] ?? 0, Buffer.alloc(65), 0), RangeError);
  });
});
