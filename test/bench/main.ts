// `npm run bench -- [--lines N] [--only floor,bulk,…] [--profile]`: measures, prints one table, asserts nothing.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { EmbeddedPostgres } from '../../apps/standalone/embedded-postgres.js';
import { openHome } from '../../apps/standalone/home.js';
import { measureBulk, measureFloor } from './bulk.js';
import { measureChanges } from './growth.js';
import { importFile, makeSample } from './import-file.js';
import { measureLatency, quantile } from './latency.js';
import { PROFILED_SETTINGS, readProfiles, startStatements, statements } from './profile.js';
import { formatTable, type Figures } from './report.js';
import { measureOutage } from './outage.js';
import { measureReconcile } from './reconcile.js';
import { measureRecovery } from './recovery.js';
import { measureRestart } from './restart.js';
import { measureSnapshot } from './snapshot.js';
import { startSystem, withServer } from './system.js';

const PARTS = ['floor', 'bulk', 'latency', 'growth', 'reconcile', 'snapshot', 'outage', 'recovery', 'restart'] as const;
type Part = (typeof PARTS)[number];

const MESS = 0.02;
const FEW_ENTRIES = 30_000;
/** Rates in registrations a second, and for how many seconds. */
const AIS_RATES = [[1, 30], [50, 10], [200, 10]] as const; // prettier-ignore
const TRUE_RATE = [1, 15] as const;
const TOP = 25;
/** Seconds for which one provider hangs. */
const HUNG_S = 60;

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '300000' },
    only: { type: 'string' },
    profile: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  process.stdout.write(
    `npm run bench -- [--lines N] [--only ${PARTS.join(',')}] [--profile]\n  growth compares ${FEW_ENTRIES} entries with N; --profile takes CPU profiles and statement statistics, which cost some speed.\n`,
  );
  process.exit(0);
}
const lines = Number(values.lines);
if (!Number.isSafeInteger(lines) || lines < 1000) fail('--lines must be a whole number from 1,000');
const only = values.only?.split(',') ?? PARTS;
const wanted = new Set<Part>(
  only.map((name) => PARTS.find((part) => part === name) ?? fail(`--only knows ${PARTS.join(', ')}`)),
);

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const home = openHome();
const dir = mkdtempSync(path.join(home.dir, 'bench-'));
// PostgreSQL's user must pass.
chmodSync(dir, 0o711);
const results = path.resolve('.saphan', 'bench');
mkdirSync(results, { recursive: true });
const profileTo = values.profile ? path.join(results, 'profiles') : undefined;
if (profileTo) rmSync(profileTo, { recursive: true, force: true });

const [cpu] = os.cpus();
const figures: Figures = {
  at: new Date().toISOString(),
  lines,
  failures: {},
  machine: {
    cpus: os.availableParallelism(),
    model: cpu?.model ?? 'unknown',
    memoryGb: Math.round(os.totalmem() / 1024 ** 3),
    node: process.versions.node,
    loadBefore: os.loadavg()[0] ?? 0,
  },
};

let server: EmbeddedPostgres | null = null;
try {
  if ([...wanted].some((part) => part !== 'restart')) {
    server = await EmbeddedPostgres.start({
      dataDir: path.join(dir, 'postgres'),
      keeping: 'durable',
      // The time of a commit is what latencies are measured to.
      settings: { track_commit_timestamp: 'on', ...(profileTo ? PROFILED_SETTINGS : {}) },
    });
    figures.machine.commitMs = await commitTime(server);
    await measure(server);
    await server.stop();
    server = null;
  }
  if (wanted.has('restart')) {
    await part('restart', async () => {
      figures.restart = await measureRestart(dir);
    });
  }
} finally {
  await server?.stop('immediate');
  if (Object.keys(figures.failures).length === 0) rmSync(dir, { recursive: true, force: true });
  else say(`Logs are kept in ${dir}`);
}
figures.machine.loadAfter = os.loadavg()[0] ?? 0;
writeFileSync(path.join(results, 'last.json'), `${JSON.stringify(figures, null, 2)}\n`);
process.stdout.write(`${formatTable(figures)}\n`);
process.exit(Object.keys(figures.failures).length === 0 ? 0 : 1);

