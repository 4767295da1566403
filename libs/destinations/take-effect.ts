// Taking effect: on its moment a version comes into force, and is due at every provider that takes lists.
import type { DataSource } from 'typeorm';
import type { ProviderRow } from '#platform';
import { inTransaction } from '#platform';

/**
 * Puts versions in force whose moment has come, and gives the provider its delivery of the one in force. What was on its
 * way of older versions is superseded. Idempotent; returns the version that is due there, null when nothing is.
 */
export async function takeEffect(source: DataSource, provider: ProviderRow, now: Date): Promise<number | null> {
  return inTransaction(source, async (tx) => {
    await tx.query(
      `UPDATE destination_version SET in_force_at = $1 WHERE in_force_at IS NULL AND cancelled_at IS NULL AND effective_at <= $1`,
      [now],
    );
    if (!provider.profile.destinations) return null;
    const [current] = await tx.query<{ version: number }>(
      'SELECT version FROM destination_version WHERE in_force_at IS NOT NULL ORDER BY effective_at DESC, version DESC LIMIT 1',
    );
    if (!current) return null;
    const [made] = await tx.query(
      `INSERT INTO destination_delivery (provider_id, version, state) VALUES ($1, $2, 'waiting')
       ON CONFLICT DO NOTHING RETURNING 1`,
      [provider.providerId, current.version],
    );
    if (made) {
      await tx.query('INSERT INTO destination_provider (provider_id) VALUES ($1) ON CONFLICT DO NOTHING', [
        provider.providerId,
      ]);
      await tx.query(
        `UPDATE destination_delivery SET state = 'superseded' WHERE provider_id = $1 AND version <> $2 AND state IN ('waiting', 'told', 'offered')`,
        [provider.providerId, current.version],
      );
    }
    const [due] = await tx.query<{ version: number }>(
      `SELECT d.version FROM destination_delivery d JOIN provider_stream s USING (provider_id)
       WHERE d.provider_id = $1 AND d.version = $2 AND d.state IN ('waiting', 'told')
         AND (d.not_before IS NULL OR d.not_before <= $3) AND s.paused_at IS NULL`,
      [provider.providerId, current.version, now],
    );
    return due?.version ?? null;
  });
}
