// Sealing: the next range of a provider's log becomes a numbered batch with its exact bytes, in one transaction.
import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import type { DataSource } from 'typeorm';
import {
  givesHandles,
  type BatchHeader,
  type BatchLine,
  type ProviderAdapter,
  type SealedBatch,
  type SealedPart,
  type Tx,
} from '#contracts';
import { INDEX_PLANS, inTransaction } from '#platform';
import { pushFate } from './rules/ahead.js';
import { shorterRange } from './rules/fit-bytes.js';
import { proofOfLifeDue } from './rules/proof-of-life.js';
import { selectLines, type LoggedChange, type Omission } from './rules/select-lines.js';
import { beginAttempt } from './attempts.js';
import { assertFence, type Lease } from './lease.js';
import { rejectUnwritable, renderWritable, type Unwritable } from './unwritable.js';

interface ChangeRow {
  seq: number;
  prev_seq: number;
  entry_ref: string;
  present: boolean;
  package: string | null;
  valid_from: string | null;
  valid_to: string | null;
  line_key: string;
  handle?: string;
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
  sealed_at, handed_at, halves_of, root, ahead, format)
VALUES ($1, $2, 'delta', $3, $4, $5, $6, $7, 1, 'handed', $8, $9, $10, now(), $11, $12, $13, $14)`;

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

const INSERT_OMISSIONS = `
INSERT INTO omission (provider_id, seq, entry_ref, waits_for) SELECT $1, * FROM unnest($2::bigint[], $3::uuid[], $4::bigint[])
ON CONFLICT (provider_id, seq) DO UPDATE SET waits_for = excluded.waits_for, ended_at = NULL`;

/**
 * What is sealed: what comes next in the log, the lowest open range of a refused batch, one change ahead of the rest, or
 * nothing at all, as the day's proof of life.
 */
export type SealWhat = 'next' | 'half' | 'ahead' | 'empty';

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
    if (what === 'empty') return sealEmpty(tx, adapter, lease, stream, now);
    const fromSeq = pushed ?? half?.from_seq ?? stream.sealed_seq + 1;
    const end = pushed ?? half?.to_seq ?? stream.last_seq;
    // All of a range may be waiting while what follows is free: then the range grows, for a batch is never empty.
    for (let size = adapter.profile.maxLines; ; size += adapter.profile.maxLines) {
      let toSeq = pushed ?? half?.to_seq ?? Math.min(end, fromSeq + size - 1);
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
      let rendered = await render(adapter, stream.next_number, fromSeq, toSeq, selection.lines, now);
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
        rendered = await render(adapter, stream.next_number, fromSeq, toSeq, selection.lines, now);
      }
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
  const { sealed } = await render(adapter, stream.next_number, stream.sealed_seq + 1, stream.sealed_seq, [], now);
  const { format } = adapter.profile;
  await insertBatch(tx, providerId, sealed, { collapsed: [], omitted: [], half: null, ahead: false, format });
  await tx.query('UPDATE provider_stream SET next_number = next_number + 1 WHERE provider_id = $1', [providerId]);
  await beginAttempt(tx, providerId, sealed.batch.number, lease.fence, 'handOver');
  return sealed;
}

async function insertBatch(
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

/** Puts in what the provider calls these entries. */
async function readHandles(tx: Tx, providerId: number, changes: SendableChange[]): Promise<void> {
  const rows = await tx.query<{ entry_ref: string; handle: string }>(
    'SELECT entry_ref, handle FROM entry_handle WHERE provider_id = $1 AND entry_ref = ANY($2::uuid[])',
    [providerId, changes.map((change) => change.entryRef)],
  );
  const handles = new Map(rows.map((row) => [row.entry_ref, row.handle]));
  for (const { row } of changes) {
    const handle = handles.get(row.entry_ref);
    if (handle !== undefined) row.handle = handle;
  }
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
    handle?: string;
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
    ...(row.handle === undefined ? {} : { handle: row.handle }),
  };
}

/** Renders and closes; what the format cannot carry is left out and named. */
async function render(
  adapter: ProviderAdapter,
  number: number,
  fromSeq: number,
  toSeq: number,
  changes: SendableChange[],
  sealedAt: Date,
): Promise<{ sealed: Sealed; unwritable: Unwritable[] }> {
  const provider = adapter.profile.code;
  const headerFor = (count: number): BatchHeader => ({
    provider,
    number,
    kind: 'delta',
    fromSeq,
    toSeq,
    part: 1,
    parts: 1,
    count,
    sealedAt,
  });
  const { bytes, lines, unwritable } = renderWritable(
    changes.map((change, i) => batchLine(change.row, i + 1, change.seq)),
    (left) => adapter.render(headerFor(left.length), left),
  );
  const lineCount = lines.length;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const part: SealedPart = { part: 1, parts: 1, first: 1, last: lineCount, bytes, sha256 };
  if (adapter.enclose) part.enclosed = await adapter.enclose(headerFor(lineCount), bytes);
  const batch = { provider, number, kind: 'delta' as const, fromSeq, toSeq, lineCount, sealedAt, sha256 };
  return { sealed: { batch, parts: [part] }, unwritable };
}

export async function insertBytes(tx: Tx, providerId: number, sealed: Sealed): Promise<void> {
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

async function insertOmissions(tx: Tx, providerId: number, omitted: Omission[]): Promise<void> {
  if (omitted.length === 0) return;
  await tx.query(INSERT_OMISSIONS, [
    providerId,
    omitted.map((each) => each.seq),
    omitted.map((each) => each.entryRef),
    omitted.map((each) => each.waitsFor),
  ]);
}
