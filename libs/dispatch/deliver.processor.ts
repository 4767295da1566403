// One BullMQ handler per provider: a job is one hand-over, and its result or failure is what ops see.
import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, type Type } from '@nestjs/common';
import type { Job } from 'bullmq';
import type { ProviderCode } from '#contracts';
import { deliveryQueue, ProviderDirectory, QUEUE_POLICIES } from '#platform';
import { Deliverer, type Delivered } from './deliver.js';
import { Pump, type DeliveryJob } from './pump.js';

/** Results after which a job counts as failed, so that it shows up where ops look; the next attempt is a job of its own. */
const FAILED = new Set(['notSent', 'unclear', 'forbidden', 'refused', 'cannotTell']);

/** The handler class of one provider's queue. */
export function deliverProcessor(provider: ProviderCode): Type<WorkerHost> {
  const { concurrency, worker } = QUEUE_POLICIES.deliver;

  @Processor(deliveryQueue(provider), { concurrency, ...worker })
  class DeliverProcessor extends WorkerHost {
    constructor(
      @Inject(Deliverer) private readonly deliverer: Deliverer,
      @Inject(Pump) private readonly pump: Pump,
      @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    ) {
      super();
    }

    async process(_job: Job<DeliveryJob>): Promise<Delivered> {
      this.pump.started(provider);
      let result: Delivered | null = null;
      try {
        result = await this.deliverer.deliver(this.directory.byCode(provider).providerId, provider);
        if (result.result !== undefined && FAILED.has(result.result)) {
          throw new Error(`${provider} ${result.number}: ${result.result}`);
        }
        return result;
      } finally {
        this.pump.ended(provider, result);
      }
    }
  }
  Object.defineProperty(DeliverProcessor, 'name', { value: `DeliverProcessor_${provider}` });
  return DeliverProcessor;
}
