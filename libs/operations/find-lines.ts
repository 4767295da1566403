// Finding lines: by their key, or by an agency's reference. Every search is recorded, with a keyed hash of what was asked.
import type { DataSource } from 'typeorm';
import { inTransaction, type Vault } from '#platform';
import { recordAct } from './audit.js';
import { maskLine } from './mask.js';

export type LineQuestion = { lineKey: string } | { agency: string; reference: string };

export interface FoundLine {
  /** Opaque; the address of the line's story. */
  id: string;
  access: string;
  line: string;
  providers: string[];
}

/** A reference names few lines; an agency that filed thousands under one gets the first of them. */
const MOST_LINES = 200;

const BY_KEY = 'SELECT l.line_id, l.line_key FROM line l WHERE l.line_key = $1';
const BY_REFERENCE = `
SELECT DISTINCT l.line_id, l.line_key FROM registration r JOIN line l USING (line_id)
WHERE r.agency_id = (SELECT agency_id FROM agency WHERE code = $1) AND r.reference = $2 ORDER BY 1 LIMIT ${MOST_LINES}`;
const PROVIDERS = `
SELECT r.line_id, array_agg(DISTINCT p.code ORDER BY p.code) AS providers FROM registration r JOIN provider p USING (provider_id)
WHERE r.line_id = ANY($1::bigint[]) GROUP BY 1`;

export async function findLines(
  source: DataSource,
  vault: Vault,
  question: LineQuestion,
  actorId: number,
): Promise<FoundLine[]> {
  return inTransaction(source, async (tx) => {
    const asked = 'lineKey' in question ? question.lineKey : `R:${question.agency}:${question.reference}`;
    const [sql, params] =
      'lineKey' in question ? [BY_KEY, [question.lineKey]] : [BY_REFERENCE, [question.agency, question.reference]];
    const rows = await tx.query<{ line_id: number; line_key: string }>(sql, params);
    const providers = await tx.query<{ line_id: number; providers: string[] }>(PROVIDERS, [
      rows.map((row) => row.line_id),
    ]);
    await recordAct(tx, {
      actorId,
      act: 'lines.search',
      subject: `hash:${vault.lineHash(asked).toString('hex').slice(0, 32)}`,
      detail: { found: rows.length },
    });
    return rows.map((row) => ({
      id: vault.opaqueId('line', row.line_id),
      ...maskLine(row.line_key),
      providers: providers.find((each) => each.line_id === row.line_id)?.providers ?? [],
    }));
  });
}