async function measure(server: EmbeddedPostgres): Promise<void> {
  const sample = await makeSample(dir, lines, 1, MESS);
  say(`Sample of ${lines} lines made (${Math.round(sample.bytes / 1024 ** 2)} MB).`);
  if (wanted.has('floor')) {
    await part('floor', async () => {
      figures.floor = await measureFloor(server, sample, dir);
    });
  }
  if (profileTo) await startStatements(server);
  if (wanted.has('bulk') || wanted.has('growth')) {
    await part('bulk', () => bulkAndGrowth(server, sample));
  }
  if (wanted.has('latency')) await part('latency', () => latency(server));
  if (wanted.has('reconcile')) {
    await part('reconcile', async () => {
      figures.reconcile = await measureReconcile(server, lines);
    });
  }
  if (wanted.has('snapshot')) {
    await part('snapshot', async () => {
      figures.snapshot = await measureSnapshot(server, dir, lines);
    });
  }
  if (wanted.has('outage')) {
    await part('outage', async () => {
      figures.outage = await onSystem(server, 'outage', (system) => measureOutage(system, HUNG_S));
    });
  }
  if (wanted.has('recovery')) {
    await part('recovery', async () => {
      figures.recovery = await onSystem(server, 'recovery', (system) => measureRecovery(system, sample));
    });
  }
}

async function bulkAndGrowth(server: EmbeddedPostgres, sample: Awaited<ReturnType<typeof makeSample>>): Promise<void> {
  const large = await startSystem(server, 'bulk', { dir, profileTo });
  try {
    figures.bulk = await measureBulk(server, large, sample);
    if (profileTo)
      writeFileSync(
        path.join(results, 'statements-bulk.json'),
        JSON.stringify(await statements(server, 'bulk', TOP), null, 2),
      );
    const many = wanted.has('growth') ? await measureChanges(large, dir, 1000) : null;
    await large.stop();
    if (profileTo)
      writeFileSync(
        path.join(results, 'cpu-bulk.json'),
        JSON.stringify(readProfiles(path.join(profileTo, 'bulk'), TOP), null, 2),
      );
    if (!many) return;
    const small = await startSystem(server, 'growth', { dir });
    try {
      await importFile(small, await makeSample(dir, FEW_ENTRIES, 2, 0), 300);
      figures.growth = { few: await measureChanges(small, dir, 2000), many };
    } finally {
      await small.stop();
    }
  } finally {
    await large.stop();
  }
}

async function latency(server: EmbeddedPostgres): Promise<void> {
  const system = await startSystem(server, 'latency', { dir, profileTo });
  figures.latency = [];
  try {
    // A hub in use has seen requests before: first uses of code and connections are no one's latency.
    await measureLatency(system, 'AIS', 20, 3);
    for (const [perS, forS] of AIS_RATES) figures.latency.push(await measureLatency(system, 'AIS', perS, forS));
    figures.latency.push(await measureLatency(system, 'TRUE', ...TRUE_RATE));
    if (profileTo)
      writeFileSync(
        path.join(results, 'statements-latency.json'),
        JSON.stringify(await statements(server, 'latency', TOP), null, 2),
      );
  } finally {
    await system.stop();
    if (profileTo)
      writeFileSync(
        path.join(results, 'cpu-latency.json'),
        JSON.stringify(readProfiles(path.join(profileTo, 'latency'), TOP), null, 2),
      );
  }
}

async function onSystem<T>(
  server: EmbeddedPostgres,
  name: string,
  work: (system: Awaited<ReturnType<typeof startSystem>>) => Promise<T>,
): Promise<T> {
  const system = await startSystem(server, name, { dir });
  try {
    return await work(system);
  } finally {
    await system.stop();
  }
}

/** A part that fails leaves the others theirs. */
async function part(name: Part, work: () => Promise<void>): Promise<void> {
  say(`Measuring: ${name} (load average ${(os.loadavg()[0] ?? 0).toFixed(1)})`);
  try {
    await work();
  } catch (error) {
    figures.failures[name] = error instanceof Error ? error.message : String(error);
    say(`  ${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

/** Median of small durable commits in milliseconds: what every step of a hand-over waits for. */
async function commitTime(server: EmbeddedPostgres): Promise<number> {
  return withServer(server, async (client) => {
    await client.query('CREATE TABLE commit_time (n int)');
    const took: number[] = [];
    for (let n = 0; n < 50; n++) {
      const began = performance.now();
      await client.query('INSERT INTO commit_time VALUES ($1)', [n]);
      took.push(performance.now() - began);
    }
    await client.query('DROP TABLE commit_time');
    return quantile(
      took.sort((a, b) => a - b),
      0.5,
    );
  });
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
