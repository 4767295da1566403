// The API: what people, agencies and providers ask of the hub over HTTP.
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { IntakeModule } from '#intake';
import { OperationsModule } from '#operations';
import { PlatformModule, type Config } from '#platform';
import { HubModule } from '../hub.module.js';
import { AccessGuard } from './access/access.guard.js';
import { AlertsController } from './alerts/alerts.controller.js';
import { Draining, HealthController } from './health/health.controller.js';
import { MetricsController } from './health/metrics.controller.js';
import { ProblemFilter } from './http/problem.filter.js';
import { StandingsModule } from './imports/standings.module.js';
import { KeysController } from './keys/keys.controller.js';
import { LinesController } from './lines/lines.controller.js';
import { QueueBoard } from './ops/queue-board.js';
import { AcknowledgementsController } from './providers/acknowledgements.controller.js';
import { BatchesController } from './providers/batches.controller.js';
import { ExceptionsController } from './providers/exceptions.controller.js';
import { ProviderCounter } from './providers/provider-counter.js';
import { ProvidersController } from './providers/providers.controller.js';
import { SyncsController } from './syncs/syncs.controller.js';

@Module({})
export class ApiModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: ApiModule,
      imports: [PlatformModule.forRoot(config), HubModule.forRoot(), OperationsModule, StandingsModule, IntakeModule],
      controllers: [
        HealthController,
        MetricsController,
        SyncsController,
        ProvidersController,
        AlertsController,
        AcknowledgementsController,
        BatchesController,
        ExceptionsController,
        LinesController,
        KeysController,
      ],
      providers: [
        Draining,
        QueueBoard,
        ProviderCounter,
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
    };
  }
}
