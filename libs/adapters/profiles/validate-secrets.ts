// Checks which secrets a profile names.
import { isSecretName, type Checker, type Fields } from './checker.js';

const SECRET_FIELDS = ['signing', 'callback', 'sshKey', 'pgp', 'digest'];

/** Says what is wrong with `secrets`, which are names only. Returns them for checks that look at both sides. */
export function checkSecrets(check: Checker, value: unknown): Fields | null {
  const secrets = check.object(value, 'secrets', SECRET_FIELDS);
  if (!secrets) return null;
  const write = 'names of secrets in the vault (never a secret itself), e.g. ["ais.signing.1"], or []';
  check.list(secrets['signing'], 'secrets.signing', 0, isSecretName, write);
  check.list(secrets['callback'], 'secrets.callback', 0, isSecretName, write);
  if (secrets['sshKey'] !== null && !isSecretName(secrets['sshKey'])) {
    check.say('secrets.sshKey: write the name of the private key in the vault, or null');
  }
  if (secrets['digest'] !== undefined && secrets['digest'] !== null && !isSecretName(secrets['digest'])) {
    check.say('secrets.digest: write the name of the digest secret in the vault, or null');
  }
  if (secrets['pgp'] !== undefined && secrets['pgp'] !== null) {
    const pgp = check.object(secrets['pgp'], 'secrets.pgp', ['ours', 'theirs']);
    if (pgp) {
      check.list(
        pgp['ours'],
        'secrets.pgp.ours',
        1,
        isSecretName,
        'names of our private PGP keys in the vault, the one that signs first',
      );
      check.list(
        pgp['theirs'],
        'secrets.pgp.theirs',
        1,
        isSecretName,
        "names of the provider's public PGP keys in the vault",
      );
    }
  }
  return secrets;
}
