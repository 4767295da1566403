// Adding a provider, changing its profile, retiring its keys: written with who and why, and taken up by running processes.
import type { DataSource } from 'typeorm';
import { Problem, type ProviderProfile, type Tx } from '#contracts';
import { inTransaction, query, saveProviderIn, type SecretStore, type Vault } from '#platform';
import { recordAct } from '../audit.js';
import { proposeKeyChange, type ShownKey } from './key-changes.js';
import { keysOf, secretNames, withoutKey, type NamedKey } from './key-names.js';
import { diffProfiles, type FieldDifference } from './profile-view.js';

export interface NewProvider {
  profile: ProviderProfile;
  keys: ShownKey[];
  /** By name. */
  secrets: Readonly<Record<string, string>>;
  reason: string;
}

/** A provider whose keys nobody has confirmed is paused with these words. */
const UNCONFIRMED = 'its keys wait for two people to confirm them';

/**
 * Adds a provider with its log, its partitions and its keys. It is paused until two people have confirmed the keys.
 * @throws Problem 409 when the code is taken
 */
export async function addProvider(
  source: DataSource,
  vault: Vault,
  { profile, keys, secrets, reason }: NewProvider,
  actorId: number,
): Promise<{ providerId: number; changeId: number }> {
  return inTransaction(source, async (tx) => {
    await tx.query('LOCK TABLE provider IN SHARE ROW EXCLUSIVE MODE');
    const [known] = await tx.query('SELECT 1 FROM provider WHERE code = $1', [profile.code]);
    if (known) throw codeTaken(profile.code);
    const providerId = await saveProviderIn(tx, profile, actorId);
    await tx.query(
      'UPDATE provider_stream SET paused_at = now(), paused_by = $2, pause_reason = $3 WHERE provider_id = $1',
      [providerId, actorId, UNCONFIRMED],
    );
    const subject = `provider:${profile.code}`;
    await recordAct(tx, { actorId, act: 'provider.add', subject, reason });
    const changeId = await proposeKeyChange(
      tx,
      vault,
      providerId,
      { purpose: 'added', keys, secrets, reason },
      actorId,
    );
    return { providerId, changeId };
  });
}

export function codeTaken(code: string): Problem {
  return new Problem(
    409,
    'provider-exists',
    'The provider exists',
    `${code} is known already; change its profile instead (saphan provider set ${code}).`,
  );
}

/**
 * Replaces a profile.
 * @param expected the version that the person saw; another one in between refuses the change
 * @throws Problem 409
 */
export async function changeProfile(
  source: DataSource,
  profile: ProviderProfile,
  expected: number,
  actorId: number,
  reason: string,
): Promise<FieldDifference[]> {
  return inTransaction(source, async (tx) => {
    const before = await lockProfile(tx, profile.code);
    if (before.version !== expected) {
      throw new Problem(
        409,
        'profile-changed',
        'The profile was changed meanwhile',
        `It is at version ${before.version}, you saw ${expected}. Read it again and repeat your change.`,
      );
    }
    const differences = diffProfiles(before.profile, profile);
    await saveProviderIn(tx, profile, actorId);
    const subject = `provider:${profile.code}`;
    await recordAct(tx, { actorId, act: 'provider.set', subject, reason, detail: { differences } });
    return differences;
  });
}

async function lockProfile(tx: Tx, code: string): Promise<{ profile: ProviderProfile; version: number }> {
  const [row] = await tx.query<{ profile: ProviderProfile; version: number }>(
    'SELECT profile, version FROM provider WHERE code = $1 FOR UPDATE',
    [code],
  );
  if (!row) throw new Problem(404, 'unknown-provider', 'Unknown provider', `There is no provider ${code}.`);
  return row;
}

/**
 * Ends a key: no longer in the profile, no longer in the vault. The last one of its kind cannot be retired.
 * @param validate throws when a profile cannot work
 * @throws Problem 404, 409
 */
export async function retireKey(
  source: DataSource,
  secrets: SecretStore,
  validate: (profile: unknown) => ProviderProfile,
  code: string,
  name: string,
  actorId: number,
  reason: string,
): Promise<'retired'> {
  return inTransaction(source, async (tx) => {
    const { profile } = await lockProfile(tx, code);
    const key: NamedKey | undefined = keysOf(profile).find((each) => each.name === name);
    if (key) {
      const left = withoutKey(profile, key);
      const others = keysOf(left).filter((each) => each.purpose === key.purpose);
      if (keysOf(left).some((each) => each.name === name) || others.length === 0) {
        throw new Problem(
          409,
          'key-in-use',
          'The key is the only one of its kind',
          `${name} is in use and nothing takes its place. Rotate it first (saphan provider rotate ${code} --key ${key.purpose}).`,
        );
      }
      await saveProviderIn(tx, validate(left), actorId);
      for (const secret of secretNames(profile, key)) await secrets.removeIn(tx, secret);
    } else {
      const known = await tx.query('SELECT 1 FROM secret WHERE name = $1', [name]);
      if (known.length === 0 || !name.startsWith(`${code.toLowerCase()}.`))
        throw new Problem(
          404,
          'unknown-key',
          'Unknown key',
          `${code} has no key of this name; "provider show" lists them.`,
        );
      await secrets.removeIn(tx, name);
      await secrets.removeIn(tx, `${name}.key`);
    }
    await recordAct(tx, { actorId, act: 'key.retire', subject: `provider:${code}`, reason, detail: { name } });
    return 'retired' as const;
  });
}

export interface StoredSecret {
  name: string;
  storedAt: Date;
  storedBy: string;
}

/** What the vault holds for a provider; never a value. */
export function storedSecrets(source: DataSource, code: string): Promise<StoredSecret[]> {
  return query<StoredSecret>(
    source,
    `SELECT s.name, s.created_at AS "storedAt", a.name AS "storedBy" FROM secret s JOIN actor a USING (actor_id)
     WHERE starts_with(s.name, $1) ORDER BY s.name`,
    [`${code.toLowerCase()}.`],
  );
}
