// Sealing: the next range of a provider's log becomes a numbered batch with its exact bytes, in one transaction.
import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import type { DataSource } from 'typeorm';
import type { BatchLine, ProviderAdapter, SealedBatch, SealedPart, Tx } from '#contracts';
import { INDEX_PLANS, inTransaction } from '#platform';
import { pushFate } from './rules/ahead.js';
import { selectLines, type LoggedChange, type Omission } from './rules/select-lines.js';
import { beginAttempt } from './attempts.js';
import { assertFence, type Lease } from './lease.js';

interface ChangeRow {
  seq: number;
  prev_seq: number;
  entry_ref: string;
  present: boolean;
  package: string | null;
  valid_from: string | null;
  valid_to: string | null;
  line_key: string;
}

type SendableChange = LoggedChange & { row: ChangeRow };

export interface Sealed {
  batch: SealedBatch;
  parts: SealedPart[];
}

const LOCK_STREAM = `
SELECT s.sealed_seq, s.next_number, c.last_seq FROM provider_stream s JOIN provider_counter c USING (provider_id)
WHERE s.provider_id = $1 FOR UPDATE OF s`;

const RANGE = `
SELECT c.seq, c.prev_seq, c.entry_ref, c.present, c.package, c.valid_from, c.valid_to, l.line_key
FROM change c JOIN line l USING (line_id) WHERE c.provider_id = $1 AND c.seq BETWEEN $2 AND $3 ORDER BY c.seq`;

// Seqs of a range whose entry has a newer change outside of it.
const SUPERSEDED = `
SELECT c.seq FROM change c JOIN entry e ON e.provider_id = c.provider_id AND e.line_id = c.line_id
WHERE c.provider_id = $1 AND c.seq BETWEEN $2 AND $3 AND e.last_seq > $3`;

// What must be heard before anything newer of the entry may go: the earlier change itself while its batch is open and
// it has no exception there, or what an omitted earlier change waits for.
const WAITS_FOR = `coalesce(
  (SELECT o.waits_for FROM omission o WHERE o.provider_id = $1 AND o.seq = p.seq AND o.ended_at IS NULL),
  (SELECT p.seq FROM batch b WHERE b.provider_id = $1 AND b.state IN ('sealed', 'handed', 'accepted')
     AND p.seq BETWEEN b.from_seq AND b.to_seq AND NOT p.seq = ANY(b.omitted) AND NOT EXISTS (
       SELECT 1 FROM exception x WHERE x.provider_id = $1 AND x.seq = p.seq AND x.number = b.number AND x.heard <> '{}') LIMIT 1))`;
const AWAITED = `
SELECT p.seq, ${WAITS_FOR} AS waits_for
FROM unnest($2::bigint[]) AS p(seq)`;

// Wishes to push, oldest first: the entry's latest change, whether it went ahead already, and what it must wait for.
const PUSHED = `
SELECT r.entry_ref, c.seq, c.prev_seq, ${WAITS_FOR} AS waits_for,
  EXISTS (SELECT 1 FROM batch b WHERE b.provider_id = $1 AND b.from_seq = c.seq AND b.ahead) AS ahead
FROM push_request r JOIN entry e ON e.provider_id = r.provider_id AND e.entry_ref = r.entry_ref
JOIN change c ON c.provider_id = e.provider_id AND c.seq = e.last_seq
CROSS JOIN LATERAL (SELECT c.prev_seq AS seq) p
WHERE r.provider_id = $1 ORDER BY r.at LIMIT 100`;

const INSERT_BATCH = `
INSERT INTO batch (provider_id, number, kind, from_seq, to_seq, line_count, collapsed, omitted, parts, state, sha256, byte_size,
  sealed_at, handed_at, halves_of, root, ahead)
VALUES ($1, $2, 'delta', $3, $4, $5, $6, $7, 1, 'handed', $8, $9, $10, now(), $11, $12, $13)`;

