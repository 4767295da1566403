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
}

const DELTA = `
SELECT n, entry_ref, seq FROM (
  SELECT row_number() OVER (ORDER BY seq) AS n, entry_ref, seq FROM change
  WHERE provider_id = $1 AND seq BETWEEN $2 AND $3 AND NOT seq = ANY($4::bigint[])
) line WHERE n BETWEEN $5 AND $6`;

/** Positions `first`..`last` of a batch, ascending. */
export async function positions(tx: Tx, batch: BatchRow, first = 1, last = batch.line_count): Promise<Position[]> {
  if (batch.kind === 'delta') {
    const left = [...batch.collapsed, ...batch.omitted];
    const rows = await tx.query<{ n: number; entry_ref: string; seq: number }>(DELTA, [
      batch.provider_id,
      batch.from_seq,
      batch.to_seq,
      left,
      first,
      last,
    ]);
    return rows.map((row) => ({ n: row.n, entryRef: row.entry_ref, seq: row.seq }));
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
      result.push({ n, entryRef: uuidOf(refs, i * 16), seq: Number(seqs.readBigUInt64BE(i * 8)) });
    }
  }
  return result;
}

/** The text form of 16 bytes. */
export function uuidOf(bytes: Buffer, at: number): string {
  const hex = bytes.toString('hex', at, at + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
