// Looking at and stopping PostgreSQL's main process (postmaster), also one left over by a process that was killed.
import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What postmaster.pid says. `state` is PostgreSQL's own word, such as `starting`, `ready`, `stopping`. */
export interface Postmaster {
  readonly pid: number;
  readonly state: string;
}

const pidFile = (dataDir: string): string => path.join(dataDir, 'postmaster.pid');

/** Reads postmaster.pid; `undefined` when there is none. */
export function readPostmaster(dataDir: string): Postmaster | undefined {
  try {
    const lines = readFileSync(pidFile(dataDir), 'utf8').split('\n');
    return { pid: Number(lines[0]), state: (lines[7] ?? '').trim() };
  } catch {
    return undefined;
  }
}

/** Whether a process with this number runs, ours or not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // In a container often nobody collects the ended children of a killed process: they stay as zombies.
  return statOf(pid)[0] !== 'Z';
}

/** A value that differs when a pid was given to another process later; '' where the system does not tell. */
export function startOf(pid: number): string {
  return statOf(pid)[19] ?? '';
}

/** Linux's fields of a process from the third (its state) on; the second is a name that may hold blanks. */
function statOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()?.split(' ') ?? [];
  } catch {
    return [];
  }
}

/** Whether a process is a PostgreSQL server of this very folder, and not a stranger that got its number later. */
function serves(pid: number, dataDir: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === path.resolve(dataDir);
  } catch {
    const shown = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return shown.status === 0 && shown.stdout.includes(dataDir);
  }
}

/** How a postmaster was stopped: `absent` when none ran. */
export type Stopped = 'absent' | 'fast' | 'immediate';

/**
 * Stops the server of a folder whose starter is gone. "fast" ends sessions and writes a checkpoint; if that takes more
 * than `patienceMs`, "immediate" stops at once and the next start recovers from the log. Neither loses a commit.
 * A pid file whose number now belongs to another program (after a restart of the machine or container) is removed,
 * since PostgreSQL would refuse to start beside it.
 */
export async function stopLeftover(dataDir: string, patienceMs = 30_000): Promise<Stopped> {
  const found = readPostmaster(dataDir);
  if (found === undefined || !isAlive(found.pid)) return 'absent';
  if (!serves(found.pid, dataDir)) {
    rmSync(pidFile(dataDir), { force: true });
    return 'absent';
  }
  process.kill(found.pid, 'SIGINT');
  if (await hasEnded(found.pid, patienceMs)) return 'fast';
  process.kill(found.pid, 'SIGQUIT');
  if (await hasEnded(found.pid, patienceMs)) return 'immediate';
  throw new Error(`PostgreSQL (process ${found.pid}) in ${dataDir} does not stop. End that process, then start again.`);
}

/** Waits until a process is gone; false when it still runs after `limitMs`. */
async function hasEnded(pid: number, limitMs: number): Promise<boolean> {
  for (const until = Date.now() + limitMs; isAlive(pid); await sleep(10)) {
    if (Date.now() > until) return false;
  }
  return true;
}
