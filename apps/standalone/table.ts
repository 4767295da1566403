// The table at the end of a start: what every provider has, and where everything is.
import type { DataSource } from 'typeorm';
import { query } from '#platform';

export interface ProviderLine {
  code: string;
  /** Entries that should be there. */
  lines: number;
  applied: number;
  rejected: number;
  /** Not sealed, in flight, to be retried, waiting or uncertain. */
  waiting: number;
}

const LINES = `
SELECT p.code, count(e.*) AS lines,
  count(e.*) FILTER (WHERE e.last_seq <= w.settled AND x.seq IS NULL) AS applied,
  count(e.*) FILTER (WHERE x.kind = 'rejected') AS rejected
FROM provider p JOIN provider_stream s USING (provider_id)
CROSS JOIN LATERAL (SELECT coalesce((SELECT min(from_seq) - 1 FROM (
    SELECT from_seq FROM batch b WHERE b.provider_id = p.provider_id AND b.state IN ('sealed', 'handed', 'accepted')
    UNION ALL SELECT from_seq FROM refused_range r WHERE r.provider_id = p.provider_id) open), s.sealed_seq) AS settled) w
LEFT JOIN entry e ON e.provider_id = p.provider_id AND e.present
LEFT JOIN exception x ON x.provider_id = e.provider_id AND x.seq = e.last_seq AND x.ended_at IS NULL
GROUP BY p.provider_id, p.code ORDER BY p.provider_id`;

export async function providerLines(source: DataSource): Promise<ProviderLine[]> {
  const rows = await query<Omit<ProviderLine, 'waiting'>>(source, LINES);
  return rows.map((row) => ({ ...row, waiting: row.lines - row.applied - row.rejected }));
}

export function formatLines(lines: ProviderLine[]): string {
  const head = ['provider', 'lines', 'applied', 'rejected', 'waiting'];
  const rows = lines.map((line) => [line.code, line.lines, line.applied, line.rejected, line.waiting].map(String));
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const text = (row: string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return [head, ...rows].map((row) => `  ${text(row)}`).join('\n');
}
