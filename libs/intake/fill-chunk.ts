// Rows on their way into the chunk: which of them count, and into the connection's temporary table.
import { copyField, type CopyTx, type Vault } from '#platform';
import type { RegistrationRow } from './registration-row.js';
import { MAKE_CHUNK } from './write-chunk-sql.js';

/** Below this, one JSON parameter takes fewer round trips than COPY. */
const COPY_FROM_ROWS = 50;

/** Of rows with one key the last is written; each earlier one counts as the same or as amended on the way. */
export function lastOfEachKey(rows: RegistrationRow[]): { kept: number[]; repeats: { same: number; amended: number } } {
  const byKey = new Map<string, number>();
  const repeats = { same: 0, amended: 0 };
  for (const [n, row] of rows.entries()) {
    const key = `${row.agencyId}\t${row.lineKey}\t${row.reference}`;
    const before = byKey.get(key);
    if (before !== undefined) repeats[contentOf(rows[before]!) === contentOf(row) ? 'same' : 'amended'] += 1;
    byKey.set(key, n);
  }
  return { kept: [...byKey.values()], repeats };
}

function contentOf(row: RegistrationRow): string {
  return JSON.stringify([
    row.providerId,
    row.package,
    row.validFrom,
    row.validTo,
    row.apps,
    row.confirmation,
    row.name,
  ]);
}

/** Fills the connection's chunk table with the rows given by their indexes. */
export async function fillChunk(tx: CopyTx, rows: RegistrationRow[], kept: number[], vault: Vault): Promise<void> {
  await tx.query(MAKE_CHUNK);
  // What an earlier chunk of this very transaction left.
  await tx.query('DELETE FROM chunk');
  const cipher = (name: string | null): string | null =>
    name === null ? null : `\\x${vault.encrypt('names', Buffer.from(name, 'utf8')).toString('hex')}`;
  if (kept.length < COPY_FROM_ROWS) {
    const records = kept.map((n) => {
      const row = rows[n]!;
      return {
        n,
        agency_id: row.agencyId,
        reference: row.reference,
        line_key: row.lineKey,
        provider_id: row.providerId,
        package: row.package,
        valid_from: row.validFrom,
        valid_to: row.validTo,
        apps: row.apps,
        state: row.confirmation ? 'confirmed' : 'draft',
        confirmed_at: row.confirmation?.at,
        confirmed_by: row.confirmation?.by,
        document_ref: row.confirmation?.document,
        name_cipher: cipher(row.name),
        row_no: row.rowNo,
        only_revision: row.onlyRevision,
      };
    });
    await tx.query('INSERT INTO chunk SELECT * FROM json_populate_recordset(NULL::chunk, $1)', [
      JSON.stringify(records),
    ]);
    return;
  }
  let text = '';
  for (const n of kept) {
    const row = rows[n]!;
    const evidence = row.confirmation;
    text += `${n}\t${row.agencyId}\t${copyField(row.reference)}\t${copyField(row.lineKey)}\t${row.providerId}\t${copyField(row.package)}\t${row.validFrom}\t${row.validTo ?? '\\N'}\t${row.apps}\t`;
    text += evidence
      ? `confirmed\t${evidence.at}\t${copyField(evidence.by)}\t${copyField(evidence.document)}\t`
      : 'draft\t\\N\t\\N\t\\N\t';
    text += `${copyField(cipher(row.name))}\t${row.rowNo ?? '\\N'}\t${row.onlyRevision ?? '\\N'}\n`;
  }
  await tx.copy('chunk', [text]);
}
