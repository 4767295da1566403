// Writing a sealed batch down: its row, its bytes, and what it leaves out; in the transaction that seals it.
import { zstdCompressSync } from 'node:zlib';
import type { Tx } from '#contracts';
import type { Sealed } from './render-batch.js';
import type { Omission } from './rules/select-lines.js';

const INSERT_BATCH = `
INSERT INTO batch (provider_id, number, kind, from_seq, to_seq, line_count, collapsed, omitted, parts, state, sha256, byte_size,
  sealed_at, handed_at, halves_of, root, ahead, format)
VALUES ($1, $2, 'delta', $3, $4, $5, $6, $7, 1, 'handed', $8, $9, $10, now(), $11, $12, $13, $14)`;

const INSERT_OMISSIONS = `
INSERT INTO omission (provider_id, seq, entry_ref, waits_for) SELECT $1, * FROM unnest($2::bigint[], $3::uuid[], $4::bigint[])
ON CONFLICT (provider_id, seq) DO UPDATE SET waits_for = excluded.waits_for, ended_at = NULL`;

/** Marked as handed over: the attempt that follows is recorded in the same transaction. */
export async function insertBatch(
  tx: Tx,
  providerId: number,
  sealed: Sealed,
  about: {
    collapsed: number[];
    omitted: number[];
    half: { halves_of: number; root: number } | null;
    ahead: boolean;
    format: string;
  },
): Promise<void> {
  const { batch, parts } = sealed;
  await tx.query(INSERT_BATCH, [
    providerId,
    batch.number,
    batch.fromSeq,
    batch.toSeq,
    batch.lineCount,
    about.collapsed,
    about.omitted,
    Buffer.from(batch.sha256, 'hex'),
    parts[0]?.bytes.length ?? 0,
    batch.sealedAt,
    about.half?.halves_of ?? null,
    about.half?.root ?? null,
    about.ahead,
    about.format,
  ]);
  await insertBytes(tx, providerId, sealed);
}

async function insertBytes(tx: Tx, providerId: number, sealed: Sealed): Promise<void> {
  for (const part of sealed.parts) {
    await tx.query(
      'INSERT INTO batch_bytes (provider_id, number, part, first_n, last_n, sha256, zstd, enclosed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)',
      [
        providerId,
        sealed.batch.number,
        part.part,
        part.first,
        part.last,
        Buffer.from(part.sha256, 'hex'),
        zstdCompressSync(part.bytes),
        part.enclosed ?? null,
      ],
    );
  }
}

export async function insertOmissions(tx: Tx, providerId: number, omitted: Omission[]): Promise<void> {
  if (omitted.length === 0) return;
  await tx.query(INSERT_OMISSIONS, [
    providerId,
    omitted.map((each) => each.seq),
    omitted.map((each) => each.entryRef),
    omitted.map((each) => each.waitsFor),
  ]);
}
