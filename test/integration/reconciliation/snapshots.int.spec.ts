// Whole lists of all six providers by their own means: equal, drift of every kind seen twice and repaired, a backup put back.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { listRuns } from '#reconciliation';
import { startListKit, type Code, type ListKit } from './snapshot-kit.js';

const CODES: Code[] = ['AIS', 'TRUE', 'DTAC', 'CAT', 'TOT', '3BB'];
const only = process.env['SAPHAN_SPEC_PROVIDER'];

for (const code of CODES.filter((one) => only === undefined || one === only)) {
  describe(`the whole list of ${code}`, () => {
    let kit: ListKit;
    const book = () => kit.hub.simulator.get(code).provider.applier.book;

    before(async () => {
      kit = await startListKit(code);
      await kit.register(300);
    });
    after(() => kit.hub.close());

    test('equal: nothing differs, nothing is done', async () => {
      const result = await kit.run();
      assert.deepEqual([result.result, result.drifted, result.awaiting], ['equal', 0, 0], result.detail ?? '');
      assert.deepEqual([result.heldHere, result.heldThere], [300, 300]);
      assert.deepEqual(await kit.drift(), []);
    });

    test('one missing, one that differs, one that was removed and is there: seen twice, repaired, equal', async () => {
      const [gone, other, off] = kit.held();
      assert.ok(gone && other && off);
      const theirs = book();
      const kept = theirs.get(other);
      const extra = theirs.get(off);
      assert.ok(kept && extra);
      await kit.remove(off);
      assert.equal(theirs.get(off), undefined);
      const access = kept.access;
      theirs.put(
        off,
        extra.line,
        theirs.terms.idOf(access, extra.package, extra.from, extra.to),
        theirs.seqOf(theirs.find(off)),
      );
      theirs.remove(gone, theirs.seqOf(theirs.find(gone)));
      theirs.put(other, kept.line, theirs.terms.idOf(access, 'OTHER', kept.from, kept.to), kept.seq);
      const first = await kit.run();
      assert.deepEqual([first.result, first.drifted], ['differs', 3], first.detail ?? '');
      await kit.run();
      assert.deepEqual(
        (await kit.drift()).map((row) => [row.kind, row.cause, row.seen]),
        [
          ['differs', 'otherContent', 2],
          ['extra', 'removalNotDone', 2],
          ['missing', 'lostThere', 2],
        ],
      );
      await kit.alertsAre(['listDiffers']);
      assert.deepEqual(await kit.repair(), { additions: 2, removals: 1 });
      const last = await kit.run();
      assert.deepEqual([last.result, last.drifted], ['equal', 0], last.detail ?? '');
      await kit.alertsAre([]);
    });

    test('a backup of the last hour: noticed, and only what changed since is said again', async () => {
      await kit.register(40);
      const before = kit.held();
      kit.hub.simulator.get(code).forget({ batches: 1 });
      assert.equal(kit.held().length, before.length - 40);
      if (code === '3BB') {
        // Its cursor went back with its data, so it comes for what it lost by itself.
        await kit.until(async () => kit.held().length === before.length);
        assert.equal((await kit.run()).result, 'equal');
        return;
      }
      const found = await kit.run();
      assert.equal(found.result, 'restored', found.detail ?? '');
      await kit.alertsAre(['dataLost']);
      const forwarded = await kit.until(async () => {
        const [run] = await listRuns(kit.hub.source, { runId: found.runId, limit: 1 });
        return run && run.forwarded > 0 && run.forwarded;
      });
      assert.equal(forwarded, 40);
      await kit.hub.settled();
      await kit.until(async () => kit.held().length === before.length);
      assert.deepEqual(kit.held(), before);
      const last = await kit.run();
      assert.equal(last.result, 'equal', last.detail ?? '');
      await kit.alertsAre([]);
    });
  });
}
