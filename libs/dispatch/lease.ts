// The provider's lease: only its holder seals and sends. Each one has a higher fence than all before it.
import type { DataSource } from 'typeorm';
import type { Tx } from '#contracts';
import { query } from '#platform';

export interface Lease {
  providerId: number;
  fence: number;
  /** Aborted when the lease is found lost; everything done under it must stop. */
  lost: AbortSignal;
  /** False once so much time has passed without renewal that somebody else may have it; the clock alone decides. */
  surelyHeld(): boolean;
  release(): Promise<void>;
}

// Losing an acquisition or release in a power cut is harmless (it runs out by time), and the fence reaches the disk
// with the next durable commit at the latest, which is the attempt's own: so neither waits for the disk.
const ACQUIRE = `
WITH relaxed AS (SELECT set_config('synchronous_commit', 'off', true))
UPDATE provider_lease SET fence = fence + 1, owner = $2, until = now() + $3 * interval '1 second'
FROM relaxed WHERE provider_id = $1 AND (until IS NULL OR until < now()) RETURNING fence`;

const RENEW = `
UPDATE provider_lease SET until = now() + $3 * interval '1 second' WHERE provider_id = $1 AND fence = $2 RETURNING fence`;

const RELEASE = `
WITH relaxed AS (SELECT set_config('synchronous_commit', 'off', true))
UPDATE provider_lease SET until = NULL FROM relaxed WHERE provider_id = $1 AND fence = $2`;

/** Takes the lease, or returns null when somebody else has it. Renewed by itself until released. */
export async function acquireLease(
  source: DataSource,
  providerId: number,
  owner: string,
  leaseS: number,
): Promise<Lease | null> {
  const asked = performance.now();
  const rows = await query<{ fence: number }>(source, ACQUIRE, [providerId, owner, leaseS]);
  const fence = rows[0]?.fence;
  if (fence === undefined) return null;
  const controller = new AbortController();
  // From before the question on: the database may have granted it any time since.
  let renewed = asked;
  const timer = setInterval(
    () => {
      const asking = performance.now();
      query(source, RENEW, [providerId, fence, leaseS]).then(
        (rows) => {
          if (rows.length === 0) controller.abort(new Error('the lease was lost'));
          else renewed = asking;
        },
        // The database is away: the lease runs out by itself, and the fence tells what happened.
        () => undefined,
      );
    },
    (leaseS * 1000) / 3,
  );
  return {
    providerId,
    fence,
    lost: controller.signal,
    surelyHeld: () => !controller.signal.aborted && performance.now() - renewed < leaseS * 1000,
    async release() {
      clearInterval(timer);
      await query(source, RELEASE, [providerId, fence]).catch(() => undefined);
    },
  };
}

/** The lease went to somebody else while we were working: everything since is void. */
export class LeaseLost extends Error {
  constructor() {
    super('the lease was lost');
    this.name = 'LeaseLost';
  }
}

/**
 * Makes the caller's transaction void unless the lease is still ours, and keeps it ours until the transaction ends.
 * @throws LeaseLost
 */
export async function assertFence(tx: Tx, lease: Pick<Lease, 'providerId' | 'fence'>): Promise<void> {
  const rows = await tx.query('SELECT 1 FROM provider_lease WHERE provider_id = $1 AND fence = $2 FOR SHARE', [
    lease.providerId,
    lease.fence,
  ]);
  if (rows.length === 0) throw new LeaseLost();
}
