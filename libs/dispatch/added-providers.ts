// Providers that are added while the worker runs: each gets its queue, its handler and its place in the sweep, without restart.
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Queue, Worker } from 'bullmq';
import { ADAPTERS, type AdapterRegistry, type ProviderCode } from '#contracts';
import {
  CONFIG,
  deliveryQueue,
  LOGGER,
  ProviderDirectory,
  QUEUE_POLICIES,
  queueConnection,
  SetupWatch,
  type Config,
  type Logger,
} from '#platform';
import { handleDelivery } from './deliver.processor.js';
import { Deliverer } from './deliver.js';
import { Pump } from './pump.js';

/** The codes that this process delivers to; grows. */
export const DELIVERED = Symbol('Delivered');

@Injectable()
export class AddedProviders implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly opened: { close(): Promise<void> }[] = [];
  private closed = false;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(SetupWatch) private readonly setup: SetupWatch,
    @Inject(ADAPTERS) private readonly adapters: AdapterRegistry,
    @Inject(Pump) private readonly pump: Pump,
    @Inject(Deliverer) private readonly deliverer: Deliverer,
    @Inject(DELIVERED) private readonly delivered: Set<ProviderCode>,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  onApplicationBootstrap(): void {
    // A worker that is told its providers keeps to them; another one takes what is added.
    if (this.config.worker.providers.length > 0) return;
    this.setup.follow(() => this.takeUp());
    this.takeUp();
  }

  private takeUp(): void {
    for (const { code } of this.directory.all()) {
      if (this.closed || this.delivered.has(code) || !this.adapters.codes().includes(code)) continue;
      this.add(code);
    }
  }

  private add(code: ProviderCode): void {
    const name = deliveryQueue(code);
    const { connection, prefix } = queueConnection(this.config);
    const { concurrency, worker: policy } = QUEUE_POLICIES.deliver;
    const parts = { deliverer: this.deliverer, pump: this.pump, directory: this.directory };
    const queue = new Queue(name, { connection, prefix });
    const worker = new Worker(name, () => handleDelivery(parts, code), { connection, prefix, concurrency, ...policy });
    const told = (error: Error): void => this.log.warn({ event: 'queue', provider: code, reason: error.message });
    queue.on('error', told);
    worker.on('error', told);
    this.opened.push(worker, queue);
    this.delivered.add(code);
    this.pump.takeUp(code, queue);
    this.pump.wake(code);
    this.log.info({ event: 'provider added', provider: code });
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    for (const one of this.opened) await one.close();
  }
}
