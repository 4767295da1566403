// A sealed batch read back: its description, and its parts one at a time, exactly as they were sealed.
import { zstdDecompressSync } from 'node:zlib';
import type { DataSource } from 'typeorm';
import type { SealedBatch, SealedPart } from '#contracts';
import { query } from '#platform';

interface BatchRow {
  code: string;
  kind: 'delta' | 'full';
  from_seq: number;
  to_seq: number;
  line_count: number;
  sealed_at: Date;
  sha256: Buffer;
}

export async function readBatch(source: DataSource, providerId: number, number: number): Promise<SealedBatch | null> {
  const [row] = await query<BatchRow>(
    source,
    `SELECT p.code, b.kind, b.from_seq, b.to_seq, b.line_count, b.sealed_at, b.sha256
     FROM batch b JOIN provider p USING (provider_id) WHERE b.provider_id = $1 AND b.number = $2`,
    [providerId, number],
  );
  if (!row) return null;
  return {
    provider: row.code,
    number,
    kind: row.kind,
    fromSeq: row.from_seq,
    toSeq: row.to_seq,
    lineCount: row.line_count,
    sealedAt: row.sealed_at,
    sha256: row.sha256.toString('hex'),
  };
}

/** The parts in order; nothing when retention has erased them. */
export async function* readParts(source: DataSource, providerId: number, number: number): AsyncGenerator<SealedPart> {
  for (let part = 1, parts = 1; part <= parts; part++) {
    const [row] = await query<{
      parts: number;
      first_n: number;
      last_n: number;
      sha256: Buffer;
      zstd: Buffer;
      enclosed: Buffer | null;
    }>(
      source,
      `SELECT b.parts, y.first_n, y.last_n, y.sha256, y.zstd, y.enclosed FROM batch b JOIN batch_bytes y USING (provider_id, number)
       WHERE provider_id = $1 AND number = $2 AND y.part = $3`,
      [providerId, number, part],
    );
    if (!row) return;
    parts = row.parts;
    yield {
      part,
      parts,
      first: row.first_n,
      last: row.last_n,
      bytes: zstdDecompressSync(row.zstd),
      sha256: row.sha256.toString('hex'),
      ...(row.enclosed ? { enclosed: row.enclosed } : {}),
    };
  }
}
