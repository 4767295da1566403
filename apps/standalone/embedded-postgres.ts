// A real PostgreSQL 18 from npm packages, started and stopped by us: for `npm start`, and for tests.
// The package's own class is not used: it stops the server by itself on Ctrl-C, while the hub still needs it.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { canReach, findAccount, findPrograms } from './embedded-postgres-account.js';
import type { Account, Programs } from './embedded-postgres-account.js';
import { isAlive, readPostmaster, startOf, stopLeftover } from './embedded-postgres-process.js';
import { serverSettings } from './embedded-postgres-settings.js';

export interface EmbeddedPostgresOptions {
  /** The cluster's folder; made when it does not exist. The folder above it must let PostgreSQL's user pass. */
  readonly dataDir: string;
  /** TCP port on 127.0.0.1; without it any free one is taken. */
  readonly port?: number;
  /** What to do when `port` is taken; `fail` if not given. */
  readonly ifPortTaken?: 'fail' | 'another';
  /** `durable` survives a power cut. `throwaway` is for tests: nothing is flushed to disk. */
  readonly keeping: 'durable' | 'throwaway';
  /** Further server settings; they win over ours. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** What start found: a new cluster, one stopped in order, or one whose last owner was killed or lost power. */
export type Found = 'new' | 'stopped' | 'recovered';

const user = 'saphan';
const ownerFile = 'saphan.owner';
const passwordFile = 'saphan.password';
const logFile = 'saphan.log';

/** A running server. Several can run side by side, each with its own folder and port. */
export class EmbeddedPostgres {
  private constructor(
    readonly dataDir: string,
    readonly port: number,
    readonly found: Found,
    private readonly password: string,
    private readonly server: ChildProcess,
    private readonly keeping: 'durable' | 'throwaway',
  ) {
    process.once('exit', this.stopWithoutWaiting);
  }

