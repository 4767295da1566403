// Lines that the provider's format cannot carry: found before sending, they become rejected exceptions and hold nobody up.
import { FieldNotAllowed, type BatchLine, type Tx } from '#contracts';

/** A line that cannot be written, and why: position in the batch as it would have been, field, reason; never the content. */
export interface Unwritable {
  seq: number;
  ref: string;
  why: string;
}

/**
 * Renders lines, leaving out those that cannot be written; the rest is numbered anew from 1.
 * @param render throws `FieldNotAllowed` for lines by their `n`
 */
export function renderWritable(
  lines: readonly BatchLine[],
  render: (lines: BatchLine[]) => Buffer,
): { bytes: Buffer; lines: BatchLine[]; unwritable: Unwritable[] } {
  const unwritable: Unwritable[] = [];
  let left = [...lines];
  for (;;) {
    try {
      return { bytes: render(left), lines: left, unwritable };
    } catch (error) {
      if (!(error instanceof FieldNotAllowed)) throw error;
      const faults = new Map<number | null, FieldNotAllowed>();
      for (const fault of [error, ...error.others]) if (!faults.has(fault.n)) faults.set(fault.n, fault);
      const bad = left.filter((line) => faults.has(line.n));
      // A fault of the header, or of a position that is not there, is ours.
      if (faults.has(null) || bad.length === 0) throw error;
      for (const { seq, ref, n } of bad) unwritable.push({ seq, ref, why: faults.get(n)?.message ?? error.message });
      left = left.filter((line) => !faults.has(line.n)).map((line, i) => ({ ...line, n: i + 1 }));
    }
  }
}

const REJECT = `
INSERT INTO exception (provider_id, seq, entry_ref, number, kind, code, acked_seq, detail)
SELECT $1, bad.seq, bad.entry_ref, $2, 'rejected', 'INVALID_FORMAT', acked_before($1, bad.seq), bad.why
FROM unnest($3::bigint[], $4::uuid[], $5::text[]) AS bad(seq, entry_ref, why)
WHERE
  -- A half of a refused batch meets it again.
  NOT EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = $1 AND x.seq = bad.seq AND x.ended_at IS NULL)
ON CONFLICT (provider_id, seq, number) DO NOTHING`;

/** Records them as rejected, in the transaction that seals the batch whose range they stand in. */
export async function rejectUnwritable(
  tx: Tx,
  providerId: number,
  number: number,
  unwritable: readonly Unwritable[],
): Promise<void> {
  if (unwritable.length === 0) return;
  await tx.query(REJECT, [
    providerId,
    number,
    unwritable.map((each) => each.seq),
    unwritable.map((each) => each.ref),
    unwritable.map((each) => each.why),
  ]);
}
