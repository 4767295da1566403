// Everything in one command: embedded PostgreSQL, API, worker, and six simulated providers with sample registrations.
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { createApi } from '../api/create-api.js';
import { seedAgencies } from '#intake';
import { firstKey } from '#operations';
import {
  ConfigError,
  dataSource,
  migrate,
  migrateQueues,
  readConfig,
  SecretStore,
  Vault,
  type Config,
} from '#platform';
import { startChild, type Child } from './children.js';
import { EmbeddedPostgres } from './embedded-postgres.js';
import { tellFeedKeys } from './feed-keys.js';
import { openHome, writePrivate, type Home } from './home.js';
import { listenSomewhere } from './listen.js';
import { destinationsLine, publishFirstList } from './load-destinations.js';
import { loadSample } from './load-sample.js';
import { makeDemoSecrets, saveDemoProfiles, withTempers, type SimulatorAddress } from './simulated-providers.js';
import { formatLines, providerLines } from './table.js';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** What was started, in the order in which it is stopped from the end. */
const stops: { what: string; stop(): Promise<void> }[] = [];
let stopping: Promise<void> | null = null;

function stopAll(): Promise<void> {
  stopping ??= (async () => {
    for (const { what, stop } of stops.toReversed()) {
      await stop().catch((error: unknown) =>
        say(`${what} did not stop in order: ${error instanceof Error ? error.message : String(error)}`),
      );
    }
  })();
  return stopping;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    say('\nStopping…');
    void stopAll().then(() => process.exit(0));
  });
}

async function startDatabase(home: Home): Promise<string> {
  const postgres = await EmbeddedPostgres.start({ dataDir: path.join(home.dir, 'postgres'), keeping: 'durable' });
  stops.push({ what: 'PostgreSQL', stop: () => postgres.stop() });
  const client = new pg.Client({ connectionString: postgres.url() });
  await client.connect();
  const known = await client.query(`SELECT 1 FROM pg_database WHERE datname = 'saphan'`);
  if (known.rowCount === 0) await client.query('CREATE DATABASE saphan');
  await client.end();
  return postgres.url('saphan');
}

async function start(): Promise<void> {
  const began = performance.now();
  const home = openHome();
  const logPath = path.join(home.dir, 'saphan.log');
  const logFile = createWriteStream(logPath, { flags: 'a', mode: 0o600 });
  const log = (line: string): void => void logFile.write(`${line}\n`);
  const onExit = (name: string, how: string): void => {
    if (stopping) return;
    say(`${name} ended (${how}); see ${logPath}. Stopping.`);
    void stopAll().then(() => process.exit(1));
  };

  const url = await startDatabase(home);
  const migrations = await migrate(url);
  if (migrations.length > 0) say(`Database ready (${migrations.length} migrations).`);

  const env: NodeJS.ProcessEnv = {
    ...process.env,
    DATABASE_URL: url,
    SAPHAN_MASTER_KEY: home.masterKey,
    SAPHAN_ALLOW_PRIVATE_TARGETS: 'yes',
    SAPHAN_SWEEP_MS: process.env['SAPHAN_SWEEP_MS'] ?? '1000',
    SAPHAN_LOG: process.env['SAPHAN_LOG'] ?? 'info',
  };
  // The API runs in this process, whose output is for people.
  const config = readConfig({ ...env, SAPHAN_LOG_FILE: logPath });
  await migrateQueues(config);
  const source = await dataSource(url, 3).initialize();
  stops.push({ what: 'database connections', stop: () => source.destroy() });
  await seedAgencies(source);

  const settings = await makeDemoSecrets(new SecretStore(source, new Vault(home.masterKey)));
  const settingsFile = writePrivate(home, 'simulators.json', JSON.stringify(withTempers(settings)));
  const simulators = startChild(
    'simulators',
    'apps/provider-sim/main.js',
    ['--data', path.join(home.dir, 'simulators'), '--settings', settingsFile, '--signatures', 'native'],
    env,
    log,
    onExit,
  );
  stops.push({ what: 'simulators', stop: () => simulators.stop() });
  const announced = (await simulators.announced) as {
    providers: Record<string, SimulatorAddress & { control: string; style?: string }>;
  };
  await saveDemoProfiles(source, announced.providers);

  const address = await startApi(config);
  await Promise.all(
    Object.values(announced.providers).map(({ control }) =>
      fetch(`${control}/hub`, { method: 'PUT', body: JSON.stringify({ url: address }) }),
    ),
  );
  const made = await firstKey(source);
  // The address may be another one at every start; the key is known only when it is made.
  const cli = path.join(home.dir, 'cli.json');
  const key = made?.key ?? (existsSync(cli) ? (JSON.parse(readFileSync(cli, 'utf8')) as { key: string }).key : null);
  if (key) writePrivate(home, 'cli.json', JSON.stringify({ url: address, key }));
  await tellFeedKeys(source, home, announced.providers);

  // The simulators send events of orders to where the worker tells them.
  const reached = { ...env, SAPHAN_PUBLIC_URL: process.env['SAPHAN_PUBLIC_URL'] ?? address };
  const worker: Child = startChild('worker', 'apps/worker/main.js', [], reached, log, onExit);
  stops.push({ what: 'worker', stop: () => worker.stop() });

  await publishFirstList(source);
  await loadSample(source, home, address, say);
  say('');
  say(formatLines(await providerLines(source)));
  say('');
  say(await destinationsLine(source));
  say(`  API documentation   ${address}/docs`);
  say(`  Queues (Bull Board) ${address}/ops/queues`);
  say(`  Health              ${address}/health/ready`);
  for (const [code, { control }] of Object.entries(announced.providers))
    say(`  Simulated ${code.padEnd(9)} ${control}/state`);
  if (made)
    say(
      `\n  API key, shown only now (and kept in ${path.join(home.dir, 'cli.json')} for the saphan command):\n  ${made.key}`,
    );
  say(
    `\nReady in ${((performance.now() - began) / 1000).toFixed(1)} s. Ctrl-C stops everything; the data stays in ${home.dir}.`,
  );
}

async function startApi(config: Config): Promise<string> {
  const api = await createApi(config);
  stops.push({ what: 'API', stop: () => api.close() });
  return listenSomewhere(api, config.http.host, config.http.port, say);
}

try {
  await start();
} catch (error) {
  process.stderr.write(
    `Saphan could not start: ${error instanceof ConfigError || !(error instanceof Error) ? String(error) : (error.stack ?? error.message)}\n`,
  );
  await stopAll();
  process.exit(1);
}
