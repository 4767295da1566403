// What every app of the hub stands on: configuration, log, database, keys, queues, providers.
import { BullModule } from '@nestjs/bullmq';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { WAKE_UP } from '#contracts';
import { CONFIG, type Config } from './config.js';
import { dataSourceOptions } from './database.js';
import { createLogger, LOGGER, type Logger } from './log.js';
import { ProviderDirectory } from './provider-directory.js';
import { queueConnection } from './queues.js';
import { SecretStore } from './secrets.js';
import { SetupWatch } from './setup-watch.js';
import { Vault, VAULT } from './vault.js';
import { NotifyWakeUp } from './wake-up.js';

@Global()
@Module({})
export class PlatformModule {
  static forRoot(config: Config, entities: Function[] = []): DynamicModule {
    return {
      module: PlatformModule,
      imports: [
        TypeOrmModule.forRoot({
          ...dataSourceOptions(
            config.database.url,
            config.database.poolSize,
            entities,
            config.database.idleTransactionS,
          ),
          // A worker that starts before its database waits for it, and says so.
          retryAttempts: 30,
          retryDelay: 1000,
        }),
        BullModule.forRoot(queueConnection(config)),
      ],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: LOGGER, useFactory: () => createLogger(config.log.level, config.log.file) },
        { provide: VAULT, useFactory: () => new Vault(config.keys.master) },
        { provide: WAKE_UP, useFactory: (source: DataSource) => new NotifyWakeUp(source), inject: [DataSource] },
        {
          provide: SecretStore,
          useFactory: async (source: DataSource, vault: Vault) => {
            const store = new SecretStore(source, vault);
            await store.reload();
            return store;
          },
          inject: [DataSource, VAULT],
        },
        {
          provide: ProviderDirectory,
          useFactory: async (source: DataSource) => {
            const directory = new ProviderDirectory(source);
            await directory.reload();
            return directory;
          },
          inject: [DataSource],
        },
        {
          provide: SetupWatch,
          useFactory: (directory: ProviderDirectory, secrets: SecretStore, log: Logger) =>
            new SetupWatch(config, directory, secrets, log),
          inject: [ProviderDirectory, SecretStore, LOGGER],
        },
      ],
      exports: [CONFIG, LOGGER, VAULT, WAKE_UP, SecretStore, ProviderDirectory, SetupWatch],
    };
  }
}
