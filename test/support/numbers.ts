// What must hold of batch numbers and bytes, whatever happened: compared with what the simulators saw.
import assert from 'node:assert/strict';
import { query } from '#platform';
import type { TestHub } from './hub.js';

/**
 * Numbers are 1..n without holes, and each number that settled was always received with the bytes that were sealed.
 * @param tolerated what a provider may have noticed besides
 */
export async function assertNumbers(hub: TestHub, tolerated: readonly string[] = []): Promise<void> {
  for (const [code, { provider }] of hub.simulator.providers) {
    const ours = await query<{ number: number; sha256: Buffer; state: string; parts: number }>(
      hub.source,
      'SELECT number, sha256, state, parts FROM batch JOIN provider USING (provider_id) WHERE code = $1 ORDER BY number',
      [code],
    );
    assert.deepEqual(
      ours.map((batch) => batch.number),
      ours.map((_, i) => i + 1),
      `${code}: numbers`,
    );
    const { batches, violations } = provider.observer.state;
    for (const batch of ours.filter((each) => each.state === 'settled' && each.parts === 1)) {
      const bytes = new Set(batches.get(batch.number)?.seen.map((part) => part.sha256));
      assert.deepEqual([...bytes], [batch.sha256.toString('hex')], `${code} ${batch.number}: bytes`);
    }
    const noticed = Object.fromEntries(Object.entries(violations).filter(([what]) => !tolerated.includes(what)));
    assert.deepEqual(noticed, {}, `${code}: violations`);
  }
}
