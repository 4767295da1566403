// The API: what people, agencies and providers ask of the hub over HTTP.
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { OperationsModule } from '#operations';
import { PlatformModule, type Config } from '#platform';
import { HubModule } from '../hub.module.js';
import { AccessGuard } from './access/access.guard.js';
import { Draining, HealthController } from './health/health.controller.js';
import { MetricsController } from './health/metrics.controller.js';
import { ProblemFilter } from './http/problem.filter.js';
import { AcknowledgementsController } from './providers/acknowledgements.controller.js';

@Module({})
export class ApiModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: ApiModule,
      imports: [PlatformModule.forRoot(config), HubModule.forRoot(), OperationsModule],
      controllers: [HealthController, MetricsController, AcknowledgementsController],
      providers: [Draining, { provide: APP_GUARD, useClass: AccessGuard }, { provide: APP_FILTER, useClass: ProblemFilter }],
    };
  }
}
