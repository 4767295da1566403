// Work that only one process at a time may do: an advisory lock that ends with the process, also with one that only stopped.
import type { DataSource } from 'typeorm';

/** Shorter than SAPHAN_IDLE_TRANSACTION_S may be: a lock whose holder is silent for longer is taken from it. */
const SIGN_OF_LIFE_MS = 300;

/**
 * Runs `work` unless another process is at it; then `'taken'`. The lock belongs to a transaction that is kept from being
 * idle: a process that is stopped gives no sign of life, PostgreSQL ends its transaction, and others go on. What it does
 * after it was continued must therefore be harmless to do twice.
 * @param key of the advisory lock
 */
export async function alone<T>(source: DataSource, key: number, work: () => Promise<T>): Promise<T | 'taken'> {
  const runner = source.createQueryRunner();
  let timer: NodeJS.Timeout | undefined;
  try {
    await runner.startTransaction();
    const [row] = (await runner.query('SELECT pg_try_advisory_xact_lock($1) AS mine', [key])) as { mine: boolean }[];
    if (!row?.mine) return 'taken';
    let asking = Promise.resolve();
    timer = setInterval(() => {
      asking = runner.query('SELECT 1').then(
        () => undefined,
        () => undefined,
      );
    }, SIGN_OF_LIFE_MS);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      await asking;
    }
  } finally {
    // Nothing was written in it; one that the server ended has nothing to end.
    await runner.rollbackTransaction().catch(() => undefined);
    await runner.release().catch(() => undefined);
  }
}
