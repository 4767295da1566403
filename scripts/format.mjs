// `npm run format`: writes every file the way the format check wants it. `npm run format -- libs/intake` for a part.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ensure, root } from './ensure.mjs';

await ensure();
const prettier = path.join(root, 'node_modules', 'prettier', 'bin', 'prettier.cjs');
const parts = process.argv.slice(2);
const args = [prettier, '--write', '--log-level=warn', ...(parts.length > 0 ? parts : ['.'])];
process.exitCode = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
