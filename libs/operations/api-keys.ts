// API keys: made, verified, listed, revoked. Only a hash is stored, so a key that is lost is replaced, never looked up.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { Problem } from '#contracts';
import { bangkokDay, HUB_ACTOR_ID, inTransaction, query, type Actor } from '#platform';
import { recordAct } from './audit.js';

/** `sk_<keyId>_<secret>`: 48 bits to name the key, 256 to prove it. */
const FORM = /^sk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;
const SCOPE = /^(?:onde|ops\.read|ops\.act|approve|provider:[A-Z0-9]{2,8})$/;

/** How long a verified key is believed without asking the database again: as long as a revocation takes to work. */
const BELIEVED_MS = 5_000;

export interface NewKey {
  name: string;
  scopes: string[];
}

export interface MadeKey {
  keyId: string;
  /** The whole key. It cannot be shown again. */
  key: string;
  actorId: number;
}

export interface KeyRow {
  keyId: string;
  name: string;
  scopes: string[];
  createdAt: Date;
  createdBy: string;
  revokedAt: Date | null;
  lastUsedOn: string | null;
}

function hashOf(secret: string): Buffer {
  // 256 random bits cannot be guessed, so a slow hash would only slow the hub.
  return createHash('sha256').update(secret).digest();
}

/** Makes a key with an actor of its own. Throws Problem 422 for an unknown scope or an empty name. */
export async function createApiKey(source: DataSource, { name, scopes }: NewKey, createdBy: number): Promise<MadeKey> {
  const known = await query<{ code: string }>(source, 'SELECT code FROM provider ORDER BY provider_id');
  checkKey(
    name,
    scopes,
    known.map((row) => row.code),
  );
  return inTransaction(source, (tx) => insertKey(tx, { name, scopes }, createdBy));
}

async function insertKey(
  tx: Parameters<typeof recordAct>[0],
  { name, scopes }: NewKey,
  createdBy: number,
): Promise<MadeKey> {
  const keyId = randomBytes(6).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  const [actor] = await tx.query<{ actor_id: number }>('INSERT INTO actor (name) VALUES ($1) RETURNING actor_id', [
    `${name} (key ${keyId})`,
  ]);
  const actorId = actor?.actor_id ?? 0;
  await tx.query(
    'INSERT INTO api_key (key_id, key_hash, name, scopes, actor_id, created_by) VALUES ($1, $2, $3, $4, $5, $6)',
    [keyId, hashOf(secret), name, scopes, actorId, createdBy],
  );
  await recordAct(tx, { actorId: createdBy, act: 'key.create', subject: `key:${keyId}`, detail: { name, scopes } });
  return { keyId, key: `sk_${keyId}_${secret}`, actorId };
}

function checkKey(name: string, scopes: string[], providers: string[]): void {
  const known = ['onde', 'ops.read', 'ops.act', 'approve', ...providers.map((code) => `provider:${code}`)];
  const wrong = scopes.filter((scope) => !SCOPE.test(scope) || !known.includes(scope));
  const spokenFor = scopes.filter((scope) => scope.startsWith('provider:'));
  const errors = [
    ...wrong.map((scope) => ({
      pointer: '#/scopes',
      code: 'unknownScope',
      detail: `There is no scope "${scope}".`,
      remedy: `Use ${known.join(', ')}.`,
    })),
    ...(scopes.length === 0
      ? [
          {
            pointer: '#/scopes',
            code: 'noScope',
            detail: 'A key without a scope opens nothing.',
            remedy: `Name at least one of ${known.join(', ')}.`,
          },
        ]
      : []),
    ...(spokenFor.length > 1
      ? [
          {
            pointer: '#/scopes',
            code: 'twoProviders',
            detail: 'A key speaks for one provider only.',
            remedy: 'Make one key for each provider.',
          },
        ]
      : []),
    ...(name.trim() === '' || name.length > 80
      ? [
          {
            pointer: '#/name',
            code: 'nameLength',
            detail: 'A key needs a name of 1 to 80 characters.',
            remedy: 'Name who will use it.',
          },
        ]
      : []),
  ];
  if (errors.length > 0)
    throw new Problem(422, 'key-not-valid', 'The key cannot be made', 'Nothing was made; correct what is listed.', {
      errors,
    });
}

