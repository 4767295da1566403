// Test batches of the conformance suite: rendered by the adapter itself, sealed as dispatch seals them.
import { createHash } from 'node:crypto';
import type { BatchHeader, BatchKind, BatchLine, ProviderAdapter, SealedBatch, SealedPart } from '#contracts';

export interface TestBatch {
  batch: SealedBatch;
  parts: SealedPart[];
  lines: BatchLine[];
}

function sha256(...pieces: Buffer[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

/** Lines with invented numbers that no network has given out (+66 20 000 0000 and on), and refs of their own. */
export function testLines(count: number, seed: number, access: 'MB' | 'FB'): BatchLine[] {
  return Array.from({ length: count }, (_, i) => ({
    n: i + 1,
    op: 'ADD' as const,
    ref: `00000000-0000-7000-8000-${(seed * 1_000_000 + i).toString(16).padStart(12, '0')}`,
    seq: seed * 1_000_000 + i + 1,
    access,
    line: access === 'MB' ? `+66200${String(i % 1_000_000).padStart(6, '0')}` : String(9_000_000_000 + i),
    package: access === 'MB' ? 'WAH-MB' : 'WAH-FB',
    from: '2020-03-19',
    to: i % 3 === 0 ? null : '2020-06-30',
  }));
}

/** Seals lines as one batch in `parts` parts. */
export function seal(
  adapter: ProviderAdapter,
  number: number,
  lines: BatchLine[],
  kind: BatchKind = 'delta',
  parts = 1,
): TestBatch {
  return sealRendered(adapter.profile.code, (header, some) => adapter.render(header, some), number, lines, kind, parts);
}

/** The same for any way of rendering. */
export function sealRendered(
  provider: string,
  render: (header: BatchHeader, lines: BatchLine[]) => Buffer,
  number: number,
  lines: BatchLine[],
  kind: BatchKind,
  parts: number,
): TestBatch {
  const sealedAt = new Date('2020-03-18T17:05:10Z');
  const fromSeq = lines[0]?.seq ?? 1;
  const toSeq = lines.at(-1)?.seq ?? 1;
  const size = Math.ceil(lines.length / parts);
  const sealed: SealedPart[] = Array.from({ length: parts }, (_, i) => {
    const mine = lines.slice(i * size, (i + 1) * size);
    const bytes = render(
      { provider, number, kind, fromSeq, toSeq, part: i + 1, parts, count: mine.length, sealedAt },
      mine,
    );
    return { part: i + 1, parts, first: i * size + 1, last: i * size + mine.length, bytes, sha256: sha256(bytes) };
  });
  const batch: SealedBatch = {
    provider,
    number,
    kind,
    fromSeq,
    toSeq,
    lineCount: lines.length,
    sealedAt,
    sha256: sha256(...sealed.map((one) => one.bytes)),
  };
  return { batch, parts: sealed, lines };
}

export async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