const INSERT_OMISSIONS = `
INSERT INTO omission (provider_id, seq, entry_ref, waits_for) SELECT $1, * FROM unnest($2::bigint[], $3::uuid[], $4::bigint[])
ON CONFLICT (provider_id, seq) DO UPDATE SET waits_for = excluded.waits_for, ended_at = NULL`;

/** What is sealed: what comes next in the log, the lowest open range of a refused batch, or one change ahead of the rest. */
export type SealWhat = 'next' | 'half' | 'ahead';

/**
 * Seals a batch and records its first attempt in the same transaction, so that whoever finds it knows that it may have
 * been sent. Returns null when nothing of the range may travel yet (all of it waits for earlier outcomes).
 * @throws LeaseLost when the lease is not ours any more
 */
export async function sealBatch(
  source: DataSource,
  adapter: ProviderAdapter,
  lease: Lease,
  what: SealWhat,
  now: Date,
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
    const fromSeq = pushed ?? half?.from_seq ?? stream.sealed_seq + 1;
    const end = pushed ?? half?.to_seq ?? stream.last_seq;
    // All of a range may be waiting while what follows is free: then the range grows, for a batch is never empty.
    for (let size = adapter.profile.maxLines; ; size += adapter.profile.maxLines) {
      const toSeq = pushed ?? half?.to_seq ?? Math.min(end, fromSeq + size - 1);
      if (toSeq < fromSeq) return null;
      const selection = await selectRange(tx, adapter, providerId, fromSeq, toSeq, what);
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
      const sealed = render(adapter, stream.next_number, fromSeq, toSeq, selection.lines, now);
      await tx.query(INSERT_BATCH, [
        providerId,
        stream.next_number,
        fromSeq,
        toSeq,
        selection.lines.length,
        selection.collapsed,
        selection.omitted.map((omission) => omission.seq),
        Buffer.from(sealed.batch.sha256, 'hex'),
        sealed.parts[0]?.bytes.length ?? 0,
        now,
        half?.halves_of ?? null,
        half?.root ?? null,
        what === 'ahead',
      ]);
      await insertBytes(tx, providerId, sealed);
      await insertOmissions(tx, providerId, selection.omitted);
      if (half)
        await tx.query('DELETE FROM refused_range WHERE provider_id = $1 AND from_seq = $2', [providerId, fromSeq]);
      await tx.query(
        'UPDATE provider_stream SET next_number = next_number + 1, sealed_seq = greatest(sealed_seq, $2) WHERE provider_id = $1',
        [providerId, what === 'ahead' ? stream.sealed_seq : toSeq],
      );
      await beginAttempt(tx, providerId, stream.next_number, lease.fence, 'handOver');
      return sealed;
    }
  });
}

