// Rendering: selected changes become the exact bytes of a numbered batch; what the format cannot carry is left out and named.
import { createHash } from 'node:crypto';
import type { BatchHeader, BatchLine, ProviderAdapter, SealedBatch, SealedPart } from '#contracts';
import type { SendableChange } from './select-range.js';
import { renderWritable, type Unwritable } from './unwritable.js';

export interface Sealed {
  batch: SealedBatch;
  parts: SealedPart[];
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
export async function renderBatch(
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
