// Secrets at rest: encrypted under the master key, found by name, never shown.
import type { DataSource } from 'typeorm';
import type { Tx } from '#contracts';
import { inTransaction, query } from './database.js';
import { TELL_SETUP } from './provider-directory.js';
import type { Vault } from './vault.js';

export class SecretStore {
  private values: ReadonlyMap<string, string> = new Map();

  constructor(
    private readonly source: DataSource,
    private readonly vault: Vault,
  ) {}

  /** Stores or replaces a secret; running processes take it up. */
  async put(name: string, value: string, actorId: number): Promise<void> {
    await inTransaction(this.source, (tx) => this.putIn(tx, name, value, actorId));
  }

  /** The same within the caller's transaction. */
  async putIn(tx: Tx, name: string, value: string, actorId: number): Promise<void> {
    await tx.query(
      `INSERT INTO secret (name, ciphertext, actor_id) VALUES ($1, $2, $3)
       ON CONFLICT (name) DO UPDATE SET ciphertext = excluded.ciphertext, actor_id = excluded.actor_id, created_at = now()`,
      [name, this.vault.encrypt('secrets', Buffer.from(value, 'utf8')), actorId],
    );
    await tx.query(TELL_SETUP);
  }

  /** Removes one that nothing names any more. */
  async removeIn(tx: Tx, name: string): Promise<void> {
    await tx.query('DELETE FROM secret WHERE name = $1', [name]);
    await tx.query(TELL_SETUP);
  }

  /**
   * Reads all secrets into memory, so that signing needs no query; call it at start and from time to time.
   * @throws Error when this process has another master key than those that wrote them: it belongs to another hub
   */
  async reload(): Promise<void> {
    const rows = await query<{ name: string; ciphertext: Buffer }>(this.source, 'SELECT name, ciphertext FROM secret');
    this.values = new Map(rows.map((row) => [row.name, this.opened(row)]));
  }

  private opened({ name, ciphertext }: { name: string; ciphertext: Buffer }): string {
    try {
      return this.vault.decrypt('secrets', ciphertext).toString('utf8');
    } catch {
      throw new Error(
        `The secret ${name} in this database was stored under another master key. All processes on one database need the same SAPHAN_MASTER_KEY: set the one that this database's hub has, or give this hub a database of its own (DATABASE_URL).`,
      );
    }
  }

  /** As of the last reload. */
  secret(name: string): string | undefined {
    return this.values.get(name);
  }
}
