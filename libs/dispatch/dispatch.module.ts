// dispatch as a Nest module: a queue and a handler per provider, the pump, the sweeper.
import { BullModule, getQueueToken } from '@nestjs/bullmq';
import {
  Inject,
  Injectable,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Queue } from 'bullmq';
import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import {
  ADAPTERS,
  APPENDER,
  OUTCOME_RECORDER,
  type AdapterRegistry,
  type Appender,
  type OutcomeRecorder,
  type ProviderCode,
} from '#contracts';
import {
  CONFIG,
  deliveryQueue,
  listenForWakeUps,
  LOGGER,
  ProviderDirectory,
  SetupWatch,
  type Config,
  type Logger,
} from '#platform';
import { AddedProviders, DELIVERED } from './added-providers.js';
import { deliverProcessor } from './deliver.processor.js';
import { Deliverer } from './deliver.js';
import { Pump } from './pump.js';
import { Sweeper, type SweepTask } from './sweeper.js';

/** What other stations want done in each sweep; wired by the app. */
export const SWEEP_TASKS = Symbol('SweepTasks');

/** Names this process in leases and job ids. */
const OWNER = Symbol('Owner');

@Injectable()
class DispatchLife implements OnApplicationBootstrap, OnApplicationShutdown {
  private listening: { close(): Promise<void> } | null = null;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(Pump) private readonly pump: Pump,
    @Inject(Sweeper) private readonly sweeper: Sweeper,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.listening = await listenForWakeUps(
      this.config.database.url,
      (ids) => {
        for (const id of ids) {
          const row = this.directory.all().find((each) => each.providerId === id);
          if (row) this.pump.wake(row.code);
        }
      },
      () => void this.sweeper.sweep(),
    );
    this.sweeper.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.listening?.close();
    await this.sweeper.stop();
    this.pump.close();
  }
}

@Module({})
export class DispatchModule {
  /** @param providers the codes this process delivers to */
  static forRoot(providers: ProviderCode[]): DynamicModule {
    const names = providers.map(deliveryQueue);
    return {
      module: DispatchModule,
      imports: [BullModule.registerQueue(...names.map((name) => ({ name })))],
      providers: [
        { provide: OWNER, useFactory: () => `${process.pid}-${randomBytes(3).toString('hex')}` },
        {
          provide: Pump,
          useFactory: (log: Logger, owner: string, ...queues: Queue[]) =>
            new Pump(new Map(providers.map((code, i) => [code, queues[i] as Queue])), log, owner),
          inject: [LOGGER, OWNER, ...names.map((name) => getQueueToken(name))],
        },
        {
          provide: Deliverer,
          useFactory: (
            source: DataSource,
            adapters: AdapterRegistry,
            appender: Appender,
            recorder: OutcomeRecorder,
            log: Logger,
            config: Config,
            owner: string,
            setup: SetupWatch,
          ) =>
            new Deliverer(source, adapters, appender, recorder, log, {
              owner,
              leaseS: config.worker.leaseS,
              outdated: () => void setup.reload(),
            }),
          inject: [DataSource, ADAPTERS, APPENDER, OUTCOME_RECORDER, LOGGER, CONFIG, OWNER, SetupWatch],
        },
        {
          provide: Sweeper,
          useFactory: (
            source: DataSource,
            pump: Pump,
            directory: ProviderDirectory,
            tasks: SweepTask[],
            log: Logger,
            config: Config,
            delivered: Set<ProviderCode>,
          ) =>
            new Sweeper(
              source,
              pump,
              () => directory.all().filter((row) => delivered.has(row.code)),
              tasks,
              log,
              config.worker.sweepMs,
            ),
          inject: [DataSource, Pump, ProviderDirectory, SWEEP_TASKS, LOGGER, CONFIG, DELIVERED],
        },
        { provide: DELIVERED, useFactory: () => new Set(providers) },
        ...providers.map(deliverProcessor),
        AddedProviders,
        DispatchLife,
      ],
      exports: [Pump, Sweeper, BullModule],
    };
  }
}
