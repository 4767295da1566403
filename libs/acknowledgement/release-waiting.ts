// Changes that waited for an outcome: once it is there, the entry's current state is appended.
import type { DataSource } from 'typeorm';
import type { Appender, Tx } from '#contracts';
import { faultPoint, HUB_ACTOR_ID, inTransaction, query } from '#platform';

/** Entries per transaction; the provider's counter is held while they are appended. */
const CHUNK = 2000;

interface WaitingRow {
  seq: number;
  entry_ref: string;
}

// A change that was sealed ahead stands in the range of a later batch, too; its own batch is what counts.
const AHEAD_OPEN = `EXISTS (
  SELECT 1 FROM batch a WHERE a.provider_id = o.provider_id AND a.from_seq = o.waits_for AND a.ahead AND a.state IN ('sealed', 'handed', 'accepted'))`;

const OF_RANGE = `
SELECT o.seq, o.entry_ref FROM omission o JOIN batch b ON b.provider_id = o.provider_id AND o.waits_for BETWEEN b.from_seq AND b.to_seq
WHERE o.provider_id = $1 AND o.ended_at IS NULL AND b.number = $2 AND NOT ${AHEAD_OPEN} ORDER BY o.seq LIMIT ${CHUNK}`;

const OF_SEQS = `
SELECT seq, entry_ref FROM omission WHERE provider_id = $1 AND ended_at IS NULL AND waits_for = ANY($2::bigint[])
ORDER BY seq LIMIT ${CHUNK}`;

// What a crash left behind: it waits for a batch that has ended, or for nothing any more (0).
const LEFT_BEHIND = `
SELECT o.seq, o.entry_ref FROM omission o
WHERE o.provider_id = $1 AND o.ended_at IS NULL AND (o.waits_for = 0 OR EXISTS (
  SELECT 1 FROM batch b WHERE b.provider_id = o.provider_id AND o.waits_for BETWEEN b.from_seq AND b.to_seq
    AND b.state IN ('settled', 'closed', 'covered'))) AND NOT ${AHEAD_OPEN}
ORDER BY o.seq LIMIT ${CHUNK}`;

const END = 'UPDATE omission SET ended_at = now() WHERE provider_id = $1 AND seq = ANY($2::bigint[])';

export class WaitingReleaser {
  constructor(
    private readonly source: DataSource,
    private readonly appender: Appender,
  ) {}

  /**
   * Appends what waited for these outcomes; `'all'` means every line of the batch. Returns how many changes were
   * appended. Running it twice appends nothing twice: the second time they are no longer the entries' latest.
   */
  async release(providerId: number, number: number, seqs: number[] | 'all'): Promise<number> {
    if (seqs !== 'all' && seqs.length === 0) return 0;
    return seqs === 'all'
      ? this.each(providerId, OF_RANGE, [providerId, number])
      : this.each(providerId, OF_SEQS, [providerId, seqs]);
  }

  /** Does what a crash left undone. */
  async sweep(providerId: number): Promise<number> {
    return this.each(providerId, LEFT_BEHIND, [providerId]);
  }

  private async each(providerId: number, sql: string, params: unknown[]): Promise<number> {
    let appended = 0;
    for (;;) {
      const rows = await query<WaitingRow>(this.source, sql, params);
      if (rows.length === 0) return appended;
      appended += await inTransaction(this.source, async (tx: Tx) => {
        const done = await this.appender.appendCurrent(
          tx,
          providerId,
          rows.map((row) => ({ entryRef: row.entry_ref, onlyIfSeq: row.seq })),
          { cause: 'predecessor', actorId: HUB_ACTOR_ID },
        );
        await tx.query(END, [providerId, rows.map((row) => row.seq)]);
        return done.appended.length;
      });
      await faultPoint('acknowledgement.released');
      if (rows.length < CHUNK) return appended;
    }
  }
}
