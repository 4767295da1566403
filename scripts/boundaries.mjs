// Checks boundary-rules.mjs with dependency-cruiser, and proves first that it looks: each rule's own violation, laid
// out in a temporary tree, must be reported, and as many files must have been read as there are.
import path from 'node:path';
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { rules } from './boundary-rules.mjs';
import { sourceFiles, sourceFolders } from './build.mjs';
import { withCanary } from './canary-tree.mjs';
import { root } from './ensure.mjs';

/** Returns what is wrong as texts for a person; empty when all is well. */
export async function checkBoundaries() {
  const blind = await runCanary();
  if (blind.length > 0) return blind;
  const files = sourceFiles().filter((file) => /\.tsx?$/.test(file));
  const { modules, violations } = await look(root);
  const seen = new Set(modules.map(({ source }) => source));
  const unseen = files.filter((file) => !seen.has(file));
  const problems = unseen.map((file) => `${file} was not read by the tool.`);
  const edges = modules.reduce((sum, { dependencies }) => sum + dependencies.length, 0);
  console.log(
    `  ${rules.length} rules on ${files.length} files with ${edges} imports; the canary saw every rule broken`,
  );
  return [...problems, ...violations.map(tell)];
}

/** The violation of each rule in a tree of its own: reported by that rule's name, or the tool is blind. */
async function runCanary() {
  const problems = [];
  for (const rule of rules) {
    const { violations } = await withCanary(rule.violation, look);
    if (!violations.some((violation) => violation.rule.name === rule.name)) {
      problems.push(`The canary of the rule "${rule.name}" was not reported: the rule, or the tool, does not look.`);
    }
  }
  return problems;
}

async function look(tree) {
  const before = process.cwd();
  process.chdir(tree);
  try {
    const { output } = await cruise(
      sourceFolders,
      {
        baseDir: tree,
        validate: true,
        ruleSet: {
          forbidden: rules.map(({ name, comment, from, to }) => ({ name, comment, from, to, severity: 'error' })),
        },
        // Types are imports too: a station that knows another's types depends on it.
        tsPreCompilationDeps: 'specify',
        tsConfig: { fileName: path.join(tree, 'tsconfig.json') },
        doNotFollow: { path: ['node_modules', '^dist/'] },
        exclude: { path: ['^apps/console/'] },
        combinedDependencies: false,
      },
      {
        exportsFields: ['exports'],
        conditionNames: ['import', 'node', 'require', 'default', 'types'],
        mainFields: ['main', 'types'],
      },
      { tsConfig: extractTSConfig(path.join(tree, 'tsconfig.json')) },
    );
    return { modules: output.modules, violations: output.summary.violations };
  } finally {
    process.chdir(before);
  }
}

function tell({ from, to, rule, cycle }) {
  const { comment } = rules.find(({ name }) => name === rule.name) ?? {};
  const way = cycle ? `${from} → ${cycle.map(({ name }) => name).join(' → ')}` : `${from} → ${to}`;
  return `${way}\n    against the rule "${rule.name}": ${comment}`;
}
