// The hub as it is deployed, on a fresh database: an api, a worker and the six simulators, each a process of its own.
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import axios, { type AxiosInstance } from 'axios';
import http from 'node:http';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { seedAgencies } from '#intake';
import { createApiKey } from '#operations';
import {
  dataSource,
  HUB_ACTOR_ID,
  migrate,
  migrateQueues,
  newMasterKey,
  query,
  readConfig,
  SecretStore,
  Vault,
} from '#platform';
import type { EmbeddedPostgres } from '../../apps/standalone/embedded-postgres.js';
import { makeDemoSecrets, saveDemoProfiles, type SimulatorAddress } from '../../apps/standalone/simulated-providers.js';
import { startProcess, type BenchProcess } from './processes.js';

export interface BenchSystem {
  readonly name: string;
  readonly source: DataSource;
  /** Of the API, with a key of ONDE. */
  readonly http: AxiosInstance;
  readonly processes: readonly BenchProcess[];
  /** Addresses of the simulators' control endpoints by provider code. */
  readonly controls: Readonly<Record<string, string>>;
  stop(): Promise<void>;
  /** SIGKILL for the worker; returns when it has ended. */
  killWorker(): Promise<void>;
  /** Another worker in its place. */
  startWorker(): void;
}

export interface SystemOptions {
  /** Folder for logs and settings. */
  dir: string;
  /** Folder for CPU profiles of api and worker, in one below it with the system's name; none are taken without it. */
  profileTo?: string | undefined;
}

/** Starts everything on a database of its own; returns when the API answers. */
export async function startSystem(
  server: EmbeddedPostgres,
  name: string,
  { dir, profileTo }: SystemOptions,
): Promise<BenchSystem> {
  await withServer(server, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = server.url(name);
  await migrate(url);
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    DATABASE_URL: url,
    SAPHAN_MASTER_KEY: newMasterKey(),
    SAPHAN_ALLOW_PRIVATE_TARGETS: 'yes',
    SAPHAN_HOST: '127.0.0.1',
    SAPHAN_PORT: String(port),
    SAPHAN_PUBLIC_URL: `http://127.0.0.1:${port}`,
    SAPHAN_SWEEP_MS: '1000',
    SAPHAN_LOG: 'info',
    REDIS_URL: process.env['REDIS_URL'] ?? '',
  };
  const config = readConfig(env);
  await migrateQueues(config);
  const source = await dataSource(url, 4).initialize();
  await seedAgencies(source);
  const settings = path.join(dir, `${name}-simulators.json`);
  writeFileSync(
    settings,
    JSON.stringify(await makeDemoSecrets(new SecretStore(source, new Vault(config.keys.master)))),
    { mode: 0o600 },
  );
  const logFile = (process: string): string => path.join(dir, `${name}-${process}.log`);
  const profiles = profileTo === undefined ? undefined : path.join(profileTo, name);

  const simulators = startProcess('simulators', {
    script: 'apps/provider-sim/main.js',
    args: ['--settings', settings, '--signatures', 'native', '--hub', address],
    logFile: logFile('simulators'),
  });
  const processes = [simulators];
  const stop = async (): Promise<void> => {
    for (const one of processes.toReversed()) await one.stop();
    if (source.isInitialized) await source.destroy();
  };
  try {
    const { providers } = (await simulators.announced) as {
      providers: Record<string, SimulatorAddress & { control: string; style: string }>;
    };
    await saveDemoProfiles(source, providers);
    for (const [code, { control, style }] of Object.entries(providers)) {
      if (style !== 'pull') continue;
      const made = await createApiKey(source, { name: `${code} feed`, scopes: [`provider:${code}`] }, HUB_ACTOR_ID);
      await axios.put(`${control}/feed-key`, { key: made.key });
    }
    const api = startProcess('api', { script: 'apps/api/main.js', env, logFile: logFile('api'), profileTo: profiles });
    const startWorker = (): void => {
      const options = { script: 'apps/worker/main.js', env, logFile: logFile('worker'), profileTo: profiles };
      processes.push(startProcess('worker', options));
    };
    processes.push(api);
    startWorker();
    const killWorker = async (): Promise<void> => {
      await processes.pop()?.kill();
    };
    const { key } = await createApiKey(source, { name: 'bench', scopes: ['onde', 'ops.read'] }, HUB_ACTOR_ID);
    const client = axios.create({
      baseURL: address,
      headers: { authorization: `Bearer ${key}` },
      maxRedirects: 0,
      maxBodyLength: Infinity,
      httpAgent: new http.Agent({ keepAlive: true }),
    });
    await answers(client);
    const controls = Object.fromEntries(Object.entries(providers).map(([code, { control }]) => [code, control]));
    return { name, source, http: client, processes, controls, stop, killWorker, startWorker };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Lines that each simulator holds, and that it should hold: present and not rejected. */
export async function compareHeld(system: BenchSystem): Promise<{ held: number; wanted: number }> {
  const states = await Promise.all(
    Object.values(system.controls).map((control) => axios.get<{ held: number }>(`${control}/state`)),
  );
  const [row] = await query<{ wanted: number }>(system.source, 'SELECT count(*) AS wanted FROM entry WHERE present');
  return { held: states.reduce((sum, { data }) => sum + data.held, 0), wanted: row?.wanted ?? 0 };
}

async function answers(client: AxiosInstance): Promise<void> {
  for (const end = Date.now() + 60_000; ;) {
    const status = await client.get('/health/ready', { validateStatus: () => true }).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return;
    if (Date.now() > end) throw new Error(`the API is not ready after 60 s (status ${status})`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function withServer<T>(
  server: EmbeddedPostgres,
  work: (client: pg.Client) => Promise<T>,
  database = 'postgres',
): Promise<T> {
  const client = new pg.Client({ connectionString: server.url(database) });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export function freePort(): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
