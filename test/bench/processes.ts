// Child processes of a bench run: started on this very Node, watched for their memory, stopped by their own handle.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../../', import.meta.url));

/** Time a process has to end by itself before it is killed, in milliseconds. */
const GRACE_MS = 20_000;

export interface BenchProcess {
  readonly name: string;
  readonly pid: number;
  /** The first line of JSON with `ready` that it printed; rejects when it ends before. */
  readonly announced: Promise<Record<string, unknown>>;
  /** Every further line of JSON that it printed is handed to this. */
  onLine(take: (line: Record<string, unknown>) => void): void;
  /** Largest resident memory so far in bytes; null where the system does not tell. */
  peakBytes(): number | null;
  stop(): Promise<void>;
  /** SIGKILL, as a power cut; returns when it has ended. */
  kill(): Promise<void>;
}

export interface ProcessOptions {
  /** Below dist/. */
  script: string;
  args?: string[];
  env?: NodeJS.ProcessEnv;
  /** Receives everything that is written to standard error, and lines that are no JSON. */
  logFile: string;
  /** Writes a CPU profile to this folder when the process ends. */
  profileTo?: string | undefined;
}

export function startProcess(
  name: string,
  { script, args = [], env = process.env, logFile, profileTo }: ProcessOptions,
): BenchProcess {
  const flags =
    profileTo === undefined
      ? []
      : [
          '--cpu-prof',
          '--cpu-prof-interval',
          '2000',
          '--cpu-prof-dir',
          profileTo,
          '--cpu-prof-name',
          `${name}.cpuprofile`,
        ];
  const child: ChildProcess = spawn(process.execPath, [...flags, `${DIST}${script}`, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  child.stderr?.pipe(log);
  const takers: ((line: Record<string, unknown>) => void)[] = [];
  const announced = new Promise<Record<string, unknown>>((resolve, reject) => {
    if (child.stdout) {
      createInterface({ input: child.stdout }).on('line', (text) => {
        if (!text.startsWith('{')) return void log.write(`${text}\n`);
        const line = JSON.parse(text) as Record<string, unknown>;
        if (line['ready'] === true) resolve(line);
        for (const take of takers) take(line);
        if (takers.length === 0) log.write(`${text}\n`);
      });
    }
    // 'close', not 'exit': by then everything it printed has been read.
    child.once('close', (code, signal) => reject(new Error(`${name} ended (${signal ?? code}); see ${logFile}`)));
  });
  announced.catch(() => undefined);
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  let peak: number | null = null;
  const peakBytes = (): number | null => (peak = peakOf(child.pid) ?? peak);
  return {
    name,
    pid: child.pid ?? 0,
    announced,
    onLine: (take) => void takers.push(take),
    peakBytes,
    async kill() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      process.removeListener('exit', killWithUs);
    },
    async stop() {
      peakBytes();
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
        await ended;
        clearTimeout(timer);
      }
      process.removeListener('exit', killWithUs);
    },
  };
}

/** Linux keeps the highest resident size of every process. */
function peakOf(pid: number | undefined): number | null {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
