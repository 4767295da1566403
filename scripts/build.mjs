// Compiles everything into dist/ with TypeScript 7. `node scripts/build.mjs`, or `build()` from another script.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensure, root, withLock } from './ensure.mjs';

/** Folders whose tree dist/ mirrors. The console has a build of its own. */
export const sourceFolders = ['apps', 'libs', 'migrations', 'test'];
const ownBuild = path.join('apps', 'console');
const dist = path.join(root, 'dist');
const stampFile = path.join(dist, '.stamp');

/**
 * Builds when a source changed since the last good build; deciding takes some milliseconds.
 * Returns 'fresh' (nothing to do), 'built', or 'errors': types are wrong, told on stdout, and JavaScript is there anyway.
 */
export async function build() {
  if (readStamp() === currentStamp()) return 'fresh';
  return withLock('build', () => {
    const stamp = currentStamp();
    if (readStamp() === stamp) return 'fresh';
    rmSync(stampFile, { force: true });
    const ok = compile();
    copyOthers();
    removeOrphans();
    if (!ok) return 'errors';
    mkdirSync(dist, { recursive: true });
    writeFileSync(stampFile, stamp);
    return 'built';
  });
}

function compile() {
  const tsc = path.join(root, 'node_modules', 'typescript7', 'bin', 'tsc');
  const args = [tsc, '-p', 'tsconfig.json', '--incremental', '--tsBuildInfoFile', path.join('dist', '.tsbuildinfo')];
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

/** Every file below a source folder, relative to the project. */
export function sourceFiles() {
  const files = [];
  const walk = (folder) => {
    for (const item of readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const name = path.join(folder, item.name);
      if (item.name === 'node_modules' || name === ownBuild) continue;
      if (item.isDirectory()) walk(name);
      else files.push(name);
    }
  };
  for (const folder of sourceFolders) if (existsSync(path.join(root, folder))) walk(folder);
  return files.sort();
}

/** Path, size and time of every source and of what decides how it is compiled. */
function currentStamp() {
  const lines = [...sourceFiles(), 'tsconfig.json', 'package.json', 'package-lock.json'].map((file) => {
    const { size, mtimeMs } = statSync(path.join(root, file));
    return `${file} ${size} ${mtimeMs}`;
  });
  return lines.join('\n');
}

function readStamp() {
  try {
    return readFileSync(stampFile, 'utf8');
  } catch {
    return undefined;
  }
}

const isCompiled = (file) => /\.[cm]?tsx?$/.test(file);

/** SQL, JSON, test data: code finds them beside itself, in dist/ as in the sources. */
export function copyOthers() {
  for (const file of sourceFiles()) {
    if (isCompiled(file) || file.endsWith('.md')) continue;
    const target = path.join(dist, file);
    mkdirSync(path.dirname(target), { recursive: true });
    copyFileSync(path.join(root, file), target);
  }
}

/** A deleted or renamed source must not live on in dist/: its spec would still run, its module still load. */
function removeOrphans() {
  const wanted = new Set();
  for (const file of sourceFiles()) {
    const made = file
      .replace(/\.tsx?$/, '.js')
      .replace(/\.mts$/, '.mjs')
      .replace(/\.cts$/, '.cjs');
    wanted.add(made).add(`${made}.map`);
  }
  const walk = (folder) => {
    for (const item of readdirSync(path.join(dist, folder), { withFileTypes: true })) {
      const name = path.join(folder, item.name);
      if (name === ownBuild) continue;
      if (item.isDirectory()) walk(name);
      else if (!wanted.has(name)) rmSync(path.join(dist, name), { force: true });
    }
  };
  for (const folder of sourceFolders) if (existsSync(path.join(dist, folder))) walk(folder);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await ensure();
  process.exitCode = (await build()) === 'errors' ? 1 : 0;
}
