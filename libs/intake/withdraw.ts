// A person asks out: every registration of the line ends, and a keyed hash keeps tomorrow's sheet from bringing it back.
import type { DataSource } from 'typeorm';
import type { WakeUp } from '#contracts';
import { faultPoint, inTransaction } from '#platform';
import { endRegistrations } from './end-registrations.js';
import type { WriteParts } from './write-chunk.js';

export interface Withdrawal {
  lineKey: string;
  /** When the person asked; confirmations up to here no longer count, a newer one does. */
  at: Date;
  reason: string | null;
  actorId: number;
}

export interface WithdrawnLine {
  /** Opaque id of the line. */
  lineId: string;
  withdrawnAt: string;
  /** Registrations that this ended; 0 for a line that was not registered, which is then suppressed beforehand. */
  registrations: number;
}

/** Repeating it is harmless; an earlier `at` than a stored one changes nothing. */
export async function withdrawLine(
  source: DataSource,
  parts: WriteParts & { wakeUp: WakeUp },
  withdrawal: Withdrawal,
): Promise<WithdrawnLine> {
  const { lineKey, at, actorId } = withdrawal;
  const done = await inTransaction(source, async (tx) => {
    // The line is made if it is not known: its row is what a concurrent import of the same number meets.
    await tx.query('INSERT INTO line (line_key) VALUES ($1) ON CONFLICT (line_key) DO NOTHING', [lineKey]);
    const [line] = await tx.query<{ line_id: number }>(
      'SELECT line_id FROM line WHERE line_key = $1 FOR NO KEY UPDATE',
      [lineKey],
    );
    const lineId = line!.line_id;
    const [marked] = await tx.query<{ at: string }>(
      `WITH marked AS (
         UPDATE line SET withdrawn_at = greatest(withdrawn_at, $2::timestamptz) WHERE line_id = $1 RETURNING withdrawn_at
       ), suppressed AS (
         INSERT INTO suppression (line_hash, withdrawn_at, actor_id) SELECT decode($3, 'hex'), withdrawn_at, $4::int FROM marked
         ON CONFLICT (line_hash) DO UPDATE SET withdrawn_at = greatest(suppression.withdrawn_at, excluded.withdrawn_at)
       ), audited AS (
         INSERT INTO audit (actor_id, act, subject, reason) VALUES ($4::int, 'line.withdraw', $5, $6)
       )
       SELECT to_char(withdrawn_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at FROM marked`,
      [
        lineId,
        at.toISOString(),
        parts.vault.lineHash(lineKey).toString('hex'),
        actorId,
        parts.vault.opaqueId('line', lineId),
        withdrawal.reason,
      ],
    );
    const ids = await tx.query<{ registration_id: string }>(
      `SELECT r.registration_id FROM registration r JOIN line l USING (line_id)
       WHERE r.line_id = $1 AND r.state IN ('draft', 'confirmed') AND (r.confirmed_at IS NULL OR r.confirmed_at <= l.withdrawn_at)`,
      [lineId],
    );
    const context = { actorId, runId: null, now: new Date() };
    const ended = await endRegistrations(
      tx,
      ids.map((row) => row.registration_id),
      'withdrawn',
      'withdrawn',
      context,
      parts,
    );
    return { lineId, withdrawnAt: marked!.at, ended };
  });
  await faultPoint('withdraw.written');
  await parts.wakeUp.wake(done.ended.providerIds);
  return {
    lineId: parts.vault.opaqueId('line', done.lineId),
    withdrawnAt: done.withdrawnAt,
    registrations: done.ended.ended.length,
  };
}
