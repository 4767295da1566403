// A change of keys: proposed with its fingerprint, used only after two people have heard that fingerprint over a second channel.
import type { DataSource } from 'typeorm';
import { Problem, type KeyPurpose, type ProviderProfile, type Tx } from '#contracts';
import { inTransaction, query, saveProviderIn, type SecretStore, type Vault } from '#platform';
import { recordAct } from '../audit.js';
import { withKey, type NamedKey } from './key-names.js';

/** Hours in which both must have confirmed; then the new key is forgotten. */
export const CONFIRM_WITHIN_H = 72;

/** How many different people must confirm. */
export const CONFIRMATIONS = 2;

export interface ShownKey extends NamedKey {
  fingerprint: string;
}

export interface KeyChange {
  changeId: number;
  /** `added`: all keys of a provider that is new. */
  purpose: KeyPurpose | 'added';
  keys: ShownKey[];
  state: 'pending' | 'confirmed' | 'cancelled' | 'expired';
  reason: string;
  proposedBy: string;
  proposedAt: Date;
  expiresAt: Date;
  confirmedBy: { name: string; heardFrom: string; at: Date }[];
}

export interface KeyChangeParts {
  source: DataSource;
  vault: Vault;
  secrets: SecretStore;
  /** Throws when a profile cannot work. */
  validate: (profile: unknown) => ProviderProfile;
}

export interface Proposal {
  purpose: KeyChange['purpose'];
  keys: ShownKey[];
  /** By name; empty for a host key. */
  secrets: Readonly<Record<string, string>>;
  reason: string;
}

const EXPIRE = `
UPDATE key_change SET state = 'expired', ciphertext = NULL, ended_at = now()
WHERE state = 'pending' AND expires_at < now()`;

/** Records what is proposed; the keys themselves rest encrypted until they are confirmed. @throws Problem 409 */
export async function proposeKeyChange(
  tx: Tx,
  vault: Vault,
  providerId: number,
  { purpose, keys, secrets, reason }: Proposal,
  actorId: number,
): Promise<number> {
  await tx.query(EXPIRE);
  const [open] = await tx.query<{ change_id: number }>(
    `SELECT change_id FROM key_change WHERE provider_id = $1 AND state = 'pending' AND (purpose = $2 OR purpose = 'added')`,
    [providerId, purpose],
  );
  if (open) {
    throw new Problem(
      409,
      'key-change-pending',
      'A change of this key is pending',
      `Change ${open.change_id} waits for its confirmations; confirm or cancel it first.`,
    );
  }
  const sealed = vault.encrypt('secrets', Buffer.from(JSON.stringify(secrets), 'utf8'));
  const [made] = await tx.query<{ change_id: number }>(
    `INSERT INTO key_change (provider_id, purpose, keys, ciphertext, reason, proposed_by, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 hour') RETURNING change_id`,
    [providerId, purpose, JSON.stringify(keys), sealed, reason, actorId, CONFIRM_WITHIN_H],
  );
  const changeId = made?.change_id ?? 0;
  await recordAct(tx, {
    actorId,
    act: 'key.propose',
    subject: await subjectOf(tx, providerId),
    reason,
    detail: { changeId, keys },
  });
  return changeId;
}

interface ChangeRow {
  change_id: number;
  provider_id: number;
  purpose: KeyChange['purpose'];
  keys: ShownKey[];
  ciphertext: Buffer | null;
  state: KeyChange['state'];
}

/** A fingerprint as typed: spaces, colons and case do not matter where digits are hexadecimal. */
export function sameFingerprint(one: string, other: string): boolean {
  const plain = (text: string): string =>
    /^\s*SHA256:/.test(text) ? text.trim() : text.replace(/[\s:]/g, '').toUpperCase();
  return plain(one) === plain(other);
}

export interface Confirmation {
  /** As heard and typed in, one for each key of the change. */
  fingerprints: string[];
  /** Who read them out, and over what. */
  heardFrom: string;
}

/**
 * One person's word that the fingerprints are the ones that the provider reads out. The second, different person's makes
 * the keys used: stored in the vault, named in the profile, and told to every running process.
 * @throws Problem 404, 409 (not pending, the same person twice, or a fingerprint that differs: recorded too)
 */
export async function confirmKeyChange(
  parts: KeyChangeParts,
  providerId: number,
  changeId: number,
  confirmation: Confirmation,
  actorId: number,
): Promise<{ state: 'pending' | 'confirmed'; missing: number; added: boolean }> {
  const result = await inTransaction(parts.source, async (tx) => {
    const change = await lockPending(tx, providerId, changeId);
    const misread = change.keys.filter(
      (key) => !confirmation.fingerprints.some((typed) => sameFingerprint(typed, key.fingerprint)),
    );
    const subject = await subjectOf(tx, providerId);
    if (misread.length > 0) {
      const detail = { changeId, keys: misread.map((key) => key.name), heardFrom: confirmation.heardFrom };
      await recordAct(tx, { actorId, act: 'key.misread', subject, detail });
      return { state: 'misread' as const, names: misread.map((key) => key.name) };
    }
    const before = await tx.query<{ actor_id: number }>('SELECT actor_id FROM key_confirmation WHERE change_id = $1', [
      changeId,
    ]);
    if (before.some((row) => row.actor_id === actorId)) {
      throw new Problem(
        409,
        'confirmed-by-you',
        'You have confirmed this change',
        'A second, different person has to hear and confirm the fingerprint.',
      );
    }
    await tx.query('INSERT INTO key_confirmation (change_id, actor_id, heard_from) VALUES ($1, $2, $3)', [
      changeId,
      actorId,
      confirmation.heardFrom,
    ]);
    const detail = { changeId, keys: change.keys, heardFrom: confirmation.heardFrom };
    await recordAct(tx, { actorId, act: 'key.confirm', subject, detail });
    const missing = CONFIRMATIONS - before.length - 1;
    if (missing > 0) return { state: 'pending' as const, missing, added: change.purpose === 'added' };
    await use(tx, parts, change, actorId);
    return { state: 'confirmed' as const, missing: 0, added: change.purpose === 'added' };
  });
  if (result.state === 'misread') {
    throw new Problem(
      409,
      'fingerprint-differs',
      'The fingerprint is another one',
      `What you typed in is not the fingerprint of ${result.names.join(', ')}. Nothing was changed, and this was recorded. If you typed what the provider read out, cancel the change: somebody may stand in between.`,
    );
  }
  return result;
}

