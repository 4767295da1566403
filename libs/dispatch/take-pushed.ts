// The wish to push a line ahead of the backlog, granted when nothing is overtaken by it.
import type { ProviderAdapter, Tx } from '#contracts';
import { WAITS_FOR } from './awaited-outcomes.js';
import { pushFate } from './rules/ahead.js';

// Wishes to push, oldest first: the entry's latest change, whether it went ahead already, and what it must wait for.
const PUSHED = `
SELECT r.entry_ref, c.seq, c.prev_seq, ${WAITS_FOR} AS waits_for,
  EXISTS (SELECT 1 FROM batch b WHERE b.provider_id = $1 AND b.from_seq = c.seq AND b.ahead) AS ahead
FROM push_request r JOIN entry e ON e.provider_id = r.provider_id AND e.entry_ref = r.entry_ref
JOIN change c ON c.provider_id = e.provider_id AND c.seq = e.last_seq
CROSS JOIN LATERAL (SELECT c.prev_seq AS seq) p
WHERE r.provider_id = $1 ORDER BY r.at LIMIT 100`;

/** The oldest wish to push that can be granted now. Wishes that are over are dropped, those that must wait stay. */
export async function takePushed(
  tx: Tx,
  adapter: ProviderAdapter,
  providerId: number,
  sealedSeq: number,
): Promise<number | null> {
  const wishes = await tx.query<{
    entry_ref: string;
    seq: number;
    prev_seq: number;
    ahead: boolean;
    waits_for: number | null;
  }>(PUSHED, [providerId]);
  for (const wish of wishes) {
    const fate = pushFate(
      { seq: wish.seq, prevSeq: wish.prev_seq, latestSeq: wish.seq },
      sealedSeq,
      wish.ahead ? [wish.seq] : [],
      () => wish.waits_for,
      adapter.profile.appliesInOrder,
    );
    if (fate === 'notYet') continue;
    await tx.query('DELETE FROM push_request WHERE provider_id = $1 AND entry_ref = $2', [providerId, wish.entry_ref]);
    if (fate === 'ahead') return wish.seq;
  }
  return null;
}
