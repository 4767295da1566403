// Push now: a line's waiting changes go ahead of the backlog, each as a batch of its own, at the next hand-over.
import type { DataSource } from 'typeorm';
import { inTransaction } from '#platform';

export interface Pushed {
  providerId: number;
  /** `ahead`: it goes next. `onItsWay`: sealed already. `behind`: an earlier change of this entry is still unsealed, and nothing overtakes that. */
  push: 'ahead' | 'onItsWay' | 'behind';
}

const STANDING = `
SELECT e.provider_id AS "providerId", e.entry_ref,
  CASE WHEN e.last_seq <= s.sealed_seq OR EXISTS (SELECT 1 FROM batch b WHERE b.provider_id = e.provider_id AND b.from_seq = e.last_seq AND b.ahead)
    THEN 'onItsWay' WHEN c.prev_seq > s.sealed_seq THEN 'behind' ELSE 'ahead' END AS push
FROM entry e JOIN provider_stream s USING (provider_id) JOIN change c ON c.provider_id = e.provider_id AND c.seq = e.last_seq
WHERE e.line_id = $1 ORDER BY e.provider_id`;

/** Asks for it; the caller wakes the providers with `ahead`. Recorded with who and why. */
export async function pushLine(source: DataSource, lineId: number, actorId: number, reason: string): Promise<Pushed[]> {
  return inTransaction(source, async (tx) => {
    const rows = await tx.query<Pushed & { entry_ref: string }>(STANDING, [lineId]);
    for (const row of rows.filter((each) => each.push === 'ahead')) {
      await tx.query('INSERT INTO push_request (provider_id, entry_ref) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        row.providerId,
        row.entry_ref,
      ]);
    }
    await tx.query(`INSERT INTO audit (actor_id, act, subject, reason) VALUES ($1, 'line.push', $2, $3)`, [
      actorId,
      `line:${lineId}`,
      reason,
    ]);
    return rows.map(({ providerId, push }) => ({ providerId, push }));
  });
}
