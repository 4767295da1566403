// Nest modules of intake: the ways in over HTTP, and the worker of imports. DERIVATION the app provides globally.
import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DERIVATION, WAKE_UP, type Derivation, type WakeUp } from '#contracts';
import { CONFIG, LOGGER, SetupWatch, VAULT, type Config, type Logger, type Vault } from '#platform';
import { CatalogueCache } from './catalogue.js';
import { AgenciesController } from './http/agencies.controller.js';
import { ImportsController } from './http/imports.controller.js';
import { RegistrationsController } from './http/registrations.controller.js';
import { WithdrawalsController } from './http/withdrawals.controller.js';
import { INTAKE_PARTS } from './intake-parts.js';
import type { IntakeParts } from './register.js';
import { ImportProcessor, ImportStop, ImportSweeper } from './runs/import.processor.js';
import { ImportRunner } from './runs/run-import.js';
import { IMPORT_QUEUE } from './runs/unfinished-runs.js';

const parts = {
  provide: INTAKE_PARTS,
  inject: [DataSource, DERIVATION, VAULT, WAKE_UP, SetupWatch],
  useFactory: (
    source: DataSource,
    derivation: Derivation,
    vault: Vault,
    wakeUp: WakeUp,
    setup: SetupWatch,
  ): IntakeParts => {
    const catalogue = new CatalogueCache(source);
    setup.follow(() => catalogue.forget());
    return { source, derivation, vault, wakeUp, catalogue };
  },
};

const queue = BullModule.registerQueue({ name: IMPORT_QUEUE });

/** For the api: controllers and what they need. `STANDINGS`, when the app provides it, fills the return file. */
@Module({
  imports: [queue],
  // The stream's address lies below that of single registrations and is matched first.
  controllers: [ImportsController, RegistrationsController, WithdrawalsController, AgenciesController],
  providers: [parts],
  exports: [INTAKE_PARTS, BullModule],
})
export class IntakeModule {}

/** A killed worker's run is taken over after so many seconds at most: unlike a provider's lease it need not outlast a request. */
const MOST_LEASE_S = 30;

/** For workers with the role `import`: carries runs out and gives those without a job one. */
@Module({
  imports: [queue],
  providers: [
    parts,
    {
      provide: ImportRunner,
      inject: [INTAKE_PARTS, CONFIG, LOGGER],
      useFactory: (given: IntakeParts, { worker }: Config, log: Logger) =>
        new ImportRunner(given, log, { leaseS: Math.min(MOST_LEASE_S, worker.leaseS) }),
    },
    ImportStop,
    ImportProcessor,
    ImportSweeper,
  ],
  exports: [INTAKE_PARTS, ImportRunner, BullModule],
})
export class ImportWorkerModule {}
