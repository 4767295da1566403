// Renders a part of a batch as one page of the pull feed: NDJSON, a header line, one line per change, an end line.
import { createHash } from 'node:crypto';
import type { BatchHeader, BatchLine } from '#contracts';
import { CONTRACT_VERSION, type BatchFormat } from './format.js';

/** Media type of a page. */
export const PAGE_TYPE = 'application/x-ndjson; charset=utf-8';

/** The cursor that a reader holds after this page: constant, so that it can stand in sealed bytes. */
export function cursorAfter(position: { number: number; part: number }): string {
  return `${position.number}-${position.part}`;
}

/** A change as a line of a page, or an entry as a line of a listing. */
export function lineOf(line: BatchLine): Record<string, unknown> {
  const { n, op, ref, seq, access } = line;
  if (op === 'REMOVE') return { n, op, ref, seq, access, line: line.line };
  return {
    n,
    op,
    ref,
    seq,
    access,
    line: line.line,
    ...(line.package === null ? {} : { package: line.package }),
    ...(line.from === null ? {} : { from: line.from }),
    ...(line.to === null ? {} : { to: line.to }),
  };
}

export const thin: BatchFormat = {
  contentType: PAGE_TYPE,

  render(header: BatchHeader, lines: readonly BatchLine[]): Buffer {
    const rows: string[] = [
      JSON.stringify({
        contract: CONTRACT_VERSION,
        provider: header.provider,
        batch: header.number,
        kind: header.kind,
        part: header.part,
        parts: header.parts,
        fromSeq: header.fromSeq,
        toSeq: header.toSeq,
        count: header.count,
        sealedAt: header.sealedAt.toISOString(),
      }),
    ];
    for (const line of lines) rows.push(JSON.stringify(lineOf(line)));
    const body = Buffer.from(`${rows.join('\n')}\n`);
    const end = {
      end: true,
      count: header.count,
      sha256: createHash('sha256').update(body).digest('hex'),
      next: cursorAfter(header),
    };
    return Buffer.concat([body, Buffer.from(`${JSON.stringify(end)}\n`)]);
  },
};