/** The oldest wish to push that can be granted now. Wishes that are over are dropped, those that must wait stay. */
async function takePushed(
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

async function lowestHalf(tx: Tx, providerId: number) {
  const [range] = await tx.query<{ from_seq: number; to_seq: number; halves_of: number; root: number }>(
    'SELECT from_seq, to_seq, halves_of, root FROM refused_range WHERE provider_id = $1 ORDER BY from_seq LIMIT 1',
    [providerId],
  );
  return range ?? null;
}

async function selectRange(
  tx: Tx,
  adapter: ProviderAdapter,
  providerId: number,
  fromSeq: number,
  toSeq: number,
  what: SealWhat,
) {
  const rows = await tx.query<ChangeRow>(RANGE, [providerId, fromSeq, toSeq]);
  if (rows.length !== toSeq - fromSeq + 1) {
    throw new Error(`the log of provider ${providerId} has ${rows.length} changes from ${fromSeq} to ${toSeq}`);
  }
  const changes: SendableChange[] = rows.map((row) => ({
    seq: row.seq,
    prevSeq: row.prev_seq,
    entryRef: row.entry_ref,
    row,
  }));
  // What was pushed ahead has been sent; a later change of the same entry waits for it like for any other.
  const ahead = what === 'ahead' ? new Set<number>() : await sealedAhead(tx, providerId, fromSeq, toSeq);
  const before = changes.map((change) => change.prevSeq).filter((seq) => seq > 0 && (seq < fromSeq || ahead.has(seq)));
  const awaited = new Map<number, number>();
  if (before.length > 0 && !adapter.profile.appliesInOrder) {
    for (const row of await tx.query<{ seq: number; waits_for: number | null }>(AWAITED, [providerId, before])) {
      if (row.waits_for !== null) awaited.set(row.seq, row.waits_for);
    }
  }
  // A half is sealed after batches that came later in the log; what they or the unsealed log say anew is not said again.
  const superseded = new Set<number>();
  if (what === 'half') {
    for (const row of await tx.query<{ seq: number }>(SUPERSEDED, [providerId, fromSeq, toSeq]))
      superseded.add(row.seq);
  }
  const selection = selectLines(
    changes.filter((change) => !ahead.has(change.seq)),
    (seq) => awaited.get(seq) ?? null,
    adapter.profile.appliesInOrder,
    (seq) => superseded.has(seq),
  );
  return { ...selection, collapsed: [...selection.collapsed, ...ahead] };
}

async function sealedAhead(tx: Tx, providerId: number, fromSeq: number, toSeq: number): Promise<Set<number>> {
  const rows = await tx.query<{ seq: number }>(
    `SELECT from_seq AS seq FROM batch WHERE provider_id = $1 AND to_seq BETWEEN $2 AND $3 AND ahead AND state <> 'refused'`,
    [providerId, fromSeq, toSeq],
  );
  return new Set(rows.map((row) => row.seq));
}

/** One line as it travels; `line_key` is `M:66…` or `F:TOT:…`. */
export function batchLine(
  row: {
    entry_ref: string;
    present: boolean;
    package: string | null;
    valid_from: string | null;
    valid_to: string | null;
    line_key: string;
  },
  n: number,
  seq: number,
): BatchLine {
  const mobile = row.line_key.startsWith('M:');
  return {
    n,
    seq,
    op: row.present ? 'ADD' : 'REMOVE',
    ref: row.entry_ref,
    access: mobile ? 'MB' : 'FB',
    line: mobile ? `+${row.line_key.slice(2)}` : row.line_key.slice(row.line_key.indexOf(':', 2) + 1),
    package: row.present ? row.package : null,
    from: row.present ? row.valid_from : null,
    to: row.present ? row.valid_to : null,
  };
}

function render(
  adapter: ProviderAdapter,
  number: number,
  fromSeq: number,
  toSeq: number,
  changes: SendableChange[],
  sealedAt: Date,
): Sealed {
  const provider = adapter.profile.code;
  const lines = changes.map((change, i) => batchLine(change.row, i + 1, change.seq));
  const header = {
    provider,
    number,
    kind: 'delta' as const,
    fromSeq,
    toSeq,
    part: 1,
    parts: 1,
    count: lines.length,
    sealedAt,
  };
  const bytes = adapter.render(header, lines);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return {
    batch: { provider, number, kind: 'delta', fromSeq, toSeq, lineCount: lines.length, sealedAt, sha256 },
    parts: [{ part: 1, parts: 1, first: 1, last: lines.length, bytes, sha256 }],
  };
}

export async function insertBytes(tx: Tx, providerId: number, sealed: Sealed): Promise<void> {
  for (const part of sealed.parts) {
    await tx.query(
      'INSERT INTO batch_bytes (provider_id, number, part, first_n, last_n, sha256, zstd) VALUES ($1, $2, $3, $4, $5, $6, $7)',
      [
        providerId,
        sealed.batch.number,
        part.part,
        part.first,
        part.last,
        Buffer.from(part.sha256, 'hex'),
        zstdCompressSync(part.bytes),
      ],
    );
  }
}

async function insertOmissions(tx: Tx, providerId: number, omitted: Omission[]): Promise<void> {
  if (omitted.length === 0) return;
  await tx.query(INSERT_OMISSIONS, [
    providerId,
    omitted.map((each) => each.seq),
    omitted.map((each) => each.entryRef),
    omitted.map((each) => each.waitsFor),
  ]);
}
