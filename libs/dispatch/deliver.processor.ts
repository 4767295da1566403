// One BullMQ handler per provider: a job is one hand-over, and its result or failure is what ops see.
import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, type Type } from '@nestjs/common';
import type { Job } from 'bullmq';
import type { ProviderCode } from '#contracts';
import { deliveryQueue, ProviderDirectory, QUEUE_POLICIES } from '#platform';
import { Deliverer } from './deliver.js';
import type { Delivered } from './delivery.js';
import { Pump, type DeliveryJob } from './pump.js';

/** Results after which a job counts as failed, so that it shows up where ops look; the next attempt is a job of its own. */
const FAILED = new Set(['notSent', 'unclear', 'forbidden', 'refused', 'cannotTell']);

interface DeliveryParts {
  deliverer: Deliverer;
  pump: Pump;
  directory: ProviderDirectory;
}

/** One job: one step for a provider. Throws for results that ops should see as failed. */
export async function handleDelivery(parts: DeliveryParts, provider: ProviderCode): Promise<Delivered> {
  const { deliverer, pump, directory } = parts;
  pump.started(provider);
  let result: Delivered | null = null;
  try {
    result = await deliverer.deliver(directory.byCode(provider).providerId, provider);
    if (result.result !== undefined && FAILED.has(result.result)) {
      throw new Error(`${provider} ${result.number ?? result.step}: ${result.result}`);
    }
    return result;
  } finally {
    pump.ended(provider, result);
  }
}

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

    process(_job: Job<DeliveryJob>): Promise<Delivered> {
      const { deliverer, pump, directory } = this;
      return handleDelivery({ deliverer, pump, directory }, provider);
    }
  }
  Object.defineProperty(DeliverProcessor, 'name', { value: `DeliverProcessor_${provider}` });
  return DeliverProcessor;
}
