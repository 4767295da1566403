// A full list: a batch of its own kind, everything that should be there as of one position of the log.
import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import type { DataSource } from 'typeorm';
import type { ProviderAdapter, SealedBatch } from '#contracts';
import { faultPoint, inTransaction } from '#platform';
import { beginAttempt } from './attempts.js';
import { LeaseLost, type Lease } from './lease.js';
import { batchLine } from './render-batch.js';
import { linesPerPart } from './rules/fit-bytes.js';

/** Positions per row of the index that joins answers to entries; the same blocks as for outcome bits. */
const BLOCK_LINES = 8192;

export interface EntryRow {
  line_id: number;
  entry_ref: string;
  last_seq: number;
  package: string | null;
  valid_from: string | null;
  valid_to: string | null;
  line_key: string;
}

// What should be there, and what is there because the brake holds its removal: whatever the list leaves out was reserved
// when its removal was appended.
export const LISTED = `e.provider_id = $1 AND (e.present OR EXISTS (
  SELECT 1 FROM exception x WHERE x.provider_id = e.provider_id AND x.seq = e.last_seq AND x.number = 0 AND x.kind = 'held' AND x.ended_at IS NULL)
  AND last_present(e.provider_id, e.last_seq) IS NOT NULL)`;

// What is held stands in the list as the provider has it.
export const PAGE = `
WITH page AS MATERIALIZED (
  SELECT e.* FROM entry e WHERE ${LISTED} AND e.line_id > $2 ORDER BY e.line_id LIMIT $3
)
SELECT e.line_id, e.entry_ref, coalesce(c.seq, e.last_seq) AS last_seq, coalesce(c.package, e.package) AS package,
  coalesce(c.valid_from, e.valid_from) AS valid_from, coalesce(c.valid_to, e.valid_to) AS valid_to, l.line_key
FROM page e JOIN line l USING (line_id) LEFT JOIN LATERAL (
  SELECT * FROM change c WHERE c.provider_id = $1 AND c.seq = last_present(e.provider_id, e.last_seq)) c ON NOT e.present
ORDER BY e.line_id`;

const INSERT_BATCH = `
INSERT INTO batch (provider_id, number, kind, from_seq, to_seq, line_count, parts, state, sha256, byte_size, sealed_at, handed_at, sync_id, format)
VALUES ($1, $2, 'full', $3, $4, $5, $6, 'handed', $7, $8, $9, now(), $10, $11)`;

/**
 * Seals the full list in one snapshot: entries, changes and counter commit together, so that what the snapshot shows
 * is the state as of its counter. Bounded memory: one part at a time. The caller made sure that nothing of the provider
 * is unsettled.
 */
export async function sealFullList(
  source: DataSource,
  adapter: ProviderAdapter,
  lease: Lease,
  syncId: number,
  now: Date,
): Promise<SealedBatch | null> {
  const { providerId } = lease;
  const { code: provider } = adapter.profile;
  const maxLines = linesPerPart(adapter.profile);
  return inTransaction(
    source,
    async (tx) => {
      const [stream] = await tx.query<{ sealed_seq: number; next_number: number; last_seq: number; fence: number }>(
        `SELECT s.sealed_seq, s.next_number, c.last_seq, l.fence FROM provider_stream s
         JOIN provider_counter c USING (provider_id) JOIN provider_lease l USING (provider_id)
         WHERE s.provider_id = $1 FOR UPDATE OF s`,
        [providerId],
      );
      if (!stream || stream.fence !== lease.fence) throw new LeaseLost();
      // A refusal may have come since the decision: its halves go before anything later.
      if ((await tx.query('SELECT 1 FROM refused_range WHERE provider_id = $1 LIMIT 1', [providerId])).length > 0)
        return null;
      const [{ lines: lineCount } = { lines: 0 }] = await tx.query<{ lines: number }>(
        `SELECT count(*) AS lines FROM entry e WHERE ${LISTED}`,
        [providerId],
      );
      const number = stream.next_number;
      const toSeq = stream.last_seq;
      // A list that covers nothing new still begins after everything sealed before.
      const fromSeq = Math.min(stream.sealed_seq + 1, toSeq + 1);
      const parts = Math.max(1, Math.ceil(lineCount / maxLines));
      const whole = createHash('sha256');
      let byteSize = 0;
      let index: { refs: Buffer[]; seqs: Buffer[] } = { refs: [], seqs: [] };
      let block = 0;
      const flush = async () => {
        if (index.refs.length === 0) return;
        await tx.query(
          'INSERT INTO full_list_index (provider_id, number, block, refs, seqs) VALUES ($1, $2, $3, $4, $5)',
          [providerId, number, block, Buffer.concat(index.refs), Buffer.concat(index.seqs)],
        );
        block += 1;
        index = { refs: [], seqs: [] };
      };
      let after = 0;
      for (let part = 1; part <= parts; part++) {
        const rows = await tx.query<EntryRow>(PAGE, [providerId, after, maxLines]);
        after = rows.at(-1)?.line_id ?? after;
        const first = (part - 1) * maxLines + 1;
        const lines = rows.map((row, i) => batchLine({ ...row, present: true }, first + i, row.last_seq));
        const count = lines.length;
        const header = { provider, number, kind: 'full' as const, fromSeq, toSeq, part, parts, count, sealedAt: now };
        const bytes = adapter.render(header, lines);
        whole.update(bytes);
        byteSize += bytes.length;
        await tx.query(
          'INSERT INTO batch_bytes (provider_id, number, part, first_n, last_n, sha256, zstd, enclosed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)',
          [
            providerId,
            number,
            part,
            first,
            first + lines.length - 1,
            createHash('sha256').update(bytes).digest(),
            zstdCompressSync(bytes),
            adapter.enclose ? await adapter.enclose(header, bytes) : null,
          ],
        );
        await faultPoint('dispatch.listPart');
        for (const row of rows) {
          const seq = Buffer.alloc(8);
          seq.writeBigUInt64BE(BigInt(row.last_seq));
          index.refs.push(Buffer.from(row.entry_ref.replaceAll('-', ''), 'hex'));
          index.seqs.push(seq);
          if (index.refs.length === BLOCK_LINES) await flush();
        }
      }
      await flush();
      const sha256 = whole.digest('hex');
      await tx.query(INSERT_BATCH, [
        providerId,
        number,
        fromSeq,
        toSeq,
        lineCount,
        parts,
        Buffer.from(sha256, 'hex'),
        byteSize,
        now,
        syncId,
        adapter.profile.format,
      ]);
      await tx.query(
        'UPDATE provider_stream SET next_number = next_number + 1, sealed_seq = greatest(sealed_seq, $2) WHERE provider_id = $1',
        [providerId, toSeq],
      );
      await tx.query(
        `UPDATE sync_provider SET number = $3, state = 'sending' WHERE provider_id = $1 AND sync_id = $2`,
        [providerId, syncId, number],
      );
      await beginAttempt(tx, providerId, number, lease.fence, 'handOver');
      return { provider, number, kind: 'full' as const, fromSeq, toSeq, lineCount, sealedAt: now, sha256 };
    },
    'REPEATABLE READ',
  );
}
