// The handler of the destinations queue: a job is one try at one provider, and its result or failure is what ops see.
import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Job } from 'bullmq';
import { DESTINATIONS_QUEUE, QUEUE_POLICIES } from '#platform';
import { ListDeliverer, type DeliveredList } from './deliver-version.js';

export interface DestinationsJob {
  provider: string;
  version: number;
}

/** Results after which a job counts as failed, so that it shows up where ops look; the next try is a job of its own. */
const FAILED = new Set<DeliveredList['result']>(['notSent', 'unclear', 'forbidden', 'refused', 'partial']);

const { concurrency, worker } = QUEUE_POLICIES.destinations;

@Injectable()
@Processor(DESTINATIONS_QUEUE, { concurrency, ...worker })
export class DestinationsProcessor extends WorkerHost implements OnApplicationShutdown {
  private readonly stopping = new AbortController();

  constructor(@Inject(ListDeliverer) private readonly deliverer: ListDeliverer) {
    super();
  }

  async process({ data }: Job<DestinationsJob>): Promise<DeliveredList> {
    const done = await this.deliverer.deliver(data.provider, data.version, this.stopping.signal);
    if (FAILED.has(done.result)) throw new Error(`${done.provider} ${done.version}: ${done.result}`);
    return done;
  }

  onApplicationShutdown(): void {
    this.stopping.abort();
  }
}
