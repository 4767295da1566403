// Appending an entry's current desired state once more: after retryLater, an unknown fate, a hold, a repair.
import { INDEX_PLANS } from '#platform';
import type { Appended, Appender, Cause, Tx } from '#contracts';
import { APPEND_LINES } from './append-lines.js';
import { freeKind } from './brake/judge.js';
import { countRemovals, countWhereTight, passBrake, writeHolds } from './brake/pass-brake.js';

// Locks in key order; an item whose change is no longer the entry's latest is superseded and drops out here.
const LOCK = `
SELECT e.line_id, e.entry_ref, e.present, e.last_seq AS seq FROM entry e JOIN unnest($2::uuid[], $3::bigint[]) AS i(entry_ref, seq)
  ON e.entry_ref = i.entry_ref AND e.last_seq = i.seq
WHERE e.provider_id = $1 ORDER BY e.line_id FOR UPDATE OF e`;

// Asked after the lock: whoever held one in between has committed by now.
const HELD = `
SELECT seq FROM exception WHERE provider_id = $1 AND seq = ANY($2::bigint[]) AND number = 0 AND kind = 'held' AND ended_at IS NULL`;

// Why an entry that is to be removed once more was removed first: repeats are walked back over.
const FIRST_CAUSE = `
WITH RECURSIVE walk AS (
  SELECT c.seq AS start, c.cause, c.prev_seq FROM change c WHERE c.provider_id = $1 AND c.seq = ANY($2::bigint[])
  UNION ALL
  SELECT w.start, c.cause, c.prev_seq FROM walk w JOIN change c ON c.provider_id = $1 AND c.seq = w.prev_seq AND NOT c.present
  WHERE w.cause IN ('retried', 'predecessor', 'replayed', 'repaired')
)
SELECT start AS seq, array_agg(cause) AS causes FROM walk GROUP BY 1`;

const LOCK_COUNTER = 'SELECT 1 FROM provider_counter WHERE provider_id = $1 FOR UPDATE';

interface Locked {
  line_id: number;
  entry_ref: string;
  present: boolean;
  seq: number;
}

export class CurrentAppender implements Appender {
  async appendCurrent(
    tx: Tx,
    providerId: number,
    items: { entryRef: string; onlyIfSeq: number }[],
    context: { cause: Cause; actorId: number },
  ): Promise<Appended> {
    if (items.length === 0) return { appended: [], superseded: [], held: [] };
    await tx.query(INDEX_PLANS);
    const locked = await tx.query<Locked>(LOCK, [
      providerId,
      items.map((item) => item.entryRef),
      items.map((item) => item.onlyIfSeq),
    ]);
    const held = await this.braked(tx, providerId, locked, context);
    const going = held.size === 0 ? locked : locked.filter((row) => !held.has(row.line_id));
    if (going.length > 0) {
      await tx.query(APPEND_LINES, [providerId, going.map((row) => row.line_id), context.cause, context.actorId]);
    }
    const known = new Set(locked.map((row) => row.entry_ref));
    return {
      appended: going.map((row) => row.entry_ref),
      superseded: items.map((item) => item.entryRef).filter((entryRef) => !known.has(entryRef)),
      held: locked.filter((row) => held.has(row.line_id)).map((row) => row.entry_ref),
    };
  }

  /**
   * Lines whose removal may not go: held before, or over what the brake allows now. What repeats a removal that stands in
   * the log passed the brake when it was first appended; a repair removes what the provider has nevertheless, and passes
   * it anew.
   */
  private async braked(
    tx: Tx,
    providerId: number,
    locked: readonly Locked[],
    context: { cause: Cause; actorId: number },
  ): Promise<Set<number>> {
    const absent = locked.filter((row) => !row.present);
    if (absent.length === 0) return new Set();
    const seqs = absent.map((row) => row.seq);
    const known = new Set((await tx.query<{ seq: number }>(HELD, [providerId, seqs])).map((row) => row.seq));
    const held = new Set(absent.filter((row) => known.has(row.seq)).map((row) => row.line_id));
    if (context.cause !== 'repaired') return held;
    const anew = absent.filter((row) => !known.has(row.seq));
    if (anew.length === 0) return held;
    const causes = await tx.query<{ seq: number; causes: Cause[] }>(FIRST_CAUSE, [
      providerId,
      anew.map((row) => row.seq),
    ]);
    const freeOf = new Map(
      causes.map((row) => [row.seq, row.causes.map(freeKind).find((kind) => kind !== null) ?? null]),
    );
    const free = Map.groupBy(anew, (row) => freeOf.get(row.seq) ?? null);
    for (const kind of ['withdrawn', 'expired'] as const) {
      const rows = free.get(kind);
      if (rows) await countRemovals(tx, kind, new Map([[providerId, rows.length]]));
    }
    const rest = (free.get(null) ?? []).map((row) => ({ lineId: row.line_id, handOver: null }));
    if (rest.length === 0) return held;
    const removals = new Map([[providerId, rest]]);
    const counted = await countWhereTight(tx, removals);
    await tx.query(LOCK_COUNTER, [providerId]);
    const over = await passBrake(tx, removals, { ...context, runId: null }, counted);
    await writeHolds(tx, over);
    for (const lineId of over.get(providerId)?.lineIds ?? []) held.add(lineId);
    return held;
  }
}
