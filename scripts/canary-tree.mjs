// A small project in a temporary folder, with our configuration and packages, to prove that a checking tool looks.
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sourceFolders } from './build.mjs';
import { root } from './ensure.mjs';

const configuration = ['package.json', 'tsconfig.json', 'knip.jsonc', '.oxlintrc.json', '.prettierrc.json'];

/** Lays out `files` (path → content), calls `work` with the folder, and removes it. */
export async function withCanary(files, work) {
  const tree = mkdtempSync(path.join(os.tmpdir(), 'saphan-canary-'));
  try {
    for (const name of configuration)
      if (existsSync(path.join(root, name))) cpSync(path.join(root, name), path.join(tree, name));
    symlinkSync(path.join(root, 'node_modules'), path.join(tree, 'node_modules'), 'dir');
    for (const folder of sourceFolders) mkdirSync(path.join(tree, folder), { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      for (const target of [name, ...compiledDoor(name)]) {
        mkdirSync(path.dirname(path.join(tree, target)), { recursive: true });
        writeFileSync(path.join(tree, target), content);
      }
    }
    return await work(tree);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

/** `#name` in package.json leads to the compiled door, so the tree needs it too. */
function compiledDoor(name) {
  return /^libs\/[^/]+\/index\.ts$/.test(name) ? [path.join('dist', name.replace(/ts$/, 'js'))] : [];
}
