// The worker: delivers, runs imports, keeps the calendar and the loose ends.
import { Module, type DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DispatchModule, SWEEP_TASKS } from '#dispatch';
import { WaitingReleaser } from '#acknowledgement';
import { ImportWorkerModule } from '#intake';
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
import { LOGGER, PlatformModule, type Config, type Logger } from '#platform';
import { HubModule } from '../hub.module.js';
import { sweepTasks } from './sweep-tasks.js';

export const ROLES = ['deliver', 'import'] as const;
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
            log: Logger,
          ) => sweepTasks({ source, adapters, appender, derivation, recorder, waiting, wakeUp, alerts, log }),
          inject: [
            DataSource,
            ADAPTERS,
            APPENDER,
            DERIVATION,
            OUTCOME_RECORDER,
            WaitingReleaser,
            WAKE_UP,
            ALERTS,
            LOGGER,
          ],
        },
      ],
      exports: [SWEEP_TASKS],
    };
  }
}
