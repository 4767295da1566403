// A database with a list at providers, as if acknowledged, and what takes lines off it.
import type { DataSource } from 'typeorm';
import { bangkokDay, dataSource, inTransaction, query, saveProvider } from '#platform';
import type { Cause, ProviderProfile } from '#contracts';
import { referenceProfile } from '#adapters';
import { Deriver } from '#whitelist';
import { freshDatabase } from '../../support/database.js';
import { registerLines } from '../../support/hub.js';

export const TODAY = bangkokDay(new Date());

export interface BrakeKit {
  source: DataSource;
  deriver: Deriver;
  /** Ids of people. */
  actor(name: string): Promise<number>;
  /** New lines on the providers' lists; returns their ids. */
  register(count: number, providerIds: number[]): Promise<number[]>;
  /** Ends the registrations of lines and derives them, all in one transaction. */
  remove(lineIds: number[], by?: { cause?: Cause; actorId?: number; runId?: number | null }): Promise<void>;
  /** The registrations of these lines count again. */
  restore(lineIds: number[]): Promise<void>;
  /** Everything in the log counts as sent and applied. */
  acknowledgeAll(): Promise<void>;
  counts(providerId: number): Promise<{ removed: number; held: number; present: number; budgetUsed: number }>;
  close(): Promise<void>;
}

export async function startBrakeKit(codes = ['AIS', 'TRUE'], connections = 12): Promise<BrakeKit> {
  const database = await freshDatabase();
  const source = await dataSource(database.url, connections).initialize();
  for (const code of codes) await saveProvider(source, referenceProfile(code) as ProviderProfile, 1);
  const deriver = new Deriver(() => []);
  const derive = (lineIds: number[], state: string, cause: Cause, actorId: number, runId: number | null) =>
    inTransaction(source, async (tx) => {
      await tx.query('SELECT 1 FROM line WHERE line_id = ANY($1::bigint[]) ORDER BY line_id FOR NO KEY UPDATE', [
        lineIds,
      ]);
      await tx.query('UPDATE registration SET state = $2 WHERE line_id = ANY($1::bigint[])', [lineIds, state]);
      await deriver.derive(tx, { fresh: [], known: lineIds }, { cause, actorId, runId, today: TODAY });
    });
  return {
    source,
    deriver,
    async actor(name) {
      const [row] = await query<{ actor_id: number }>(
        source,
        'INSERT INTO actor (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING actor_id',
        [name],
      );
      return row!.actor_id;
    },
    register: (count, providerIds) => registerLines(source, count, providerIds, TODAY),
    remove: (lineIds, { cause = 'cancelled', actorId = 1, runId = null } = {}) =>
      derive(lineIds, cause === 'withdrawn' ? 'withdrawn' : 'cancelled', cause, actorId, runId),
    restore: (lineIds) => derive(lineIds, 'confirmed', 'registered', 1, null),
    async acknowledgeAll() {
      await query(
        source,
        `WITH sealed AS (
           INSERT INTO batch (provider_id, number, kind, from_seq, to_seq, line_count, state, sha256, byte_size, sealed_at, handed_at, ended_at, said)
           SELECT provider_id, next_number, 'delta', sealed_seq + 1, last_seq, last_seq - sealed_seq, 'settled', '\\x00', 0, now(), now(), now(), 'applied'
           FROM provider_stream JOIN provider_counter USING (provider_id) WHERE last_seq > sealed_seq
         )
         UPDATE provider_stream s SET sealed_seq = c.last_seq, next_number = next_number + 1
         FROM provider_counter c WHERE c.provider_id = s.provider_id AND c.last_seq > s.sealed_seq`,
      );
    },
    async counts(providerId) {
      const [row] = await query<{ removed: number; held: number; present: number; budgetUsed: number }>(
        source,
        `SELECT (SELECT count(*) FROM change WHERE provider_id = $1 AND NOT present) AS removed,
           (SELECT count(*) FROM exception WHERE provider_id = $1 AND kind = 'held' AND ended_at IS NULL) AS held,
           (SELECT count(*) FROM entry WHERE provider_id = $1 AND present) AS present,
           (SELECT coalesce(sum(lines), 0) FROM removal WHERE provider_id = $1 AND kind = 'budget') AS "budgetUsed"`,
        [providerId],
      );
      return row!;
    },
    async close() {
      await source.destroy();
      await database.drop();
    },
  };
}
