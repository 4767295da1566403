// Re-route tasks: opened when a provider does not have a line that should be there, closed by themselves when that is over.
import type { DataSource } from 'typeorm';
import type { ResultCode, Tx } from '#contracts';
import { query } from '#platform';
import { REROUTE_CODES } from './merge.js';

// Only for what is still desired, and of an entry that has a task the newest rejection.
const OPEN = `
INSERT INTO reroute AS r (provider_id, entry_ref, line_id, seq, code, state)
SELECT $1, i.entry_ref, e.line_id, i.seq, i.code, 'open'
FROM unnest($2::uuid[], $3::bigint[], $4::text[]) AS i(entry_ref, seq, code)
JOIN entry e ON e.provider_id = $1 AND e.entry_ref = i.entry_ref AND e.last_seq = i.seq AND e.present
ORDER BY i.entry_ref
ON CONFLICT (provider_id, entry_ref) WHERE state = 'open'
DO UPDATE SET seq = excluded.seq, code = excluded.code WHERE r.seq <= excluded.seq`;

/** Opens a task for each rejection that says so; the same heard again opens nothing anew. */
export async function openReroutes(
  tx: Tx,
  providerId: number,
  rejected: { entryRef: string; seq: number; kind: string; code: ResultCode | null }[],
): Promise<void> {
  const rows = rejected.filter(
    ({ kind, code }) => kind === 'rejected' && code !== null && REROUTE_CODES.includes(code),
  );
  if (rows.length === 0) return;
  await tx.query(OPEN, [
    providerId,
    rows.map((row) => row.entryRef),
    rows.map((row) => row.seq),
    rows.map((row) => row.code),
  ]);
}

// A newer change that is under way leaves the task as it is until it has its outcome.
const END = `
UPDATE reroute r SET state = 'closed', ended_at = now(),
  how = CASE WHEN NOT e.present THEN 'notDesired' WHEN is_acknowledged($1, e.last_seq) THEN 'applied' ELSE 'otherwise' END
FROM entry e
WHERE r.provider_id = $1 AND r.state = 'open' AND e.provider_id = $1 AND e.line_id = r.line_id AND (
  NOT e.present OR is_acknowledged($1, e.last_seq) OR EXISTS (
    SELECT 1 FROM exception x WHERE x.provider_id = $1 AND x.seq = e.last_seq AND x.ended_at IS NULL
      AND x.kind = 'rejected' AND x.code <> ALL ($2::text[])))
RETURNING r.reroute_id`;

/** Closes the tasks of a provider whose line is no longer desired there, was applied, or is rejected for another reason. */
export async function endReroutes(source: DataSource, providerId: number): Promise<number> {
  return (await query(source, END, [providerId, REROUTE_CODES])).length;
}
