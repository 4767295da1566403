// The providers of this installation: ids, codes, profiles, as rows of the database.
import type { DataSource } from 'typeorm';
import { Problem, type ProviderCode, type ProviderProfile } from '#contracts';
import { inTransaction, query } from './database.js';

export interface ProviderRow {
  providerId: number;
  code: ProviderCode;
  profile: ProviderProfile;
}

export class ProviderDirectory {
  private rows: ProviderRow[] = [];

  constructor(private readonly source: DataSource) {}

  /** Reads all providers; call it at start and after a profile changed. */
  async reload(): Promise<ProviderRow[]> {
    const rows = await query<{ provider_id: number; code: string; profile: ProviderProfile }>(
      this.source,
      'SELECT provider_id, code, profile FROM provider ORDER BY provider_id',
    );
    this.rows = rows.map((row) => ({ providerId: row.provider_id, code: row.code, profile: row.profile }));
    return this.rows;
  }

  all(): readonly ProviderRow[] {
    return this.rows;
  }

  byId(providerId: number): ProviderRow {
    const row = this.rows.find((each) => each.providerId === providerId);
    if (!row) throw new Error(`no provider has the id ${providerId}`);
    return row;
  }

  /** @throws Problem 404 that lists the known codes */
  byCode(code: string): ProviderRow {
    const row = this.rows.find((each) => each.code === code.toUpperCase());
    if (!row) {
      throw new Problem(
        404,
        'unknown-provider',
        'Unknown provider',
        `The known providers are ${this.rows.map((each) => each.code).join(', ')}.`,
      );
    }
    return row;
  }

  takesDates(): number[] {
    return this.rows.filter((row) => row.profile.takesDates).map((row) => row.providerId);
  }
}

/** Adds a provider with its log and partitions, or replaces its profile. Returns its id. */
export async function saveProvider(source: DataSource, profile: ProviderProfile, actorId: number): Promise<number> {
  return inTransaction(source, async (tx) => {
    await tx.query('LOCK TABLE provider IN SHARE ROW EXCLUSIVE MODE');
    const [known] = await tx.query<{ provider_id: number }>('SELECT provider_id FROM provider WHERE code = $1', [
      profile.code,
    ]);
    if (known) {
      await tx.query('UPDATE provider SET profile = $2, actor_id = $3, updated_at = now() WHERE provider_id = $1', [
        known.provider_id,
        JSON.stringify(profile),
        actorId,
      ]);
      return known.provider_id;
    }
    const [made] = await tx.query<{ provider_id: number }>(
      `INSERT INTO provider (provider_id, code, profile, actor_id)
       SELECT 1 + coalesce(max(provider_id), 0), $1, $2, $3 FROM provider RETURNING provider_id`,
      [profile.code, JSON.stringify(profile), actorId],
    );
    const providerId = made?.provider_id ?? 0;
    for (const table of ['provider_counter', 'provider_stream', 'provider_lease']) {
      await tx.query(`INSERT INTO ${table} (provider_id) VALUES ($1)`, [providerId]);
    }
    await tx.query('SELECT add_provider_partitions($1::smallint)', [providerId]);
    return providerId;
  });
}
