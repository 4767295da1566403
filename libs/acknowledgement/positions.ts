// From positions in a batch to entries and seqs: by the range of the log, or by a full list's index.
import type { Tx } from '#contracts';
import { BLOCK_LINES } from './bits.js';

export interface BatchRow {
  provider_id: number;
  number: number;
  kind: 'delta' | 'full';
  from_seq: number;
  to_seq: number;
  line_count: number;
  collapsed: number[];
  omitted: number[];
}

export interface Position {
  n: number;
  entryRef: string;
  seq: number;
  /** Whether the change says that the line should be there. */
  present: boolean;
}

const DELTA = `
SELECT $5::bigint - 1 + row_number() OVER (ORDER BY seq) AS n, entry_ref, seq, present FROM change
WHERE provider_id = $1 AND seq BETWEEN $2 AND $3 AND NOT seq = ANY($4::bigint[])`;

/**
 * The seq at position `n` of a range without holes from which some seqs were left out: so an answer to a few lines reads
 * only those, however long the batch.
 * @param left seqs left out, ascending
 */
export function seqAt(fromSeq: number, left: readonly number[], n: number): number {
  let seq = fromSeq + n - 1;
  for (const out of left) {
    if (out > seq) break;
    if (out >= fromSeq) seq++;
  }
  return seq;
}

/** Positions `first`..`last` of a batch, ascending. */
export async function positions(tx: Tx, batch: BatchRow, first = 1, last = batch.line_count): Promise<Position[]> {
  if (batch.kind === 'delta') {
    const left = [...batch.collapsed, ...batch.omitted].toSorted((a, b) => a - b);
    const begin = seqAt(batch.from_seq, left, first);
    const end = Math.min(seqAt(batch.from_seq, left, last), batch.to_seq);
    const rows = await tx.query<{ n: number; entry_ref: string; seq: number; present: boolean }>(DELTA, [
      batch.provider_id,
      begin,
      end,
      left.filter((seq) => seq >= begin && seq <= end),
      first,
    ]);
    return rows.map((row) => ({ n: row.n, entryRef: row.entry_ref, seq: row.seq, present: row.present }));
  }
  const blocks = await tx.query<{ block: number; refs: Buffer; seqs: Buffer }>(
    'SELECT block, refs, seqs FROM full_list_index WHERE provider_id = $1 AND number = $2 AND block BETWEEN $3 AND $4 ORDER BY block',
    [batch.provider_id, batch.number, Math.floor((first - 1) / BLOCK_LINES), Math.floor((last - 1) / BLOCK_LINES)],
  );
  const result: Position[] = [];
  for (const { block, refs, seqs } of blocks) {
    for (let i = 0; i * 8 < seqs.length; i++) {
      const n = block * BLOCK_LINES + i + 1;
      if (n < first || n > last) continue;
      result.push({ n, entryRef: uuidOf(refs, i * 16), seq: Number(seqs.readBigUInt64BE(i * 8)), present: true });
    }
  }
  return result;
}

/** The text form of 16 bytes. */
export function uuidOf(bytes: Buffer, at: number): string {
  const hex = bytes.toString('hex', at, at + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
