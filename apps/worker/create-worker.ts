// Starts a worker: as its own process (main.ts) or inside standalone and tests.
import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { dataSource, deliveryQueue, DESTINATIONS_QUEUE, migrateQueues, type Config } from '#platform';
import { deliveredProviders } from './sweep-tasks.js';
import { proveWiring } from './prove-wiring.js';
import { hasRole, ROLES, WorkerModule } from './worker.module.js';

/** @throws Error when the configuration names an unknown role or provider, or something is not wired */
export async function createWorker(config: Config): Promise<INestApplicationContext> {
  const unknown = config.worker.roles.filter((role) => !ROLES.some((known) => known === role));
  if (unknown.length > 0) throw new Error(`SAPHAN_ROLES names ${unknown.join(', ')}; known are ${ROLES.join(', ')}`);
  await migrateQueues(config);
  const source = await dataSource(config.database.url, 2).initialize();
  const providers = await deliveredProviders(source, config.worker.providers).finally(() => source.destroy());
  const worker = await NestFactory.createApplicationContext(WorkerModule.forRoot(config, providers), {
    logger: ['error', 'warn'],
  });
  const queues = [
    ...(hasRole(config, 'deliver') ? [...providers.map(deliveryQueue), DESTINATIONS_QUEUE] : []),
    ...(hasRole(config, 'import') ? ['import'] : []),
    ...(hasRole(config, 'reconcile') ? ['reconcile'] : []),
  ];
  await worker.init();
  try {
    proveWiring(worker, queues, hasRole(config, 'deliver') ? providers : []);
  } catch (error) {
    await worker.close();
    throw error;
  }
  worker.enableShutdownHooks();
  return worker;
}
