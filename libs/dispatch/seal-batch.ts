// Sealing: the next range of a provider's log becomes a numbered batch with its exact bytes, in one transaction.
import type { DataSource } from 'typeorm';
import { givesHandles, type ProviderAdapter, type Tx } from '#contracts';
import { faultPoint, INDEX_PLANS, inTransaction } from '#platform';
import { beginAttempt } from './attempts.js';
import { assertFence, type Lease } from './lease.js';
import { renderBatch, type Sealed } from './render-batch.js';
import { shorterRange } from './rules/fit-bytes.js';
import { proofOfLifeDue } from './rules/proof-of-life.js';
import { readHandles, selectRange } from './select-range.js';
import { insertBatch, insertOmissions } from './store-batch.js';
import { takePushed } from './take-pushed.js';
import { rejectUnwritable } from './unwritable.js';

const LOCK_STREAM = `
SELECT s.sealed_seq, s.next_number, c.last_seq FROM provider_stream s JOIN provider_counter c USING (provider_id)
WHERE s.provider_id = $1 FOR UPDATE OF s`;

// The sealed position, and past what follows it and was sealed ahead: no batch of the log's order would ever name that.
const MOVE_ON = `
UPDATE provider_stream SET next_number = next_number + 1, sealed_seq = (
  WITH RECURSIVE past AS (
    SELECT greatest(sealed_seq, $2::bigint) AS at
    UNION ALL
    SELECT at + 1 FROM past WHERE EXISTS (
      SELECT 1 FROM batch b WHERE b.provider_id = $1 AND b.to_seq = at + 1 AND b.ahead AND b.state <> 'refused'))
  SELECT max(at) FROM past)
WHERE provider_id = $1`;

const LAST_SEALED = 'SELECT sealed_at FROM batch WHERE provider_id = $1 AND number = $2';

/**
 * What is sealed: what comes next in the log, the lowest open range of a refused batch, one change ahead of the rest, or
 * nothing at all, as the day's proof of life.
 */
export type SealWhat = 'next' | 'half' | 'ahead' | 'empty';

/**
 * Seals a batch and records its first attempt in the same transaction, so that whoever finds it knows that it may have
 * been sent. Returns null when nothing of the range may travel yet (all of it waits for earlier outcomes).
 * @param mostLines fewer than the profile's while the provider comes back by degrees
 * @throws LeaseLost when the lease is not ours any more
 */
