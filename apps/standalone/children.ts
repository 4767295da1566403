// Child processes of standalone: workers and simulators, started, watched, and stopped in order.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../../', import.meta.url));

export interface Child {
  name: string;
  /** The child's first line of JSON on standard output, for children that announce themselves. */
  announced: Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** Time a child has to finish what it is doing before it is killed, in milliseconds. */
const GRACE_MS = 15_000;

/**
 * Starts `dist/<script>` on this very Node. Its log goes to `log`. When it ends by itself, `onExit` is told.
 */
export function startChild(
  name: string,
  script: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
  onExit: (name: string, how: string) => void,
): Child {
  // A group of its own: Ctrl-C reaches only us, and we stop the children in order.
  const child: ChildProcess = spawn(process.execPath, [`${DIST}${script}`, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let stopping = false;
  const announced = new Promise<Record<string, unknown>>((resolve, reject) => {
    if (child.stdout) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        log(line);
        if (line.startsWith('{"ready"')) resolve(JSON.parse(line) as Record<string, unknown>);
      });
    }
    child.once('exit', (code, signal) => reject(new Error(`${name} ended before it was ready (${signal ?? code})`)));
  });
  announced.catch(() => undefined);
  if (child.stderr) createInterface({ input: child.stderr }).on('line', log);
  child.once('exit', (code, signal) => {
    if (!stopping) onExit(name, signal ?? `code ${code}`);
  });
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  return {
    name,
    announced,
    async stop() {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await ended;
      clearTimeout(timer);
      process.removeListener('exit', killWithUs);
    },
  };
}
