// What a provider says of a list by itself: that it enforces it, or that something of it does not work any more.
import type { DataSource } from 'typeorm';
import { Problem, type DestinationsReport } from '#contracts';
import { inTransaction } from '#platform';
import { DELIVERY_LOCK } from './deliver-version.js';

/**
 * The provider's own word that it enforces a version, for those that fetch it. A repeated one changes nothing.
 * Throws Problem 409 when it is another version than the one in force, or another content.
 */
export async function acknowledgeVersion(
  source: DataSource,
  providerId: number,
  { version, sha256, enforcedSince }: { version: number; sha256: string; enforcedSince: Date | null },
  now: Date,
): Promise<'acknowledged' | 'was acknowledged'> {
  return inTransaction(source, async (tx) => {
    const [row] = await tx.query<{ state: string; sha256: string }>(
      `SELECT d.state, v.sha256 FROM destination_delivery d JOIN destination_version v USING (version)
       WHERE d.provider_id = $1 AND d.version = $2 FOR UPDATE OF d`,
      [providerId, version],
    );
    if (!row || row.state === 'superseded') {
      throw new Problem(
        409,
        'not-the-version',
        'Another version is in force',
        'Fetch the list again and acknowledge the version that it names.',
        {
          detailTh: 'มีรุ่นอื่นที่มีผลอยู่ กรุณาดึงรายการใหม่',
        },
      );
    }
    if (row.sha256 !== sha256) {
      throw new Problem(
        409,
        'other-content',
        'Another content',
        `Version ${version} has the SHA-256 ${row.sha256}; what you hold is something else. Fetch it again.`,
      );
    }
    if (row.state === 'acknowledged') return 'was acknowledged';
    await tx.query(
      `UPDATE destination_delivery SET state = 'acknowledged', acknowledged_at = $3, told_at = coalesce(told_at, $3), failures = 0,
         detail = NULL, not_before = NULL WHERE provider_id = $1 AND version = $2`,
      [providerId, version, now],
    );
    await tx.query('UPDATE destination_provider SET acknowledged = $2, enforced_since = $3 WHERE provider_id = $1', [
      providerId,
      version,
      enforcedSince ?? now,
    ]);
    return 'acknowledged';
  });
}

/**
 * Applications that a provider reports as failed after it had taken them: the version is due there again, and does not
 * count as enforced until they are done. Returns how many of them the hub knows.
 */
export async function takeReport(source: DataSource, providerId: number, report: DestinationsReport): Promise<number> {
  return inTransaction(source, async (tx) => {
    // Waits for a try that is under way: what it remembers is older than this report.
    await tx.query('SELECT pg_advisory_xact_lock($1)', [DELIVERY_LOCK + providerId]);
    const [row] = await tx.query<{ memory: { applications?: Record<string, unknown> } | null }>(
      'SELECT memory FROM destination_provider WHERE provider_id = $1 FOR UPDATE',
      [providerId],
    );
    const applications = { ...row?.memory?.applications };
    const failed = report.failed.filter(({ application }) => application in applications);
    if (failed.length === 0) return 0;
    for (const { application } of failed)
      applications[application] = { ...(applications[application] as object), sha256: null };
    const words = failed.map(({ application, code }) => `${application}: ${code}`).join(', ');
    await tx.query(
      'UPDATE destination_provider SET memory = $2, acknowledged = NULL, enforced_since = NULL WHERE provider_id = $1',
      [providerId, JSON.stringify({ ...row?.memory, applications })],
    );
    await tx.query(
      `UPDATE destination_delivery SET state = 'waiting', not_before = NULL, acknowledged_at = NULL, detail = $2
       WHERE provider_id = $1 AND state IN ('told', 'acknowledged', 'waiting') AND version = (
         SELECT max(version) FROM destination_delivery WHERE provider_id = $1 AND state <> 'superseded')`,
      [providerId, `reported as failed: ${words}`],
    );
    return failed.length;
  });
}
