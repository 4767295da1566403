// For specs: a provider's counts the slow way, to hold against the sums.
import assert from 'node:assert/strict';
import { query } from '#platform';
import { readLineEntries } from '../../../libs/operations/line-entries.js';
import { standingsOf } from '../../../libs/operations/standings.js';
import { standingOf } from '../../../libs/operations/line-standing.js';
import type { StartedApi } from './started-api.js';

interface Counts {
  total: number;
  [standing: string]: number;
}

/** The rule the slow way: every line's entries judged one by one. */
export async function judgedOneByOne(hub: StartedApi, providerId: number, present: boolean): Promise<Counts> {
  const counts: Counts = { total: 0 };
  for (const { line_id } of await query<{ line_id: number }>(hub.source, 'SELECT line_id FROM line', [])) {
    const line = await readLineEntries(hub.source, line_id);
    for (const entry of line.entries) {
      if (entry.providerId !== providerId || entry.present !== present || entry.lastSeq === 0) continue;
      const { standing } = standingOf(entry, line);
      // The rule for a block of lines says the same.
      const block = await standingsOf(hub.source, [{ lineId: line_id, providerId }]);
      assert.equal(block.get(`${line_id}/${providerId}`)?.standing, standing);
      counts.total++;
      counts[standing] = (counts[standing] ?? 0) + 1;
    }
  }
  return counts;
}

export function withoutZeros(counts: object): Counts {
  return Object.fromEntries(
    Object.entries(counts).filter(([name, count]) => count !== 0 || name === 'total'),
  ) as Counts;
}
