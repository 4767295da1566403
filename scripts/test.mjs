// `npm test`: all stages, each with its time; ends with a line "N passed, N failed, N skipped", and exit code 1 on failures.
// `npm test -- unit dispatch` runs the stages named, and of specs only files whose path holds one of the other words.
import { build } from './build.mjs';
import { ensure, fail } from './ensure.mjs';

await ensure();

const words = process.argv.slice(2).filter((word) => word !== '--long');
// Long runs do more rounds of the random suites; specs read this variable.
if (process.argv.includes('--long')) process.env.SAPHAN_LONG = '1';
const { checkBoundaries } = await import('./boundaries.mjs');
const { checkCompose } = await import('./compose.mjs');
const { checkFormat, checkLint, checkUnused } = await import('./static-checks.mjs');
const { runCheck } = await import('./run-check.mjs');
const { findSpecs, runSpecs } = await import('./specs.mjs');

/** Each stage answers with its counts. A check counts as one test. */
const stages = {
  lint: () => runCheck('lint', checkLint),
  format: () => runCheck('format', checkFormat),
  unused: () => runCheck('unused', checkUnused),
  boundaries: () => runCheck('boundaries', checkBoundaries),
  compose: () => runCheck('compose', checkCompose),
  unit: () => runKind('unit'),
  integration: () => runKind('integration'),
  faults: () => runKind('faults'),
  journey: () => runKind('journey'),
};

/** Milliseconds after which a spec file counts as hanging. */
const limitMs = process.env.SAPHAN_LONG ? 40 * 60_000 : 6 * 60_000;

const chosen = words.filter((word) => word in stages);
const filters = words.filter((word) => !(word in stages));
// With a filter alone, the checks that look at the whole tree have nothing to say about it.
const specStages = ['unit', 'integration', 'faults', 'journey'];
const names = chosen.length > 0 ? chosen : filters.length > 0 ? specStages : Object.keys(stages);

const total = { passed: 0, failed: 0, skipped: 0 };
const times = [];
let testServer;

try {
  await runStage('types', async () =>
    runCheck('types', async () => ((await build()) === 'errors' ? ['see above'] : [])),
  );
  for (const name of names) await runStage(name, stages[name]);
} finally {
  await testServer?.stop();
}
const ran = total.passed + total.failed;
console.log(`\n${times.join(', ')}`);
if (filters.length > 0 && ran <= 1)
  fail(`No spec has "${filters.join('" or "')}" in its path. Stages: ${Object.keys(stages).join(' ')}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 ? 1 : 0);

async function runStage(name, work) {
  console.log(`\n── ${name}`);
  const started = performance.now();
  const counts = await work();
  for (const word of Object.keys(total)) total[word] += counts[word];
  const time = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  times.push(`${name} ${time}`);
  console.log(`   ${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped (${time})`);
}

async function runKind(kind) {
  const files = findSpecs(kind, filters);
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  if (kind !== 'unit' && testServer === undefined) testServer = await startServer();
  return runSpecs(files, { limitMs });
}

/** One PostgreSQL for the whole run; specs find its address in the environment. */
async function startServer() {
  const { addressVariable, startTestServer } = await import('../dist/test/support/postgres.js');
  const server = await startTestServer();
  process.env[addressVariable] = server.url;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => void server.stop().finally(() => process.exit(130)));
  }
  return server;
}
