// Processor time as Linux counts it: by process, and of the whole machine. It tells what a run cost however busy others were.
import { readdirSync, readFileSync } from 'node:fs';

/** The kernel's unit of process times; 100 a second on every Linux that Node runs on. */
const TICKS_PER_S = 100;

/** Processor seconds of one process, with its children that have ended; null where the system does not tell. */
export function cpuSeconds(pid: number): number | null {
  const stat = statOf(pid);
  return stat ? stat.ticks / TICKS_PER_S : null;
}

/** The same for a process and all that it started and that still run, such as PostgreSQL's backends. */
export function familyCpuSeconds(pid: number): number | null {
  const own = statOf(pid);
  if (!own) return null;
  let ticks = own.ticks;
  for (const name of readdirSync('/proc')) {
    const child = /^\d+$/.test(name) ? statOf(Number(name)) : null;
    if (child?.parent === pid) ticks += child.ticks;
  }
  return ticks / TICKS_PER_S;
}

/** Processor seconds that all programs of this machine used since it started. */
export function machineCpuSeconds(): number | null {
  try {
    const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = readFileSync('/proc/stat', 'utf8')
      .split('\n', 1)[0]!
      .trim()
      .split(/\s+/)
      .slice(1)
      .map(Number);
    return (user + nice + system + irq + softIrq) / TICKS_PER_S;
  } catch {
    return null;
  }
}

function statOf(pid: number): { parent: number; ticks: number } | null {
  try {
    // The name, in brackets, may hold anything; what follows it are numbers: state, parent, …
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), ticks: [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) };
  } catch {
    return null;
  }
}
