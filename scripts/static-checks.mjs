// Lint, format and unused code. Each check answers with what is wrong (empty: nothing) and proves first that it looks.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { withCanary } from './canary-tree.mjs';
import { root } from './ensure.mjs';

const tool = (name, args, cwd = root) => {
  const file = path.join(root, 'node_modules', ...name);
  const done = spawnSync(process.execPath, [file, ...args], { cwd, encoding: 'utf8', maxBuffer: 1e8 });
  return { ok: done.status === 0, said: `${done.stdout}${done.stderr}`.trim() };
};

const oxlint = ['oxlint', 'bin', 'oxlint'];
const prettier = ['prettier', 'bin', 'prettier.cjs'];
const knip = ['knip', 'bin', 'knip.js'];

/** oxlint with .oxlintrc.json, types included. */
export async function checkLint() {
  const faults = {
    'libs/platform/promise.ts': `const later = async (): Promise<void> => undefined;\nexport function go(): void {\n  later();\n}\n`,
    'libs/platform/print.ts': `export const print = (): void => console.log('line');\n`,
  };
  const seen = await withCanary(faults, (tree) => tool(oxlint, ['libs', '-f', 'unix'], tree).said);
  const blind = ['no-floating-promises', 'no-console'].filter((rule) => !seen.includes(rule));
  if (blind.length > 0) return [`The linter does not report its canaries (${blind.join(', ')}). It said:\n${seen}`];
  const { ok, said } = tool(oxlint, ['.', '-f', 'unix', '--deny-warnings', '--report-unused-disable-directives']);
  return ok ? [] : [said];
}

/** Prettier with .prettierrc.json; `npm run format` puts everything right. */
export async function checkFormat() {
  const fault = { 'libs/platform/wide.ts': `export const  wide = "1"\n` };
  const seen = await withCanary(fault, (tree) => tool(prettier, ['--check', '.'], tree));
  if (seen.ok || !seen.said.includes('wide.ts')) return [`Prettier does not report its canary. It said:\n${seen.said}`];
  const { ok, said } = tool(prettier, ['--check', '--log-level=warn', '.']);
  return ok ? [] : [said.replace(/Run Prettier .*/, 'Run "npm run format".')];
}

/** Files, exports and packages that nothing needs, found by knip with knip.jsonc. */
export async function checkUnused() {
  const faults = {
    'apps/api/main.ts': `import { used } from '#contracts';\nexport default used;\n`,
    'libs/contracts/index.ts': `export { used, spare } from './words.js';\n`,
    'libs/contracts/words.ts': `export const used = 1;\nexport const spare = 2;\n`,
    'libs/contracts/lonely.ts': `export const lonely = 1;\n`,
  };
  const seen = await withCanary(faults, (tree) => tool(knip, ['--no-progress', '--no-config-hints'], tree).said);
  const blind = ['lonely.ts', 'spare'].filter((word) => !seen.includes(word));
  if (blind.length > 0) return [`knip does not report its canaries (${blind.join(', ')}). It said:\n${seen}`];
  if (/words\.ts +\n/.test(seen)) return [`knip does not follow "#contracts" to its door. It said:\n${seen}`];
  const { ok, said } = tool(knip, ['--no-progress', '--treat-config-hints-as-errors']);
  return ok ? [] : [said];
}
