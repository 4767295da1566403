// A pause with an end is over by itself, and what waited goes out.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pauseProvider } from '#dispatch';
import { bangkokDay, query } from '#platform';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';

const today = bangkokDay(new Date());

describe('a pause with an end', () => {
  let hub: TestHub;
  before(async () => {
    hub = await startTestHub({ providers: ['AIS'] });
    await hub.work();
  });
  after(() => hub.close());

  test('is over by itself, recorded, and what waited goes out', async () => {
    const [row] = await query<{ id: number }>(hub.source, 'SELECT provider_id AS id FROM provider');
    assert.ok(row);
    await pauseProvider(hub.source, row.id, 1, 'lunch', { until: new Date(Date.now() + 700) });
    await registerLines(hub.source, 5, [row.id], today);
    await hub.settled();
    assert.deepEqual(await hub.compareBooks(), { AIS: { desired: 5, held: 5, wrong: 0 } });
    const [act] = await query<{ reason: string }>(
      hub.source,
      `SELECT reason FROM audit WHERE act = 'provider.resume' ORDER BY audit_id DESC LIMIT 1`,
    );
    assert.match(act?.reason ?? '', /the pause was until/);
  });
});
