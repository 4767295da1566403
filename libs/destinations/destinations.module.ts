// destinations as a Nest module of the worker: the queue with its handler, and what each sweep looks for.
import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Module, type DynamicModule } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { DataSource } from 'typeorm';
import { ADAPTERS, ALERTS, type AdapterRegistry, type Alerts, type DeliveryWindow } from '#contracts';
import { DESTINATIONS_QUEUE, faultPoint, ProviderDirectory, type ProviderRow, query, QUEUE_POLICIES } from '#platform';
import { ListDeliverer } from './deliver-version.js';
import { DestinationsProcessor, type DestinationsJob } from './deliver.processor.js';
import { takeEffect } from './take-effect.js';
import { watchBehind } from './watch-behind.js';

/** What a sweep does for one provider: versions take effect, what is due gets a job, who lags is told of. */
export class DestinationsSweep {
  /** Jobs of one version and provider have one id within so many milliseconds, so that sweeps do not pile them up. */
  private static readonly SAME_JOB_MS = 5_000;

  constructor(
    private readonly source: DataSource,
    private readonly alerts: Alerts,
    private readonly queue: Queue<DestinationsJob>,
    private readonly clock: () => Date,
  ) {}

  async sweep(provider: ProviderRow): Promise<void> {
    const now = this.clock();
    const version = await takeEffect(this.source, provider, now);
    if (version !== null) {
      await faultPoint('destinations.tookEffect');
      await this.add(provider.code, version, now);
    }
    await watchBehind(this.source, this.alerts, provider, now);
  }

  private async add(provider: string, version: number, now: Date): Promise<void> {
    const [row] = await query<{ attempts: number; due: number }>(
      this.source,
      `SELECT attempts, extract(epoch FROM coalesce(not_before, created_at))::bigint AS due FROM destination_delivery d
       JOIN provider p USING (provider_id) WHERE p.code = $1 AND d.version = $2`,
      [provider, version],
    );
    // An id that was used is ignored by BullMQ; a job that got lost comes again in the next five seconds.
    const slot = Math.floor(now.getTime() / DestinationsSweep.SAME_JOB_MS);
    const jobId = `${provider}-${version}-${row?.attempts ?? 0}-${row?.due ?? 0}-${slot}`;
    await this.queue.add('deliver-list', { provider, version }, { ...QUEUE_POLICIES.destinations.job, jobId });
  }
}

@Module({})
export class DestinationsModule {
  /** @param nextOpening the judgement of delivery windows, which is dispatch's */
  static forRoot(
    nextOpening: (windows: readonly DeliveryWindow[] | undefined, now: number) => number | null,
    clock: () => Date = () => new Date(),
  ): DynamicModule {
    return {
      module: DestinationsModule,
      imports: [BullModule.registerQueue({ name: DESTINATIONS_QUEUE })],
      providers: [
        {
          provide: ListDeliverer,
          useFactory: (source: DataSource, adapters: AdapterRegistry, directory: ProviderDirectory) =>
            new ListDeliverer({ source, adapters, directory, nextOpening, clock }),
          inject: [DataSource, ADAPTERS, ProviderDirectory],
        },
        {
          provide: DestinationsSweep,
          useFactory: (source: DataSource, alerts: Alerts, queue: Queue<DestinationsJob>) =>
            new DestinationsSweep(source, alerts, queue, clock),
          inject: [DataSource, ALERTS, getQueueToken(DESTINATIONS_QUEUE)],
        },
        DestinationsProcessor,
      ],
      exports: [DestinationsSweep],
    };
  }
}
