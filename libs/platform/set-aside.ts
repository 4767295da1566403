// Writes down that an answer, or a part of one, is set aside; within a transaction or alone.
import type { SetAside, Tx } from '#contracts';

const NOTE = `
INSERT INTO set_aside AS s (provider_id, reason, number, detail, items) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (provider_id, reason, coalesce(number, 0), md5(detail), period)
DO UPDATE SET items = least(s.items::bigint + excluded.items, 2147483647)::int, times = s.times + 1, last_at = now()`;

/** Counts it in the row of its ten minutes. The row is locked last: nothing else is locked after it. */
export async function noteSetAside(tx: Tx, providerId: number, entry: SetAside): Promise<void> {
  await tx.query(NOTE, [providerId, entry.reason, entry.number, entry.detail, Math.max(1, entry.items)]);
}
