// The API: what people, agencies and providers ask of the hub over HTTP.
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { IntakeModule } from '#intake';
import { OperationsModule } from '#operations';
import { PlatformModule, type Config } from '#platform';
import { ReconciliationModule } from '#reconciliation';
import { HubModule } from '../hub.module.js';
import { AccessGuard } from './access/access.guard.js';
import { AlertsController } from './alerts/alerts.controller.js';
import { DestinationsController } from './destinations/destinations.controller.js';
import { PfdReportsController } from './destinations/pfd-reports.controller.js';
import { FeedListsController, ProviderListsController } from './destinations/provider-lists.controller.js';
import { FeedController } from './feed/feed.controller.js';
import { FullListController } from './feed/full-list.controller.js';
import { HandOversController } from './hand-overs/hand-overs.controller.js';
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
import { MaintenanceController } from './providers/maintenance.controller.js';
import { ProviderCounter } from './providers/provider-counter.js';
import { ProvidersController } from './providers/providers.controller.js';
import { KeyChangesController } from './provider-setup/key-changes.controller.js';
import { ProviderSetupController } from './provider-setup/provider-setup.controller.js';
import { ProviderTestsController } from './provider-setup/provider-tests.controller.js';
import { SetAsideController } from './set-aside/set-aside.controller.js';
import { UndeliveredController } from './undelivered/undelivered.controller.js';
import { EmergencyController } from './emergency/emergency.controller.js';
import { HeldRemovalsController } from './removals/held-removals.controller.js';
import { PlannedRemovalsController } from './removals/planned-removals.controller.js';
import { ReplaysController } from './replays/replays.controller.js';
import { ReconciliationController } from './reconciliation/reconciliation.controller.js';
import { ReroutesController } from './reroutes/reroutes.controller.js';
import { SyncsController } from './syncs/syncs.controller.js';
import { ListenerController } from './tmf641/listener.controller.js';

@Module({})
export class ApiModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        PlatformModule.forRoot(config),
        HubModule.forRoot(),
        OperationsModule,
        StandingsModule,
        IntakeModule,
        ReconciliationModule,
      ],
      controllers: [
        HealthController,
        MetricsController,
        SyncsController,
        ProvidersController,
        MaintenanceController,
        ProviderSetupController,
        KeyChangesController,
        ProviderTestsController,
        AlertsController,
        EmergencyController,
        ReconciliationController,
        ReplaysController,
        HeldRemovalsController,
        PlannedRemovalsController,
        AcknowledgementsController,
        ListenerController,
        BatchesController,
        DestinationsController,
        ProviderListsController,
        FeedListsController,
        PfdReportsController,
        FeedController,
        FullListController,
        ExceptionsController,
        LinesController,
        HandOversController,
        ReroutesController,
        SetAsideController,
        UndeliveredController,
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
