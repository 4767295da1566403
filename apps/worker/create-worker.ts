// Starts a worker: as its own process (main.ts) or inside standalone and tests.
import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { dataSource, migrateQueues, type Config } from '#platform';
import { deliveredProviders } from './sweep-tasks.js';
import { WorkerModule } from './worker.module.js';

export async function createWorker(config: Config): Promise<INestApplicationContext> {
  await migrateQueues(config);
  const source = await dataSource(config.database.url, 2).initialize();
  const providers = await deliveredProviders(source, config.worker.providers).finally(() => source.destroy());
  const worker = await NestFactory.createApplicationContext(WorkerModule.forRoot(config, providers), {
    logger: ['error', 'warn'],
  });
  worker.enableShutdownHooks();
  return worker;
}
