// Every queue's policy in one table, and the backend they all live in: PostgreSQL, or Redis when one is configured.
import {
  createPostgresBackend,
  runMigrations,
  setDefaultBackendFactory,
  type ConnectionOptions,
  type JobsOptions,
  type WorkerOptions,
} from 'bullmq';
import pg from 'pg';
import type { ProviderCode } from '#contracts';
import type { Config } from './config.js';

export const QUEUE_SCHEMA = 'queue';

export interface QueuePolicy {
  /** Jobs worked on at once by one worker process. */
  concurrency: number;
  job: JobsOptions;
  worker: Partial<WorkerOptions>;
}

// The truth is in PostgreSQL: a lost job costs a sweep, so jobs need no retries of BullMQ's own and are kept only to be looked at.
const KEEP: JobsOptions = {
  attempts: 1,
  removeOnComplete: { count: 500, age: 86_400 },
  removeOnFail: { count: 1000, age: 7 * 86_400 },
};

export const QUEUE_POLICIES = {
  /** One per provider. Concurrency 1: a provider's log is sealed by one hand at a time; more would only wait for the lease. */
  deliver: {
    concurrency: 1,
    job: KEEP,
    worker: { lockDuration: 120_000, stalledInterval: 60_000, maxStalledCount: 1 },
  },
  /** Whole files; the run itself is durable and resumes from its last chunk, so a stalled job is simply taken again. */
  import: { concurrency: 1, job: KEEP, worker: { lockDuration: 60_000, stalledInterval: 30_000, maxStalledCount: 10 } },
  /** Comparisons with what providers hold; a run is a row and is taken up again. Eight: one that waits for a file keeps nobody waiting. */
  reconcile: {
    concurrency: 8,
    job: KEEP,
    worker: { lockDuration: 120_000, stalledInterval: 60_000, maxStalledCount: 3 },
  },
  /**
   * One for all providers: a list goes out a few times a month. Concurrency 16, above the number of providers, so that one
   * that hangs keeps nobody waiting; a provider never has two tries at once, that is locked in the database.
   */
  destinations: {
    concurrency: 16,
    job: KEEP,
    worker: { lockDuration: 120_000, stalledInterval: 60_000, maxStalledCount: 1 },
  },
} as const satisfies Record<string, QueuePolicy>;

/** Queue names hold no colon (BullMQ's own separator) and are cluster-safe by their braces-free single key prefix. */
export function deliveryQueue(provider: ProviderCode): string {
  return `deliver-${provider}`;
}

/** Destination lists, to whichever provider. */
export const DESTINATIONS_QUEUE = 'destinations';

/** Connection options for `@nestjs/bullmq`, after choosing the process-wide backend. */
export function queueConnection(config: Config): { connection: ConnectionOptions; prefix: string } {
  if (config.queue.redisUrl) {
    // The choice is process-wide: without this a process that used PostgreSQL before would speak it to Redis.
    setDefaultBackendFactory();
    const url = new URL(config.queue.redisUrl);
    return {
      connection: {
        host: url.hostname,
        port: Number(url.port || 6379),
        username: url.username || undefined,
        password: url.password || undefined,
        db: url.pathname.length > 1 ? Number(url.pathname.slice(1)) : 0,
        tls: url.protocol === 'rediss:' ? {} : undefined,
        // BullMQ's blocking reads must not be given up by the client.
        maxRetriesPerRequest: null,
      },
      prefix: '{saphan}',
    };
  }
  setDefaultBackendFactory(createPostgresBackend as never);
  return {
    connection: { connectionString: config.database.url, schema: QUEUE_SCHEMA, max: 2, keepAlive: true },
    prefix: 'saphan',
  };
}

/** BullMQ checks its PostgreSQL schema and does not make it: this does, once per start, harmless when up to date. */
export async function migrateQueues(config: Config): Promise<void> {
  if (config.queue.redisUrl) return;
  const client = new pg.Client({ connectionString: config.database.url });
  await client.connect();
  try {
    await runMigrations(client, QUEUE_SCHEMA);
  } finally {
    await client.end();
  }
}
