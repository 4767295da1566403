// When a hub has nothing under way any more: everything logged is sealed, every batch has its outcomes.
import type { DataSource } from 'typeorm';
import { query } from '#platform';

const UNDER_WAY = `
SELECT p.code, c.last_seq, s.sealed_seq, s.waiting_for, s.pause_reason
FROM provider p JOIN provider_stream s USING (provider_id) JOIN provider_counter c USING (provider_id)
WHERE c.last_seq > s.sealed_seq
  OR EXISTS (SELECT 1 FROM batch b WHERE b.provider_id = p.provider_id AND b.state IN ('sealed', 'handed', 'accepted'))
  OR EXISTS (SELECT 1 FROM refused_range r WHERE r.provider_id = p.provider_id)
  OR EXISTS (SELECT 1 FROM omission o WHERE o.provider_id = p.provider_id AND o.ended_at IS NULL)
  OR EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = p.provider_id AND x.kind = 'retrying' AND x.ended_at IS NULL)`;

/** Waits until nothing is under way at any provider; throws after `withinS` seconds with what is. */
export async function settled(source: DataSource, withinS: number, everyMs = 100): Promise<void> {
  for (const end = Date.now() + withinS * 1000; ;) {
    const busy = await query(source, UNDER_WAY);
    if (busy.length === 0) return;
    if (Date.now() > end) throw new Error(`still under way after ${withinS} s: ${JSON.stringify(busy)}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
