// Checks docker-compose.yml by Docker's own reader where there is one: images are not built here.
import { spawnSync } from 'node:child_process';
import { root } from './ensure.mjs';

const readers = [
  ['docker-compose', []],
  ['docker', ['compose']],
];

/** Problems as texts, or `{ skipped }` on a machine without docker-compose. */
export async function checkCompose() {
  const reader = readers.find(([program, args]) => spawnSync(program, [...args, 'version']).status === 0);
  if (reader === undefined)
    return { skipped: 'docker-compose is not installed (Debian: apt-get install docker-compose).' };
  const [program = '', args = []] = reader;
  // Every variable without a default is a secret; the check gives it a value, as a person must.
  const env = { ...process.env, SAPHAN_DB_PASSWORD: 'check', SAPHAN_MASTER_KEY: 'check' };
  const read = spawnSync(program, [...args, '-f', 'docker-compose.yml', 'config'], {
    cwd: root,
    encoding: 'utf8',
    env,
  });
  if (read.status !== 0) return [`docker-compose.yml is refused: ${read.stderr.trim()}`];
  const services = [...read.stdout.matchAll(/^ {2}([a-z0-9-]+):$/gm)].map(([, name]) => name);
  console.log(`  read by ${program}: ${services.join(' ')}`);
  return [];
}
