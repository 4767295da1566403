// A Redis or Valkey server for tests that run on the second queue backend; absent machines skip, CI has it.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Redis } from 'ioredis';

export interface TestRedis {
  url: string;
  /** Removes everything, as a lost store would. */
  wipe(): Promise<void>;
  stop(): Promise<void>;
}

const PROGRAM = ['valkey-server', 'redis-server'].find((name) => spawnSync(name, ['--version']).status === 0);

/** False or the reason to skip, for node:test. */
export const noRedis: string | false = PROGRAM
  ? false
  : 'no valkey-server or redis-server on this machine (Debian: apt-get install redis-server)';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export async function startRedis(): Promise<TestRedis> {
  if (!PROGRAM) throw new Error(String(noRedis));
  const port = await freePort();
  const child = spawn(PROGRAM, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
    stdio: 'ignore',
  });
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on('error', () => undefined);
  await client.ping();
  return {
    url,
    wipe: async () => void (await client.flushall()),
    async stop() {
      client.disconnect();
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
