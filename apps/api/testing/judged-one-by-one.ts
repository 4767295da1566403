// For specs: a provider's counts the slow way, to hold against the sums.
import assert from 'node:assert/strict';
import { referenceProfile } from '#adapters';
import { listUndelivered, UNDELIVERED } from '#operations';
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
  await sameListed(hub, providerId, present, counts);
  return counts;
}

/** The list of what was not delivered, read page by page, holds exactly those lines. */
async function sameListed(hub: StartedApi, providerId: number, present: boolean, counts: Counts): Promise<void> {
  const code = Object.entries(hub.ids).find(([, id]) => id === providerId)?.[0] ?? '';
  const profile = referenceProfile(code);
  assert.ok(profile);
  const listed: Record<string, number> = {};
  for (let after: number | null = 0; after !== null;) {
    const page: Awaited<ReturnType<typeof listUndelivered>> = await listUndelivered(
      hub.source,
      { providerId, code, profile },
      { after, limit: 3 },
    );
    for (const line of page.lines.filter((each) => (each.op === 'ADD') === present))
      listed[line.standing] = (listed[line.standing] ?? 0) + 1;
    after = page.next;
  }
  const wanted = UNDELIVERED.filter((standing) => counts[standing]).map((standing) => [standing, counts[standing]]);
  assert.deepEqual(listed, Object.fromEntries(wanted));
}

export function withoutZeros(counts: object): Counts {
  return Object.fromEntries(
    Object.entries(counts).filter(([name, count]) => count !== 0 || name === 'total'),
  ) as Counts;
}
