// How long `npm start` takes until it is ready, the first time and the second.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import path from 'node:path';
import { freePort } from './system.js';

export interface RestartFigures {
  /** Milliseconds, with making the cluster and bringing the sample home. */
  firstMs: number;
  secondMs: number;
}

/** Both starts use a data folder of their own below `dir`; what they print goes nowhere. */
export async function measureRestart(dir: string): Promise<RestartFigures> {
  const env = {
    ...process.env,
    SAPHAN_DATA: path.join(dir, 'start'),
    SAPHAN_PORT: String(await freePort()),
    DATABASE_URL: '',
  };
  const firstMs = await untilReady(env);
  return { firstMs, secondMs: await untilReady(env) };
}

async function untilReady(env: NodeJS.ProcessEnv): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [path.resolve('scripts/start.mjs')], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = once(child, 'exit');
  const said: string[] = [];
  let readyMs: number | null = null;
  const ready = new Promise<void>((resolve) => {
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      said.push(line);
      if (!line.startsWith('Ready in')) return;
      readyMs = performance.now() - began;
      resolve();
    });
    lines.once('close', resolve);
  });
  child.stderr.on('data', (text: Buffer) => said.push(text.toString('utf8')));
  const timer = setTimeout(() => child.kill('SIGTERM'), 180_000);
  await ready;
  child.kill('SIGTERM');
  await ended;
  clearTimeout(timer);
  if (readyMs === null) throw new Error(`npm start did not become ready. It said:\n${said.slice(-15).join('\n')}`);
  return readyMs;
}
