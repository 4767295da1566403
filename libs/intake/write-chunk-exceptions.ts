// Two things that few chunks need: withdrawals that outlived their line, and names that did not change.
import type { CopyTx, Vault } from '#platform';

/**
 * Marks fresh lines whose keyed hash is suppressed as withdrawn. Says whether there was any. Hashes nothing while there
 * is no suppression. A withdrawal always makes its line too, so that one committed meanwhile has made ours known.
 */
export async function suppressFreshLines(
  tx: CopyTx,
  fresh: { line_id: number; line_key: string }[],
  vault: Vault,
): Promise<boolean> {
  if (fresh.length === 0) return false;
  const [any] = await tx.query<{ any: boolean }>('SELECT EXISTS (SELECT 1 FROM suppression) AS any');
  if (!any?.any) return false;
  const [marked] = await tx.query<{ n: number }>(
    `WITH hashed AS (
       SELECT line_id, decode(hash, 'hex') AS line_hash FROM unnest($1::bigint[], $2::text[]) AS h (line_id, hash)
     ), marked AS (
       UPDATE line l SET withdrawn_at = s.withdrawn_at FROM hashed h JOIN suppression s USING (line_hash)
       WHERE l.line_id = h.line_id RETURNING 1
     )
     SELECT count(*) AS n FROM marked`,
    [fresh.map((line) => line.line_id), fresh.map((line) => vault.lineHash(line.line_key).toString('hex'))],
  );
  return (marked?.n ?? 0) > 0;
}

/** Encryption gives other bytes each time: a name that equals the stored one is taken out of the comparison. */
export async function keepUnchangedNames(tx: CopyTx, nameOf: (n: number) => string | null, vault: Vault): Promise<void> {
  const stored = await tx.query<{ n: number; name_cipher: Buffer }>(
    `SELECT c.n, r.name_cipher FROM chunk c JOIN line l ON l.line_key = c.line_key
     JOIN registration r ON r.agency_id = c.agency_id AND r.reference = c.reference AND r.line_id = l.line_id
     WHERE c.name_cipher IS NOT NULL AND r.name_cipher IS NOT NULL`,
  );
  const unchanged = stored.filter((row) => vault.decrypt('names', row.name_cipher).toString('utf8') === nameOf(row.n));
  if (unchanged.length === 0) return;
  await tx.query('UPDATE chunk SET name_cipher = NULL WHERE n = ANY($1::int[])', [unchanged.map((row) => row.n)]);
}
