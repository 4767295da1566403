// One provider hangs for a while: what the other five notice, and how the hung one is brought up to date afterwards.
import { setTimeout as sleep } from 'node:timers/promises';
import axios from 'axios';
import { bangkokDay, query } from '#platform';
import { quantile } from './latency.js';
import { settled } from './settle.js';
import type { BenchSystem } from './system.js';

/** Who hangs, and who goes on; registrations a second at each. */
const HUNG = 'TRUE';
const OTHERS = ['CAT', 'TOT', 'AIS', 'DTAC', '3BB'] as const;
const EACH_PER_S = 4;

export interface OutageFigures {
  hungS: number;
  /** Milliseconds from a request to its recorded outcome at the five others together, and at AIS alone. */
  calm: { p95: number; aisP95: number; lines: number };
  hung: { p95: number; aisP95: number; lines: number };
  /** Lines that waited for the hung provider, and milliseconds from its return to the last outcome. */
  waited: number;
  drainMs: number;
  /** Most requests that it got in any one second after its return. */
  peakPerS: number;
}

interface Sent {
  provider: string;
  at: number;
}

let serial = 0;

/** Registers at an even rate at every provider named, for some seconds. */
async function register(
  system: BenchSystem,
  run: string,
  providers: readonly string[],
  forS: number,
): Promise<Map<string, Sent>> {
  const sent = new Map<string, Sent>();
  const today = bangkokDay(new Date());
  const requests: Promise<unknown>[] = [];
  const began = performance.now();
  for (let n = 0; n < forS * EACH_PER_S; n++) {
    for (const provider of providers) {
      serial += 1;
      const reference = `${run}-${provider}-${n}`;
      const number =
        provider === '3BB' ? `55${String(serial).padStart(8, '0')}` : `06688${String(serial).padStart(5, '0')}`;
      sent.set(reference, { provider, at: performance.timeOrigin + performance.now() });
      requests.push(
        system.http.post('/v1/registrations', {
          agency: 'G0001',
          reference,
          confirmation: {
            confirmedAt: new Date(Date.now() - 60_000).toISOString(),
            confirmedBy: 'bench',
            document: 'bench',
          },
          lines: [{ provider, access: provider === '3BB' ? 'FB' : 'MB', number, validFrom: today }],
        }),
      );
    }
    await sleep(Math.max(0, began + ((n + 1) * 1000) / EACH_PER_S - performance.now()));
  }
  await Promise.all(requests);
  return sent;
}

const ACKNOWLEDGED = `
SELECT r.reference, extract(epoch FROM pg_xact_commit_timestamp(b.xmin)) * 1000 AS at
FROM registration r JOIN entry e ON e.line_id = r.line_id AND e.provider_id = r.provider_id
JOIN change c ON c.provider_id = e.provider_id AND c.seq = e.last_seq
JOIN batch b ON b.provider_id = c.provider_id AND c.seq BETWEEN b.from_seq AND b.to_seq AND b.state = 'settled'
JOIN provider p ON p.provider_id = e.provider_id WHERE r.reference LIKE $1 AND p.code <> $2`;

async function judged(system: BenchSystem, run: string, sent: Map<string, Sent>): Promise<OutageFigures['calm']> {
  const wanted = [...sent.values()].filter((one) => one.provider !== HUNG).length;
  let rows: { reference: string; at: string | number }[] = [];
  for (const end = Date.now() + 60_000; rows.length < wanted && Date.now() < end; await sleep(200))
    rows = await query(system.source, ACKNOWLEDGED, [`${run}-%`, HUNG]);
  if (rows.length < wanted) throw new Error(`${rows.length} of ${wanted} were acknowledged by the five others`);
  const took = (of: (provider: string) => boolean): number[] =>
    rows
      .flatMap(({ reference, at }) => {
        const one = sent.get(reference);
        return one && of(one.provider) ? [Number(at) - one.at] : [];
      })
      .toSorted((a, b) => a - b);
  return {
    p95: quantile(
      took(() => true),
      0.95,
    ),
    aisP95: quantile(
      took((provider) => provider === 'AIS'),
      0.95,
    ),
    lines: rows.length,
  };
}

const PEAK = `
SELECT coalesce(max(n), 0) AS peak FROM (
  SELECT count(*) AS n FROM attempt JOIN provider USING (provider_id) WHERE code = $1 AND started_at > to_timestamp($2::float8 / 1000)
  GROUP BY floor(extract(epoch FROM started_at))) s`;

/** @param hungS seconds for which it hangs, and for which the calm before is measured */
export async function measureOutage(system: BenchSystem, hungS: number): Promise<OutageFigures> {
  const dial = `${system.controls[HUNG]}/dial`;
  await register(system, 'warm', [HUNG, ...OTHERS], 5);
  await settled(system.source, 60);
  const calm = await judged(system, 'calm', await register(system, 'calm', [HUNG, ...OTHERS], hungS));
  await settled(system.source, 60);
  await axios.put(dial, { faults: { hangBefore: 1 } });
  const during = await register(system, 'hung', [HUNG, ...OTHERS], hungS);
  const hung = await judged(system, 'hung', during);
  const back = Date.now();
  await axios.put(dial, { faults: { hangBefore: 0 } });
  await settled(system.source, 300);
  const drainMs = Date.now() - back;
  const [row] = await query<{ peak: number }>(system.source, PEAK, [HUNG, back]);
  const waited = [...during.values()].filter((one) => one.provider === HUNG).length;
  return { hungS, calm, hung, waited, drainMs, peakPerS: row?.peak ?? 0 };
}