  /**
   * Makes the cluster if needed, clears up after a killed owner, and waits until connections are accepted.
   * @throws Error (for a person to read) when the folder is in use, out of reach or of another PostgreSQL, or the port taken
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const dataDir = path.resolve(options.dataDir);
    const account = findAccount();
    const programs = findPrograms(account);
    mkdirSync(path.dirname(dataDir), { recursive: true });
    if (!canReach(account, path.dirname(dataDir))) {
      throw new Error(
        `PostgreSQL, which cannot run as root, runs as "${account?.name}", and that user cannot reach ${dataDir}. ` +
          'Choose a data folder that it can reach, such as one below /var/lib/saphan.',
      );
    }
    const isNew = !existsSync(path.join(dataDir, 'PG_VERSION'));
    if (isNew) createCluster(dataDir, account, programs);
    checkFits(dataDir, account, programs);
    claim(dataDir);
    try {
      const leftover = await stopLeftover(dataDir);
      const crashed = leftover !== 'absent' || existsSync(path.join(dataDir, 'postmaster.pid'));
      const { server, port } = await startOnPort(options, dataDir, account, programs);
      const password = readFileSync(path.join(dataDir, passwordFile), 'utf8').trim();
      return new EmbeddedPostgres(
        dataDir,
        port,
        isNew ? 'new' : crashed ? 'recovered' : 'stopped',
        password,
        server,
        options.keeping,
      );
    } catch (error) {
      rmSync(path.join(dataDir, ownerFile), { force: true });
      throw error;
    }
  }

  /** Address of a database, with user and password: never for a log or a screen. */
  url(database = 'postgres'): string {
    return `postgres://${user}:${this.password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Stops the server: `fast` ends sessions and writes a checkpoint; `immediate` is for clusters that are thrown away. */
  async stop(how: 'fast' | 'immediate' = 'fast'): Promise<void> {
    process.removeListener('exit', this.stopWithoutWaiting);
    if (isRunning(this.server)) {
      this.server.ref();
      const ended = new Promise((resolve) => this.server.once('exit', resolve));
      this.server.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
      await ended;
    }
    rmSync(path.join(this.dataDir, ownerFile), { force: true });
  }

  /** Called when our process ends without `stop`, where nothing can be waited for: the server then stops by itself. */
  private readonly stopWithoutWaiting = (): void => {
    if (!isRunning(this.server)) return;
    this.server.kill(this.keeping === 'durable' ? 'SIGINT' : 'SIGQUIT');
    rmSync(path.join(this.dataDir, ownerFile), { force: true });
  };
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

/** Made beside its place and renamed, so that a folder with PG_VERSION is always a whole cluster. */
function createCluster(dataDir: string, account: Account, programs: Programs): void {
  if (existsSync(dataDir)) {
    throw new Error(`${dataDir} exists but is no PostgreSQL data folder. Move it away, or choose another data folder.`);
  }
  const half = `${dataDir}.new-${process.pid}`;
  const password = `${half}.password`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { mode: 0o700 });
  writeFileSync(password, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600 });
  if (account !== undefined) for (const file of [half, password]) chownSync(file, account.uid, account.gid);
  const args = ['--pgdata', half, '--username', user, '--pwfile', password, '--auth=scram-sha-256', '--no-sync'];
  // Locale C: text sorts by bytes, the same on every machine and faster; Thai is sorted by the console.
  const made = spawnSync(programs.initdb, [...args, '--encoding=UTF8', '--no-locale'], childOptions(account));
  renameSync(password, path.join(half, passwordFile));
  if (made.status !== 0) {
    rmSync(half, { recursive: true, force: true });
    throw new Error(
      `PostgreSQL could not make its data folder ${dataDir}: ${made.error?.message ?? String(made.stderr)}`,
    );
  }
  renameSync(half, dataDir);
}

/** Options for PostgreSQL's programs. The folder is `/` because our own may be closed to that user. */
function childOptions(account: Account): SpawnOptions {
  return { cwd: '/', env: { ...process.env, LC_ALL: 'C' }, ...(account && { uid: account.uid, gid: account.gid }) };
}

function checkFits(dataDir: string, account: Account, programs: Programs): void {
  const owner = statSync(dataDir).uid;
  const uid = account?.uid ?? process.getuid?.() ?? owner;
  if (owner !== uid) {
    throw new Error(
      `The data folder ${dataDir} belongs to system user ${owner}, but PostgreSQL would run as ${account?.name ?? uid}. ` +
        'Start Saphan as the user who made it, or choose another data folder.',
    );
  }
  const major = Number(readFileSync(path.join(dataDir, 'PG_VERSION'), 'utf8'));
  if (major !== programs.major) {
    throw new Error(
      `${dataDir} was made by PostgreSQL ${major}; this one is ${programs.major}. Move it over with pg_upgrade.`,
    );
  }
}

/** Notes that this process owns the folder; one living owner at a time. */
function claim(dataDir: string): void {
  const file = path.join(dataDir, ownerFile);
  for (;;) {
    try {
      writeFileSync(file, `${process.pid} ${startOf(process.pid)}`, { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [pid = 0, start = ''] = readFileSync(file, 'utf8')
      .split(' ')
      .map((part, i) => (i === 0 ? Number(part) : part));
    if (isAlive(Number(pid)) && startOf(Number(pid)) === start && Number(pid) !== 0) {
      throw new Error(
        `${dataDir} is in use by another Saphan (process ${pid}). Stop that one, or choose another data folder.`,
      );
    }
    rmSync(file, { force: true });
  }
}

async function startOnPort(
  options: EmbeddedPostgresOptions,
  dataDir: string,
  account: Account,
  programs: Programs,
): Promise<{ server: ChildProcess; port: number }> {
  const { port, ifPortTaken = 'fail' } = options;
  if (port !== undefined) {
    const server = (await isFree(port)) ? await startServer(options, port, dataDir, account, programs) : 'port taken';
    if (server !== 'port taken') return { server, port };
    if (ifPortTaken === 'fail') {
      throw new Error(
        `Port ${port} on 127.0.0.1, meant for the embedded PostgreSQL, is taken by another program. ` +
          'Stop that program, or choose another port.',
      );
    }
  }
  // Another program may take a free port before PostgreSQL does; that it happens five times in a row is not luck.
  for (let tries = 0; tries < 5; tries++) {
    const free = await findFreePort();
    const server = await startServer(options, free, dataDir, account, programs);
    if (server !== 'port taken') return { server, port: free };
  }
  throw new Error('No free port was found for the embedded PostgreSQL.');
}

async function startServer(
  options: EmbeddedPostgresOptions,
  port: number,
  dataDir: string,
  account: Account,
  programs: Programs,
): Promise<ChildProcess | 'port taken'> {
  const log = path.join(dataDir, logFile);
  const settings = { ...serverSettings(options.keeping), ...options.settings, port: String(port) };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const output = openSync(log, 'w', 0o600);
  // Detached: a terminal's Ctrl-C goes to its whole group, and PostgreSQL must outlive the hub's orderly end.
  const server = spawn(programs.postgres, ['-D', dataDir, ...flags], {
    ...childOptions(account),
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const failed = new Promise<Error>((resolve) => server.once('error', resolve));
  server.unref();
  while (isRunning(server)) {
    const postmaster = readPostmaster(dataDir);
    if (postmaster?.pid === server.pid && postmaster?.state === 'ready') return server;
    const error = await Promise.race([failed, sleep(5)]);
    if (error instanceof Error) throw new Error(`PostgreSQL could not be started: ${error.message}`, { cause: error });
  }
  const said = readFileSync(log, 'utf8');
  if (said.includes('Address already in use')) return 'port taken';
  throw new Error(`PostgreSQL did not start in ${dataDir}. It said:\n${said.trim()}`);
}

function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

function findFreePort(): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