export async function sealBatch(
  source: DataSource,
  adapter: ProviderAdapter,
  lease: Lease,
  what: SealWhat,
  now: Date,
  mostLines = adapter.profile.maxLines,
): Promise<Sealed | null> {
  const { providerId } = lease;
  return inTransaction(source, async (tx) => {
    await tx.query(INDEX_PLANS);
    await assertFence(tx, lease);
    const [stream] = await tx.query<{ sealed_seq: number; next_number: number; last_seq: number }>(LOCK_STREAM, [
      providerId,
    ]);
    if (!stream) throw new Error(`provider ${providerId} has no stream`);
    const half = await lowestHalf(tx, providerId);
    // A refusal may have come since the decision: its halves go before anything later.
    if ((what === 'half') !== (half !== null)) return null;
    const pushed = what === 'ahead' ? await takePushed(tx, adapter, providerId, stream.sealed_seq) : null;
    if (what === 'ahead' && pushed === null) return null;
    if (what === 'empty') return sealEmpty(tx, adapter, lease, stream, now);
    const fromSeq = pushed ?? half?.from_seq ?? stream.sealed_seq + 1;
    const end = pushed ?? half?.to_seq ?? stream.last_seq;
    // All of a range may be waiting while what follows is free: then the range grows, for a batch is never empty.
    const whole = half !== null && mostLines >= adapter.profile.maxLines;
    for (let size = mostLines; ; size += mostLines) {
      let toSeq = pushed ?? (whole ? end : Math.min(end, fromSeq + size - 1));
      if (toSeq < fromSeq) return null;
      let selection = await selectRange(tx, adapter, providerId, fromSeq, toSeq, what);
      if (selection.lines.length === 0) {
        if (toSeq < end) continue;
        if (!half) return null;
        // Nothing of this half is the latest word any more, or all of it waits; both are sent by what comes later.
        await tx.query('DELETE FROM refused_range WHERE provider_id = $1 AND from_seq = $2', [providerId, fromSeq]);
        await insertOmissions(tx, providerId, selection.omitted);
        await tx.query(
          'UPDATE omission SET waits_for = 0 WHERE provider_id = $1 AND ended_at IS NULL AND waits_for BETWEEN $2 AND $3',
          [providerId, fromSeq, toSeq],
        );
        return null;
      }
      if (givesHandles(adapter.profile)) await readHandles(tx, providerId, selection.lines);
      let rendered = await renderBatch(adapter, stream.next_number, fromSeq, toSeq, selection.lines, now);
      // Too large a body ends earlier. What a later change of the longer range replaced may then be a line itself.
      const most = adapter.profile.maxBytes ?? Infinity;
      for (;;) {
        const bytes = rendered.sealed.parts[0]?.bytes.length ?? 0;
        if (bytes <= most || selection.lines.length < 2) break;
        toSeq = shorterRange(
          selection.lines.map((line) => line.seq),
          bytes,
          most,
        );
        selection = await selectRange(tx, adapter, providerId, fromSeq, toSeq, what);
        if (givesHandles(adapter.profile)) await readHandles(tx, providerId, selection.lines);
        rendered = await renderBatch(adapter, stream.next_number, fromSeq, toSeq, selection.lines, now);
      }
      await faultPoint('dispatch.rendered');
      const { sealed, unwritable } = rendered;
      await insertBatch(tx, providerId, sealed, {
        collapsed: selection.collapsed,
        omitted: [...selection.omitted, ...unwritable].map(({ seq }) => seq),
        half,
        ahead: what === 'ahead',
        format: adapter.profile.format,
      });
      await rejectUnwritable(tx, providerId, stream.next_number, unwritable);
      await insertOmissions(tx, providerId, selection.omitted);
      if (half && toSeq < half.to_seq) {
        await tx.query('UPDATE refused_range SET from_seq = $3 WHERE provider_id = $1 AND from_seq = $2', [
          providerId,
          fromSeq,
          toSeq + 1,
        ]);
      } else if (half) {
        await tx.query('DELETE FROM refused_range WHERE provider_id = $1 AND from_seq = $2', [providerId, fromSeq]);
      }
      await tx.query(MOVE_ON, [providerId, what === 'ahead' ? stream.sealed_seq : toSeq]);
      await beginAttempt(tx, providerId, stream.next_number, lease.fence, 'handOver');
      await faultPoint('dispatch.stored');
      return sealed;
    }
  });
}

/**
 * Seals a batch without lines and with an empty range. Under the stream's lock it is looked at once more whether the day
 * has a batch already, so that two workers, or one that died, never make two.
 */
async function sealEmpty(
  tx: Tx,
  adapter: ProviderAdapter,
  lease: Lease,
  stream: { sealed_seq: number; next_number: number; last_seq: number },
  now: Date,
): Promise<Sealed | null> {
  const { providerId } = lease;
  const [last] = await tx.query<{ sealed_at: Date }>(LAST_SEALED, [providerId, stream.next_number - 1]);
  const due = proofOfLifeDue(adapter.profile.proofOfLifeAt ?? null, last?.sealed_at.getTime() ?? null, now.getTime());
  if (!due || stream.last_seq > stream.sealed_seq) return null;
  const { sealed } = await renderBatch(adapter, stream.next_number, stream.sealed_seq + 1, stream.sealed_seq, [], now);
  const { format } = adapter.profile;
  await insertBatch(tx, providerId, sealed, { collapsed: [], omitted: [], half: null, ahead: false, format });
  await tx.query('UPDATE provider_stream SET next_number = next_number + 1 WHERE provider_id = $1', [providerId]);
  await beginAttempt(tx, providerId, sealed.batch.number, lease.fence, 'handOver');
  return sealed;
}

async function lowestHalf(tx: Tx, providerId: number) {
  const [range] = await tx.query<{ from_seq: number; to_seq: number; halves_of: number; root: number }>(
    'SELECT from_seq, to_seq, halves_of, root FROM refused_range WHERE provider_id = $1 ORDER BY from_seq LIMIT 1',
    [providerId],
  );
  return range ?? null;
}
