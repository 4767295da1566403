// To whom a line was disclosed, and when: from the batches that carried it, and from what pruning left of older ones.
import type { DataSource } from 'typeorm';
import type { ProviderCode } from '#contracts';
import { query } from '#platform';
import type { Carried } from './line-entries.js';

export interface Disclosure {
  provider: ProviderCode;
  firstAt: Date;
  lastAt: Date;
  /** Batches that carried it and were handed over. */
  times: number;
}

const PRUNED = `
SELECT p.provider_id AS "providerId", p.code AS provider, d.first_at AS "firstAt", d.last_at AS "lastAt", coalesce(d.times, 0) AS times
FROM provider p LEFT JOIN disclosure d ON d.provider_id = p.provider_id AND d.line_id = $1
WHERE d.line_id IS NOT NULL OR p.provider_id = ANY($2::smallint[]) ORDER BY p.provider_id`;

/** One row a provider that was told of the line at least once; `carried` is how its changes travelled. */
export async function readDisclosures(source: DataSource, lineId: number, carried: Carried[]): Promise<Disclosure[]> {
  const handed = carried.filter((each) => each.how === 'sent' && each.handedAt !== null);
  const rows = await query<{
    providerId: number;
    provider: ProviderCode;
    firstAt: Date | null;
    lastAt: Date | null;
    times: number;
  }>(source, PRUNED, [lineId, [...new Set(handed.map((each) => each.providerId))]]);
  return rows.flatMap(({ providerId, provider, firstAt, lastAt, times }) => {
    const own = handed.filter((each) => each.providerId === providerId);
    const at = [...own.map((each) => each.handedAt), firstAt, lastAt].filter((time) => time !== null);
    const first = at.toSorted((a, b) => a.getTime() - b.getTime());
    const [earliest, latest] = [first[0], first.at(-1)];
    return earliest && latest
      ? [{ provider, firstAt: earliest, lastAt: latest, times: times + new Set(own.map((each) => each.number)).size }]
      : [];
  });
}
