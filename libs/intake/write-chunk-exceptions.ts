// Two things that few chunks need: withdrawals that outlived their line, and names that did not change.
import type { CopyTx, Vault } from '#platform';

/**
 * Whether there is any suppression; without one nothing is hashed. A withdrawal always makes its line too: one that is
 * committed after this question has made the line known, and is found by its mark.
 */
export async function anySuppression(tx: CopyTx): Promise<boolean> {
  const [row] = await tx.query<{ any: boolean }>('SELECT EXISTS (SELECT 1 FROM suppression) AS any');
  return row?.any ?? false;
}

/** Marks fresh lines whose keyed hash is suppressed as withdrawn. */
export async function suppressFreshLines(
  tx: CopyTx,
  fresh: { line_id: number; line_key: string }[],
  vault: Vault,
): Promise<void> {
  if (fresh.length === 0) return;
  await tx.query(
    `UPDATE line l SET withdrawn_at = s.withdrawn_at
     FROM unnest($1::bigint[], $2::text[]) AS h (line_id, hash) JOIN suppression s ON s.line_hash = decode(h.hash, 'hex')
     WHERE l.line_id = h.line_id`,
    [fresh.map((line) => line.line_id), fresh.map((line) => vault.lineHash(line.line_key).toString('hex'))],
  );
}

/** Encryption gives other bytes each time: a name that equals the stored one is taken out of the comparison. */
export async function keepUnchangedNames(
  tx: CopyTx,
  nameOf: (n: number) => string | null,
  vault: Vault,
): Promise<void> {
  const stored = await tx.query<{ n: number; name_cipher: Buffer }>(
    `SELECT c.n, r.name_cipher FROM chunk c JOIN line l ON l.line_key = c.line_key
     JOIN registration r ON r.agency_id = c.agency_id AND r.reference = c.reference AND r.line_id = l.line_id
     WHERE c.name_cipher IS NOT NULL AND r.name_cipher IS NOT NULL`,
  );
  const unchanged = stored.filter((row) => vault.decrypt('names', row.name_cipher).toString('utf8') === nameOf(row.n));
  if (unchanged.length === 0) return;
  await tx.query('UPDATE chunk SET name_cipher = NULL WHERE n = ANY($1::int[])', [unchanged.map((row) => row.n)]);
}
