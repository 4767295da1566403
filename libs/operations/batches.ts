// A provider's batches as people look at them: newest first, page by page.
import type { DataSource } from 'typeorm';
import type { BatchKind, BatchState } from '#contracts';
import { query } from '#platform';

export interface BatchSummary {
  number: number;
  kind: BatchKind;
  state: BatchState;
  stateReason: string | null;
  fromSeq: number;
  toSeq: number;
  lines: number;
  collapsed: number;
  omitted: number;
  parts: number;
  sha256: string;
  /** Bytes before compression. */
  size: number;
  /** The format of its bytes; null when it was sealed before that was recorded. */
  format: string | null;
  sealedAt: Date;
  handedAt: Date | null;
  acceptedAt: Date | null;
  /** When the provider itself said that it has it; null while that is awaited. */
  receiptAt: Date | null;
  endedAt: Date | null;
  applied: number;
  already: number;
  rejected: number;
  retrying: number;
  uncertain: number;
  outstanding: number;
  halvesOf: number | null;
  syncId: number | null;
}

const SUMMARY = `
SELECT number, kind, state, state_reason AS "stateReason", from_seq AS "fromSeq", to_seq AS "toSeq", line_count AS lines,
  cardinality(collapsed) AS collapsed, cardinality(omitted) AS omitted, parts, encode(sha256, 'hex') AS sha256, byte_size AS size,
  sealed_at AS "sealedAt", handed_at AS "handedAt", accepted_at AS "acceptedAt", receipt_at AS "receiptAt", format, ended_at AS "endedAt", n_applied AS applied,
  n_already AS already, n_rejected AS rejected, n_retrying AS retrying, n_uncertain AS uncertain,
  line_count - n_applied - n_already - n_rejected - n_retrying - n_uncertain AS outstanding, halves_of AS "halvesOf", sync_id AS "syncId"
FROM batch WHERE provider_id = $1`;

/** Up to `limit` batches below `before`, newest first. */
export function listBatches(
  source: DataSource,
  providerId: number,
  before: number | null,
  limit: number,
): Promise<BatchSummary[]> {
  return query<BatchSummary>(
    source,
    `${SUMMARY} AND number < coalesce($2::bigint, 9223372036854775807) ORDER BY number DESC LIMIT $3`,
    [providerId, before, limit],
  );
}

export async function findBatch(source: DataSource, providerId: number, number: number): Promise<BatchSummary | null> {
  const [row] = await query<BatchSummary>(source, `${SUMMARY} AND number = $2`, [providerId, number]);
  return row ?? null;
}