/** The first key, with every scope of ONDE and ops, when there is none yet; null otherwise. Print it once. */
export async function firstKey(source: DataSource): Promise<MadeKey | null> {
  return inTransaction(source, async (tx) => {
    // Two processes starting together must not make two.
    await tx.query('LOCK TABLE api_key IN SHARE ROW EXCLUSIVE MODE');
    const [some] = await tx.query('SELECT 1 FROM api_key LIMIT 1');
    return some ? null : insertKey(tx, { name: 'first key', scopes: ['onde', 'ops.read', 'ops.act'] }, HUB_ACTOR_ID);
  });
}

export function listApiKeys(source: DataSource): Promise<KeyRow[]> {
  return query<KeyRow>(
    source,
    `SELECT k.key_id AS "keyId", k.name, k.scopes, k.created_at AS "createdAt", a.name AS "createdBy",
       k.revoked_at AS "revokedAt", k.last_used_on AS "lastUsedOn"
     FROM api_key k JOIN actor a ON a.actor_id = k.created_by ORDER BY k.created_at`,
  );
}

/** Works within five seconds everywhere. Throws Problem 404. */
export async function revokeApiKey(
  source: DataSource,
  keyId: string,
  actorId: number,
  reason: string,
): Promise<'revoked' | 'was revoked'> {
  return inTransaction(source, async (tx) => {
    const [key] = await tx.query<{ revoked_at: Date | null }>(
      'SELECT revoked_at FROM api_key WHERE key_id = $1 FOR UPDATE',
      [keyId],
    );
    if (!key) throw new Problem(404, 'unknown-key', 'Unknown key', 'No key has this id; GET /v1/keys lists them.');
    if (key.revoked_at) return 'was revoked';
    await tx.query('UPDATE api_key SET revoked_at = now() WHERE key_id = $1', [keyId]);
    await recordAct(tx, { actorId, act: 'key.revoke', subject: `key:${keyId}`, reason });
    return 'revoked';
  });
}

interface Believed {
  until: number;
  hash: Buffer;
  actor: Actor;
}

const FIND = `
SELECT k.key_hash, k.scopes, k.actor_id, k.last_used_on, a.name
FROM api_key k JOIN actor a USING (actor_id) WHERE k.key_id = $1 AND k.revoked_at IS NULL`;

/** Verifies keys; a key that was just verified costs one hash and no query. */
export class KeyVerifier {
  private readonly believed = new Map<string, Believed>();

  constructor(private readonly source: DataSource) {}

  /** The actor of a genuine key, or null. The comparison takes the same time wherever the difference is. */
  async verify(key: string, now = new Date()): Promise<Actor | null> {
    const [, keyId, secret] = FORM.exec(key) ?? [];
    if (!keyId || !secret) return null;
    const known = await this.find(keyId, now);
    return known && timingSafeEqual(known.hash, hashOf(secret)) ? known.actor : null;
  }

  private async find(keyId: string, now: Date): Promise<Believed | null> {
    const kept = this.believed.get(keyId);
    if (kept && kept.until > now.getTime()) return kept;
    this.believed.delete(keyId);
    const [row] = await query<{
      key_hash: Buffer;
      scopes: string[];
      actor_id: number;
      last_used_on: string | null;
      name: string;
    }>(this.source, FIND, [keyId]);
    // Ids that do not exist are not remembered: they would let a stranger fill the memory.
    if (!row) return null;
    const today = bangkokDay(now);
    if (row.last_used_on !== today) {
      await query(this.source, 'UPDATE api_key SET last_used_on = $2 WHERE key_id = $1', [keyId, today]);
    }
    const provider = row.scopes.find((scope) => scope.startsWith('provider:'))?.slice('provider:'.length) ?? null;
    const found = {
      until: now.getTime() + BELIEVED_MS,
      hash: row.key_hash,
      actor: { actorId: row.actor_id, name: row.name, scopes: row.scopes, provider },
    };
    this.believed.set(keyId, found);
    return found;
  }
}
