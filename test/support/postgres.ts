// The PostgreSQL of a test run: one throwaway cluster, started by scripts/test.mjs, or by a spec that runs alone.
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EmbeddedPostgres } from '../../apps/standalone/embedded-postgres.js';
import { isAlive, readPostmaster, stopLeftover } from '../../apps/standalone/embedded-postgres-process.js';

/** Holds the address of the run's server (database `postgres`) for the spec processes. */
export const addressVariable = 'SAPHAN_TEST_POSTGRES_URL';

const folderPrefix = 'saphan-test-postgres-';

export interface TestServer {
  /** Of the database `postgres`, as superuser. */
  readonly url: string;
  /** Stops the server and removes its files. */
  stop(): Promise<void>;
}

/** Starts a throwaway cluster in the system's temp folder (about 0.8 s), after removing what killed runs left there. */
export async function startTestServer(): Promise<TestServer> {
  await removeLeftovers();
  const folder = mkdtempSync(path.join(os.tmpdir(), `${folderPrefix}${process.pid}-`));
  // mkdtemp closes it to others; PostgreSQL's user must pass. The data folder itself stays closed.
  chmodSync(folder, 0o711);
  const dataDir = path.join(folder, 'data');
  const remove = (): void => {
    // When our process ends without `stop`, the server was told to end a moment ago and still writes.
    const lives = (): boolean => {
      const postmaster = readPostmaster(dataDir);
      return postmaster !== undefined && isAlive(postmaster.pid);
    };
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let waited = 0; waited < 2000 && lives(); waited += 10) Atomics.wait(pause, 0, 0, 10);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const server = await EmbeddedPostgres.start({ dataDir, keeping: 'throwaway' });
    process.once('exit', remove);
    const stop = async (): Promise<void> => {
      await server.stop('immediate');
      process.removeListener('exit', remove);
      remove();
    };
    return { url: server.url(), stop };
  } catch (error) {
    remove();
    throw error;
  }
}

let own: Promise<TestServer> | undefined;

/** Address of the run's server. A spec started by hand gets a server of its own, which ends with the process. */
export async function testServerUrl(): Promise<string> {
  const given = process.env[addressVariable];
  if (given) return given;
  own ??= startTestServer();
  return (await own).url;
}

/** A run that was killed leaves its folder, and a server that nobody stops. The folder's name tells whose it was. */
async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(os.tmpdir())) {
    const pid = Number(name.startsWith(folderPrefix) ? name.slice(folderPrefix.length).split('-')[0] : 0);
    if (pid === 0 || isAlive(pid)) continue;
    const folder = path.join(os.tmpdir(), name);
    try {
      await stopLeftover(path.join(folder, 'data'));
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another user's, or being removed by somebody else: none of ours.
    }
  }
}
