// What a hand-over would move, counted: lines by provider and kind, and those that would stay, by reason.
import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { ProviderCode } from '#contracts';
import { query } from '#platform';
import { misfitOf, type Misfit, type Takes } from './fit.js';

/** Who hands over to whom; ids beside codes, and every code under which a circuit of the new provider may be known. */
export interface Sides {
  from: { providerId: number; code: ProviderCode }[];
  to: { providerId: number; code: ProviderCode } & Takes;
  namespaces: ProviderCode[];
}

export interface PlanPart {
  provider: ProviderCode;
  /** Lines that would be moved. */
  mobile: number;
  fixed: number;
  /** Lines that would stay, by reason. */
  stays: Partial<Record<Misfit, number>>;
}

export interface HandOverPlan {
  /** Lines that would be moved; a line at two of the providers counts once. */
  lines: number;
  stays: number;
  from: PlanPart[];
}

export interface PageLine {
  line_id: number;
  line_key: string;
  provider_id: number;
  twice: boolean;
}

// Two lines whose circuits differ only in the code they were registered under would be one at the new provider.
const PAGE = `
SELECT DISTINCT r.line_id, r.provider_id, l.line_key, l.line_key LIKE 'F:%' AND EXISTS (
    SELECT 1 FROM unnest($4::text[]) AS code
    JOIN line o ON o.line_key = 'F:' || code || ':' || substr(l.line_key, 3 + strpos(substr(l.line_key, 3), ':'))
    JOIN registration q ON q.line_id = o.line_id AND q.provider_id = ANY($1::smallint[] || $5::smallint)
    WHERE o.line_id <> l.line_id AND q.state IN ('draft', 'confirmed')) AS twice
FROM (
  SELECT DISTINCT line_id FROM registration
  WHERE provider_id = ANY($1::smallint[]) AND state IN ('draft', 'confirmed') AND line_id > $2 ORDER BY line_id LIMIT $3
) page JOIN registration r USING (line_id) JOIN line l USING (line_id)
WHERE r.provider_id = ANY($1::smallint[]) AND r.state IN ('draft', 'confirmed') ORDER BY r.line_id`;

/** The next lines with registrations at the old providers, in the order of ids: a row for each provider of a line. */
export function pageOf(source: DataSource, sides: Sides, after: number, size: number): Promise<PageLine[]> {
  return query<PageLine>(source, PAGE, [
    sides.from.map((each) => each.providerId),
    after,
    size,
    sides.namespaces,
    sides.to.providerId,
  ]);
}

/** Why the line would stay, or null. */
export function staysBecause(line: PageLine, to: Takes): Misfit | null {
  return misfitOf(line.line_key, to) ?? (line.twice ? 'CIRCUIT_TWICE' : null);
}

const PAGE_LINES = 20_000;

/** Counts by reading all lines of the old providers once, without locks. */
export async function planHandOver(source: DataSource, sides: Sides): Promise<HandOverPlan> {
  const parts = new Map(
    sides.from.map(({ providerId, code }): [number, PlanPart] => [
      providerId,
      { provider: code, mobile: 0, fixed: 0, stays: {} },
    ]),
  );
  const plan: HandOverPlan = { lines: 0, stays: 0, from: [...parts.values()] };
  for (let after = 0; ;) {
    const page = await pageOf(source, sides, after, PAGE_LINES);
    if (page.length === 0) return plan;
    for (const [i, line] of page.entries()) {
      const part = parts.get(line.provider_id);
      if (!part) continue;
      const misfit = staysBecause(line, sides.to);
      if (page[i - 1]?.line_id !== line.line_id) plan[misfit ? 'stays' : 'lines'] += 1;
      if (misfit) part.stays[misfit] = (part.stays[misfit] ?? 0) + 1;
      else part[line.line_key.startsWith('M:') ? 'mobile' : 'fixed'] += 1;
    }
    after = page.at(-1)?.line_id ?? after;
  }
}

/** What an approval is bound to: who hands over to whom, within what limit, what the new one takes, and the counts. */
export function planHash(sides: Sides, limitS: number, plan: HandOverPlan): Buffer {
  const parts = plan.from.map(({ provider, mobile, fixed, stays }) => [
    provider,
    mobile,
    fixed,
    Object.entries(stays).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]);
  const { code, accesses, circuitPattern } = sides.to;
  const bound = [code, accesses, circuitPattern, limitS, plan.lines, plan.stays, parts];
  return createHash('sha256').update(JSON.stringify(bound)).digest();
}

/** A running system moves on between approval and start; this much more than approved is still the same plan. */
export function isStillThePlan(approved: HandOverPlan, now: HandOverPlan): boolean {
  const margin = Math.max(200, Math.floor(approved.lines / 100));
  return now.lines - approved.lines <= margin && now.stays - approved.stays <= margin;
}