async function use(
  tx: Tx,
  { vault, secrets, validate }: KeyChangeParts,
  change: ChangeRow,
  actorId: number,
): Promise<void> {
  const { change_id: changeId, provider_id: providerId } = change;
  const values = change.ciphertext
    ? (JSON.parse(vault.decrypt('secrets', change.ciphertext).toString('utf8')) as Record<string, string>)
    : {};
  for (const [name, value] of Object.entries(values)) await secrets.putIn(tx, name, value, actorId);
  const [row] = await tx.query<{ profile: ProviderProfile }>('SELECT profile FROM provider WHERE provider_id = $1', [
    providerId,
  ]);
  if (!row) throw new Error(`provider ${providerId} is not there`);
  const profile = change.purpose === 'added' ? row.profile : change.keys.reduce(withKey, row.profile);
  await saveProviderIn(tx, validate(profile), actorId);
  await tx.query(
    `UPDATE key_change SET state = 'confirmed', ciphertext = NULL, ended_at = now() WHERE change_id = $1`,
    [changeId],
  );
  const detail = { changeId, keys: change.keys };
  await recordAct(tx, { actorId, act: 'key.use', subject: await subjectOf(tx, providerId), detail });
}

/** @throws Problem 404, 409 */
export async function cancelKeyChange(
  source: DataSource,
  providerId: number,
  changeId: number,
  actorId: number,
  reason: string,
): Promise<void> {
  await inTransaction(source, async (tx) => {
    await lockPending(tx, providerId, changeId);
    await tx.query(
      `UPDATE key_change SET state = 'cancelled', ciphertext = NULL, ended_at = now() WHERE change_id = $1`,
      [changeId],
    );
    const subject = await subjectOf(tx, providerId);
    await recordAct(tx, { actorId, act: 'key.cancel', subject, reason, detail: { changeId } });
  });
}

async function lockPending(tx: Tx, providerId: number, changeId: number): Promise<ChangeRow> {
  const [change] = await tx.query<ChangeRow & { late: boolean }>(
    'SELECT *, expires_at < now() AS late FROM key_change WHERE provider_id = $1 AND change_id = $2 FOR UPDATE',
    [providerId, changeId],
  );
  if (!change)
    throw new Problem(404, 'unknown-key-change', 'Unknown change of keys', 'This provider has no such change of keys.');
  if (change.state !== 'pending' || change.late) {
    const state = change.state === 'pending' ? 'expired' : change.state;
    throw new Problem(
      409,
      'key-change-ended',
      'The change of keys has ended',
      `It is ${state}; propose the key again if it is still wanted.`,
    );
  }
  return change;
}

async function subjectOf(tx: Tx, providerId: number): Promise<string> {
  const [row] = await tx.query<{ code: string }>('SELECT code FROM provider WHERE provider_id = $1', [providerId]);
  return `provider:${row?.code ?? providerId}`;
}

const LIST = `
SELECT k.change_id AS "changeId", k.purpose, k.keys, k.reason, a.name AS "proposedBy", k.proposed_at AS "proposedAt",
  k.expires_at AS "expiresAt", CASE WHEN k.state = 'pending' AND k.expires_at < now() THEN 'expired' ELSE k.state END AS state,
  coalesce((SELECT json_agg(json_build_object('name', c.name, 'heardFrom', f.heard_from, 'at', f.at) ORDER BY f.at)
    FROM key_confirmation f JOIN actor c USING (actor_id) WHERE f.change_id = k.change_id), '[]') AS "confirmedBy"
FROM key_change k JOIN actor a ON a.actor_id = k.proposed_by
WHERE k.provider_id = $1 ORDER BY k.change_id DESC LIMIT $2`;

/** Newest first. */
export async function listKeyChanges(source: DataSource, providerId: number, limit = 50): Promise<KeyChange[]> {
  await query(source, EXPIRE);
  return query<KeyChange>(source, LIST, [providerId, limit]);
}

/** Keys that two people have confirmed for this provider, as `purpose name`. */
export async function confirmedKeys(source: DataSource, providerId: number): Promise<Set<string>> {
  const rows = await query<{ keys: ShownKey[] }>(
    source,
    `SELECT keys FROM key_change WHERE provider_id = $1 AND state = 'confirmed'`,
    [providerId],
  );
  return new Set(rows.flatMap((row) => row.keys.map((key) => `${key.purpose} ${key.name}`)));
}
