// The worker: delivers, runs imports, keeps the calendar and the loose ends.
import { Module, type DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DestinationsModule, DestinationsSweep } from '#destinations';
import { DispatchModule, nextOpening, SWEEP_TASKS, type SweepTask } from '#dispatch';
import { WaitingReleaser } from '#acknowledgement';
import { ImportWorkerModule } from '#intake';
import { ReconciliationWorkerModule } from '#reconciliation';
import {
  ADAPTERS,
  ALERTS,
  APPENDER,
  DERIVATION,
  OUTCOME_RECORDER,
  WAKE_UP,
  type AdapterRegistry,
  type Alerts,
  type Appender,
  type Derivation,
  type OutcomeRecorder,
  type ProviderCode,
  type WakeUp,
} from '#contracts';
import { CONFIG, LOGGER, PlatformModule, type Config, type Logger } from '#platform';
import { HubModule } from '../hub.module.js';
import { sweepTasks } from './sweep-tasks.js';

export const ROLES = ['deliver', 'import', 'reconcile'] as const;
type Role = (typeof ROLES)[number];

export function hasRole(config: Config, role: Role): boolean {
  return config.worker.roles.length === 0 || config.worker.roles.includes(role);
}

@Module({})
export class WorkerModule {
  static forRoot(config: Config, providers: ProviderCode[]): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        PlatformModule.forRoot(config),
        HubModule.forRoot(),
        ...(hasRole(config, 'deliver') ? [SweepModule.forRoot(), DispatchModule.forRoot(providers)] : []),
        ...(hasRole(config, 'import') ? [ImportWorkerModule] : []),
        ...(hasRole(config, 'reconcile') ? [ReconciliationWorkerModule] : []),
      ],
    };
  }
}

/** What the stations want done in each sweep. */
@Module({})
class SweepModule {
  static forRoot(): DynamicModule {
    return {
      module: SweepModule,
      global: true,
      imports: [DestinationsModule.forRoot(nextOpening)],
      providers: [
        {
          provide: SWEEP_TASKS,
          useFactory: (
            source: DataSource,
            adapters: AdapterRegistry,
            appender: Appender,
            derivation: Derivation,
            recorder: OutcomeRecorder,
            waiting: WaitingReleaser,
            wakeUp: WakeUp,
            alerts: Alerts,
            config: Config,
            log: Logger,
            lists: DestinationsSweep,
          ): SweepTask[] => [
            ...sweepTasks({ source, adapters, appender, derivation, recorder, waiting, wakeUp, alerts, config, log }),
            (provider) => lists.sweep(provider),
          ],
          inject: [
            DataSource,
            ADAPTERS,
            APPENDER,
            DERIVATION,
            OUTCOME_RECORDER,
            WaitingReleaser,
            WAKE_UP,
            ALERTS,
            CONFIG,
            LOGGER,
            DestinationsSweep,
          ],
        },
      ],
      exports: [SWEEP_TASKS],
    };
  }
}
