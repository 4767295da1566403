// Nest module of intake: the ways in over HTTP. What it needs of others (DERIVATION) the app provides globally.
import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DERIVATION, WAKE_UP, type Derivation, type WakeUp } from '#contracts';
import { VAULT, type Vault } from '#platform';
import { CatalogueCache } from './catalogue.js';
import { RegistrationsController } from './http/registrations.controller.js';
import { WithdrawalsController } from './http/withdrawals.controller.js';
import { INTAKE_PARTS } from './intake-parts.js';
import type { IntakeParts } from './register.js';

const parts = {
  provide: INTAKE_PARTS,
  inject: [DataSource, DERIVATION, VAULT, WAKE_UP],
  useFactory: (source: DataSource, derivation: Derivation, vault: Vault, wakeUp: WakeUp): IntakeParts => ({
    source, derivation, vault, wakeUp, catalogue: new CatalogueCache(source),
  }),
};

/** For the api: controllers and what they need. */
@Module({ controllers: [RegistrationsController, WithdrawalsController], providers: [parts], exports: [INTAKE_PARTS] })
export class IntakeModule {}
