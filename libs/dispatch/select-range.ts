// Which changes of a range of the log travel now, read from the log with what each of them must wait for.
import type { ProviderAdapter, Tx } from '#contracts';
import { selectLines, type LoggedChange } from './rules/select-lines.js';
import { AWAITED } from './awaited-outcomes.js';
import type { SealWhat } from './seal-batch.js';

export interface ChangeRow {
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

export type SendableChange = LoggedChange & { row: ChangeRow };

const RANGE = `
SELECT c.seq, c.prev_seq, c.entry_ref, c.present, c.package, c.valid_from, c.valid_to, l.line_key
FROM change c JOIN line l USING (line_id) WHERE c.provider_id = $1 AND c.seq BETWEEN $2 AND $3 ORDER BY c.seq`;

// Seqs of a range whose entry has a newer change outside of it.
const SUPERSEDED = `
SELECT c.seq FROM change c JOIN entry e ON e.provider_id = c.provider_id AND e.line_id = c.line_id
WHERE c.provider_id = $1 AND c.seq BETWEEN $2 AND $3 AND e.last_seq > $3`;

/**
 * The range's changes, cut into what travels, what is collapsed and what is omitted.
 * @throws Error when the log has holes: nothing may be sealed over them
 */
export async function selectRange(
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
export async function readHandles(tx: Tx, providerId: number, changes: SendableChange[]): Promise<void> {
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
