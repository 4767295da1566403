// reconciliation as Nest modules: the queue for the api, the queue's handler and its sweeper for workers.
import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { RECONCILE_QUEUE, ReconcileProcessor, ReconcileSweeper } from './reconcile.processor.js';

const queue = BullModule.registerQueue({ name: RECONCILE_QUEUE });

/** For the api, which asks for runs. */
@Module({ imports: [queue], exports: [BullModule] })
export class ReconciliationModule {}

/** For workers with the role `reconcile`. */
@Module({ imports: [queue], providers: [ReconcileProcessor, ReconcileSweeper], exports: [BullModule] })
export class ReconciliationWorkerModule {}
