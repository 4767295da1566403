// GnuPG in a key ring of its own, as a provider would use it.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const HAS_GPG = spawnSync('gpg', ['--version']).status === 0;
export const NO_GPG = 'gpg is not here; apt-get install gnupg';

export interface Gpg {
  publicKey: string;
  /** Folder of the key ring. */
  home: string;
  /** Of its own key. */
  fingerprint: string;
  /** Tells the fingerprint of what was imported. */
  import(armored: string): string;
  /** Compresses, signs with its own key and encrypts to everyone imported; `name` is kept inside. */
  seal(name: string, bytes: Buffer, options?: { sign?: boolean }): Buffer;
  /** Opens and tells whether the signature is good. */
  open(bytes: Buffer): { bytes: Buffer; signed: boolean };
  stop(): void;
}

/** A new ring with one key. Ends its agent at `stop`. */
export function newGpg(email: string): Gpg {
  // The agent's socket needs a short path.
  const home = mkdtempSync(join(tmpdir(), 'gpg-'));
  chmodSync(home, 0o700);
  const run = (args: string[], input?: Buffer | string): { out: Buffer; said: string } => {
    const result = spawnSync(
      'gpg',
      ['--homedir', home, '--batch', '--yes', '--no-tty', '--trust-model', 'always', ...args],
      { input, maxBuffer: 64 * 1024 * 1024 },
    );
    if (result.status !== 0) throw new Error(`gpg ${args[0]}: ${result.stderr.toString()}`);
    return { out: result.stdout, said: result.stderr.toString() };
  };
  run(['--passphrase', '', '--quick-gen-key', email, 'default', 'default', '1y']);
  const recipients: string[] = [];
  const fingerprints = (...args: string[]): string[] =>
    run(['--with-colons', ...args])
      .out.toString()
      .split('\n')
      .filter((row) => row.startsWith('fpr:'))
      .map((row) => row.split(':')[9]!);
  const fingerprintOf = (armored: string): string => {
    const { out } = run(['--with-colons', '--import-options', 'show-only', '--import'], armored);
    return out
      .toString()
      .split('\n')
      .find((row) => row.startsWith('fpr:'))!
      .split(':')[9]!;
  };
  return {
    home,
    fingerprint: fingerprints('--list-keys', email)[0]!,
    publicKey: run(['--armor', '--export', email]).out.toString(),
    import(armored) {
      run(['--import'], armored);
      const rows = run(['--list-keys', '--with-colons']).out.toString().split('\n');
      recipients.splice(
        0,
        recipients.length,
        ...rows
          .filter((row) => row.startsWith('uid:'))
          .map((row) => row.split(':')[9]!)
          .filter((uid) => !uid.includes(email)),
      );
      return fingerprintOf(armored);
    },
    seal(name, bytes, { sign = true } = {}) {
      return run(
        [
          '--compress-algo',
          'zlib',
          '--set-filename',
          name,
          ...(sign ? ['--sign', '--local-user', email] : []),
          '--encrypt',
          ...recipients.flatMap((one) => ['--recipient', `=${one}`]),
        ],
        bytes,
      ).out;
    },
    open(bytes) {
      const { out, said } = run(['--decrypt'], bytes);
      return { bytes: out, signed: said.includes('Good signature') };
    },
    stop() {
      spawnSync('gpgconf', ['--homedir', home, '--kill', 'gpg-agent']);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
