// The providers of this installation: ids, codes, profiles, as rows of the database.
import type { DataSource } from 'typeorm';
import { Problem, type ProviderCode, type ProviderProfile, type Tx } from '#contracts';
import { inTransaction, query } from './database.js';

export interface ProviderRow {
  providerId: number;
  code: ProviderCode;
  profile: ProviderProfile;
  /** Grows with every change of the profile. */
  version: number;
}

/** Where a change of profiles or secrets is told, when its transaction commits; see `SetupWatch`. */
export const SETUP_CHANNEL = 'saphan_setup';
export const TELL_SETUP = `SELECT pg_notify('${SETUP_CHANNEL}', '')`;

export class ProviderDirectory {
  private rows: ProviderRow[] = [];

  constructor(private readonly source: DataSource) {}

  /** Reads all providers; call it at start and after a profile changed. */
  async reload(): Promise<ProviderRow[]> {
    const rows = await query<{ provider_id: number; code: string; profile: ProviderProfile; version: number }>(
      this.source,
      'SELECT provider_id, code, profile, version FROM provider ORDER BY provider_id',
    );
    this.rows = rows.map((row) => ({
      providerId: row.provider_id,
      code: row.code,
      profile: row.profile,
      version: row.version,
    }));
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

/** Adds a provider with its log and partitions, or replaces its profile; running processes take it up. Returns its id. */
export async function saveProvider(source: DataSource, profile: ProviderProfile, actorId: number): Promise<number> {
  return inTransaction(source, (tx) => saveProviderIn(tx, profile, actorId));
}

/** The same within the caller's transaction. */
export async function saveProviderIn(tx: Tx, profile: ProviderProfile, actorId: number): Promise<number> {
  await tx.query('LOCK TABLE provider IN SHARE ROW EXCLUSIVE MODE');
  await tx.query(TELL_SETUP);
  const [known] = await tx.query<{ provider_id: number }>('SELECT provider_id FROM provider WHERE code = $1', [
    profile.code,
  ]);
  if (known) {
    await assertNumbering(tx, known.provider_id, profile);
    await tx.query(
      'UPDATE provider SET profile = $2, actor_id = $3, updated_at = now(), version = version + 1 WHERE provider_id = $1',
      [known.provider_id, JSON.stringify(profile), actorId],
    );
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
}

/**
 * Test and live are numbered apart, and a provider here has one numbering: once it has batches it stays what it is.
 * @throws Problem 409
 */
async function assertNumbering(tx: Tx, providerId: number, profile: ProviderProfile): Promise<void> {
  const [other] = await tx.query(
    `SELECT 1 FROM provider p WHERE p.provider_id = $1 AND p.profile ->> 'environment' <> $2
     AND EXISTS (SELECT 1 FROM batch b WHERE b.provider_id = p.provider_id)`,
    [providerId, profile.environment],
  );
  if (!other) return;
  throw new Problem(
    409,
    'numbering-begun',
    'It has batches already',
    `${profile.code} has been sent batches in the other environment, and test and live are numbered apart, each from 1. Use an installation of its own for ${profile.environment}, or another provider code.`,
  );
}
