// Standalone's folder: where the cluster, the keys and the simulators' books are kept between starts.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { newMasterKey } from '#platform';
import { canReach, findAccount } from './embedded-postgres-account.js';

export interface Home {
  dir: string;
  masterKey: string;
}

/** Where root's folders may be closed to the user PostgreSQL runs as. */
const SYSTEM_DIR = '/var/lib/saphan';

/**
 * The folder named by SAPHAN_DATA, else `.saphan` in the current folder; when PostgreSQL's user cannot reach that (root
 * in a closed folder), one below /var/lib/saphan that belongs to this checkout alone.
 */
export function openHome(): Home {
  const wanted = process.env['SAPHAN_DATA'];
  const here = path.resolve(wanted ?? '.saphan');
  const account = findAccount();
  const dir =
    wanted || canReach(account, path.dirname(here))
      ? here
      : path.join(SYSTEM_DIR, path.dirname(here).replaceAll(path.sep, '_'));
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  // PostgreSQL's user must pass through; what is secret inside has modes of its own.
  chmodSync(dir, 0o755);
  const keyFile = path.join(dir, 'master.key');
  if (!existsSync(keyFile)) writeFileSync(keyFile, `${newMasterKey()}\n`, { mode: 0o600 });
  return { dir, masterKey: readFileSync(keyFile, 'utf8').trim() };
}

/** A file only its owner reads. */
export function writePrivate(home: Home, name: string, content: string): string {
  const file = path.join(home.dir, name);
  writeFileSync(file, content, { mode: 0o600 });
  chmodSync(file, 0o600);
  return file;
}
