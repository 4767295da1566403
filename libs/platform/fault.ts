// Fault points: places between two steps where a test may kill the process, named in fault-points.ts.
import { writeSync } from 'node:fs';
import { FAULT_POINTS, isFaultPoint, type FaultPoint } from './fault-points.js';

/** `kill`: SIGKILL, as a power cut; `stop`: SIGSTOP, until somebody lets it go on; `error`: the step throws; `hang`: it never goes on. */
const WAYS = ['kill', 'stop', 'error', 'hang'] as const;

export interface Fault {
  point: FaultPoint;
  /** At which passing of the point, from 1. */
  passing: number;
  way: (typeof WAYS)[number];
}

/**
 * Reads `SAPHAN_FAULT`: `<point>[:<passing>[:<kill|stop|error|hang>]]`, for instance `dispatch.sealed:3`; null without one.
 * @throws Error with what to write, also where real providers may be reached: that is no place for a test
 */
export function readFault(env: NodeJS.ProcessEnv): Fault | null {
  const text = env['SAPHAN_FAULT'];
  if (!text) return null;
  if (env['NODE_ENV'] === 'production' || env['SAPHAN_ALLOW_PRIVATE_TARGETS'] !== 'yes') {
    throw new Error(
      'SAPHAN_FAULT kills the process on purpose and is for tests on loopback only: remove it, or test with SAPHAN_ALLOW_PRIVATE_TARGETS=yes and without NODE_ENV=production',
    );
  }
  const [name = '', count = '1', word = 'kill'] = text.split(':');
  const way = WAYS.find((each) => each === word);
  if (!isFaultPoint(name) || !/^[1-9]\d{0,8}$/.test(count) || !way) {
    throw new Error(
      `SAPHAN_FAULT must be <point>[:<passing>[:<${WAYS.join('|')}>]], the point one of ${Object.keys(FAULT_POINTS).join(', ')}`,
    );
  }
  return { point: name, passing: Number(count), way };
}

let target: Fault | null | undefined;
let passed = 0;

/** A step that `SAPHAN_FAULT=<point>:<passing>:error` made fail. */
export class FaultInjected extends Error {
  constructor(point: FaultPoint) {
    super(`the fault point ${point} failed on purpose`);
    this.name = 'FaultInjected';
  }
}

/** Does nothing, unless the environment names this point. */
export async function faultPoint(point: FaultPoint): Promise<void> {
  if (target === undefined) target = readFault(process.env);
  if (target === null || target.point !== point) return;
  passed += 1;
  if (passed < target.passing || ((target.way === 'error' || target.way === 'stop') && passed > target.passing)) return;
  if (target.way === 'error') throw new FaultInjected(point);
  if (target.way === 'stop') {
    writeSync(2, `stopped at ${point}\n`);
    process.kill(process.pid, 'SIGSTOP');
    return;
  }
  if (target.way === 'kill') {
    // Written at once, for nothing after it is: a killed process has no last word.
    writeSync(2, `killed at ${point}\n`);
    process.kill(process.pid, 'SIGKILL');
  }
  // The signal needs a moment; nothing after this line may run.
  await new Promise(() => undefined);
}
