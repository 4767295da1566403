// From one confirmed registration to its acknowledgement: requests at an even rate, joined with what the database recorded.
import { setTimeout as sleep } from 'node:timers/promises';
import { bangkokDay, query } from '#platform';
import { settled } from './settle.js';
import type { BenchSystem } from './system.js';

export interface LatencyFigures {
  provider: string;
  perS: number;
  sent: number;
  acknowledged: number;
  /** Milliseconds from sending the request to the provider's outcome being recorded. */
  p50: number;
  p95: number;
  p99: number;
  /** Milliseconds from sending the request to the API's answer. */
  answerP50: number;
  answerP95: number;
  /** Requests that the API did not answer with 201. */
  failed: number;
}

// The commit that recorded the outcome is the last one that touched the batch's row.
const ACKNOWLEDGED = `
SELECT r.reference, extract(epoch FROM pg_xact_commit_timestamp(b.xmin)) * 1000 AS at
FROM registration r JOIN entry e ON e.line_id = r.line_id AND e.provider_id = r.provider_id
JOIN change c ON c.provider_id = e.provider_id AND c.seq = e.last_seq
JOIN batch b ON b.provider_id = c.provider_id AND c.seq BETWEEN b.from_seq AND b.to_seq AND b.state = 'settled'
WHERE r.reference LIKE $1`;

/** Numbers of one run never meet those of another, nor the sample's, which are scattered by a seed. */
let serial = 0;

export async function measureLatency(
  system: BenchSystem,
  provider: string,
  perS: number,
  forS: number,
): Promise<LatencyFigures> {
  const prefix = `BENCH-${provider}-${perS}-${forS}-`;
  const count = perS * forS;
  const today = bangkokDay(new Date());
  const sentAt = new Map<string, number>();
  const answered: number[] = [];
  let failed = 0;
  const register = async (n: number): Promise<void> => {
    const reference = prefix + n;
    serial += 1;
    const body = {
      agency: 'G0001',
      reference,
      confirmation: {
        confirmedAt: new Date(Date.now() - 60_000).toISOString(),
        confirmedBy: 'bench',
        document: 'bench',
      },
      lines: [{ provider, access: 'MB', number: `06699${String(serial).padStart(5, '0')}`, validFrom: today }],
    };
    const began = now();
    sentAt.set(reference, began);
    const { status, data } = await system.http.post<unknown>('/v1/registrations', body, { validateStatus: () => true });
    if (status === 201) answered.push(now() - began);
    else if (failed++ === 0)
      process.stderr.write(`a registration was answered with ${status}: ${JSON.stringify(data).slice(0, 500)}\n`);
  };
  const first = now();
  const requests: Promise<void>[] = [];
  for (let n = 0; n < count; n++) {
    const wait = first + (n * 1000) / perS - now();
    if (wait > 0) await sleep(wait);
    requests.push(register(n));
  }
  await Promise.all(requests);
  await settled(system.source, 120);
  const rows = await query<{ reference: string; at: string | number }>(system.source, ACKNOWLEDGED, [`${prefix}%`]);
  const took = rows
    .map(({ reference, at }) => Number(at) - (sentAt.get(reference) ?? Number.NaN))
    .sort((a, b) => a - b);
  answered.sort((a, b) => a - b);
  return {
    provider,
    perS,
    sent: count,
    acknowledged: took.length,
    failed,
    p50: quantile(took, 0.5),
    p95: quantile(took, 0.95),
    p99: quantile(took, 0.99),
    answerP50: quantile(answered, 0.5),
    answerP95: quantile(answered, 0.95),
  };
}

/** Milliseconds since 1970 with fractions, on the clock that the database on this machine reads, too. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

/** The smallest value that at least this share of the sorted values does not exceed. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
