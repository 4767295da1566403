// Both queue backends for tests that must hold on each: how to start one, and how to lose its contents.
import type { DataSource } from 'typeorm';
import { query } from '#platform';
import { noRedis, startRedis, type TestRedis } from './redis.js';

export interface QueueBackend {
  /** For REDIS_URL; absent on PostgreSQL. */
  redisUrl?: string;
  /** Loses every queue and job. */
  wipe(source: DataSource): Promise<void>;
  stop(): Promise<void>;
}

async function wipePostgres(source: DataSource): Promise<void> {
  const tables = await query<{ name: string }>(
    source,
    `SELECT format('queue.%I', tablename) AS name FROM pg_tables WHERE schemaname = 'queue' AND tablename NOT LIKE '%migration%'`,
  );
  if (tables.length === 0) throw new Error('no queue tables to wipe');
  await query(source, `TRUNCATE ${tables.map((table) => table.name).join(', ')}`);
}

async function startOnRedis(): Promise<QueueBackend> {
  const redis: TestRedis = await startRedis();
  return { redisUrl: redis.url, wipe: () => redis.wipe(), stop: () => redis.stop() };
}

export const QUEUE_BACKENDS: { name: string; skip: string | false; start(): Promise<QueueBackend> }[] = [
  { name: 'PostgreSQL', skip: false, start: async () => ({ wipe: wipePostgres, stop: async () => undefined }) },
  { name: 'Redis', skip: noRedis, start: startOnRedis },
];
