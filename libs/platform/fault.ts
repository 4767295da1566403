// Fault points: places between two steps where a test may kill the process, named as the steps are.

let target: { name: string; count: number } | null | undefined;
const passed = new Map<string, number>();

/**
 * Does nothing, unless the environment names this point (`SAPHAN_FAULT=dispatch.sealed` or `…:3` for the third passing):
 * then the process kills itself with SIGKILL, as a power cut would.
 */
export async function faultPoint(name: string): Promise<void> {
  if (target === undefined) {
    const [wanted, count] = (process.env['SAPHAN_FAULT'] ?? '').split(':');
    target = wanted ? { name: wanted, count: Number(count ?? 1) } : null;
  }
  if (!target || target.name !== name) return;
  const times = (passed.get(name) ?? 0) + 1;
  passed.set(name, times);
  if (times < target.count) return;
  process.kill(process.pid, 'SIGKILL');
  // The signal needs a moment; nothing after this line may run.
  await new Promise(() => undefined);
}
