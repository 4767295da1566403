// The keys of a profile made ready: given ones checked, missing ones made where the hub makes them, all with fingerprints.
import { Problem, type ProblemItem, type ProviderProfile } from '#contracts';
import { fingerprintOf, makeKey, MADE_HERE, ProfileNotValid, validateProfile } from '#adapters';
import { keysOf, secretNames, type ShownKey } from '#operations';
import type { GiveDto } from './provider-setup.dto.js';

export interface PreparedKeys {
  keys: ShownKey[];
  /** By name. */
  secrets: Record<string, string>;
  /** What the provider must be given. */
  give: GiveDto[];
  /** Names of keys that would be made; in a dry run only. */
  toBeMade: string[];
}

/** A profile that cannot work as a problem with an item per fault. */
export function checkedProfile(candidate: unknown): ProviderProfile {
  try {
    return validateProfile(candidate);
  } catch (error) {
    if (!(error instanceof ProfileNotValid)) throw error;
    const errors = error.faults.map((fault): ProblemItem => {
      const field = /^[\w.]+/.exec(fault)?.[0] ?? '';
      return {
        pointer: `#/profile/${field.replace(/^profile\./, '').replaceAll('.', '/')}`,
        code: 'profile',
        detail: fault,
      };
    });
    throw new Problem(
      422,
      'profile-not-valid',
      'The profile cannot be used',
      'Nothing was changed; correct what is listed.',
      {
        errors,
      },
    );
  }
}

/** A provider may name its own secrets only: another one's would be used against it. @throws Problem 422 */
export function checkNames(profile: ProviderProfile): void {
  const prefix = `${profile.code.toLowerCase()}.`;
  const foreign = keysOf(profile)
    .flatMap((key) => secretNames(profile, key))
    .filter((name) => !name.startsWith(prefix));
  if (foreign.length === 0) return;
  throw new Problem(
    422,
    'secret-name-foreign',
    'The profile names secrets that are not its own',
    `Names of secrets of ${profile.code} begin with "${prefix}"; these do not: ${foreign.join(', ')}.`,
  );
}

/**
 * @param given secrets by name, as the profile names them
 * @param dryRun nothing is made
 * @throws Problem 422 for a key that cannot be used, one that is missing, or one that the profile does not name
 */
export async function prepareKeys(
  profile: ProviderProfile,
  given: Readonly<Record<string, string>>,
  dryRun: boolean,
): Promise<PreparedKeys> {
  const named = keysOf(profile);
  const known = new Set(named.flatMap((key) => secretNames(profile, key)));
  const odd = Object.keys(given).filter((name) => !known.has(name));
  if (odd.length > 0)
    throw new Problem(
      422,
      'secret-not-named',
      'A secret is not named in the profile',
      `The profile names ${[...known].join(', ') || 'no secrets'}; given were also ${odd.join(', ')}.`,
    );
  const result: PreparedKeys = { keys: [], secrets: {}, give: [], toBeMade: [] };
  for (const key of named) {
    if (key.purpose === 'hostKey') {
      result.keys.push({ ...key, fingerprint: await fingerprintOf('hostKey', { main: key.name }) });
      continue;
    }
    const [main, second] = secretNames(profile, key).map((name) => given[name]);
    const secondName = secretNames(profile, key)[1];
    if (main === undefined && MADE_HERE.includes(key.purpose)) {
      if (dryRun) {
        result.toBeMade.push(key.name);
        continue;
      }
      const made = await makeKey(key.purpose, `saphan-${profile.code.toLowerCase()}`);
      result.secrets[key.name] = made.main;
      result.keys.push({ ...key, fingerprint: await fingerprintOf(key.purpose, made) });
      if (made.give) result.give.push({ name: key.name, ...made.give });
      continue;
    }
    if (main === undefined || (secondName !== undefined && second === undefined))
      throw new Problem(
        422,
        'secret-missing',
        'A secret is missing',
        `Give the secret ${main === undefined ? key.name : secondName} (${key.purpose}) from a file or the environment.`,
      );
    const material = { main, ...(second === undefined ? {} : { key: second }) };
    result.keys.push({ ...key, fingerprint: await fingerprintOf(key.purpose, material) });
    result.secrets[key.name] = main;
    if (secondName !== undefined && second !== undefined) result.secrets[secondName] = second;
  }
  return result;
}
