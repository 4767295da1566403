// Whole lists by themselves: on the profile's schedule, and an alert when none could be compared for two periods.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { query } from '#platform';
import { listRuns } from '#reconciliation';
import { startListKit, updateProfile } from './snapshot-kit.js';

test('a list is looked at on schedule; when none comes for two periods, people see it, until one does', async () => {
  const kit = await startListKit('AIS', (profile) => ({ ...profile, reconcileEveryS: null }));
  try {
    const { source, simulator } = kit.hub;
    await kit.register(20);
    assert.deepEqual(
      await listRuns(source, { providerId: kit.id, limit: 9 }),
      [],
      'nothing by itself without a schedule',
    );
    simulator.get('AIS').provider.spoilList = () => {
      throw new Error('broken');
    };
    await query(source, `UPDATE batch SET ended_at = ended_at - interval '1 minute' WHERE provider_id = $1`, [kit.id]);
    await updateProfile(kit, (profile) => ({
      ...profile,
      observe: { ...profile.observe!, snapshot: { ...profile.observe!.snapshot!, everyS: 10 } },
    }));
    const run = await kit.until(async () => (await listRuns(source, { limit: 1 })).find((one) => one.result !== null));
    assert.deepEqual([run.reason, run.means, run.result], ['on schedule', 'snapshot', 'cannotTell'], run.detail ?? '');
    await kit.alertsAre(['snapshotMissing']);
    simulator.get('AIS').provider.spoilList = undefined;
    const good = await kit.until(async () =>
      (await listRuns(source, { limit: 1 })).find((one) => one.result === 'equal'),
    );
    assert.ok(good.createdAt.getTime() - run.createdAt.getTime() >= 10_000, 'not before its time');
    await kit.alertsAre([]);
  } finally {
    await kit.hub.close();
  }
});
