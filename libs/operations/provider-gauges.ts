// What Prometheus sees of the providers: backlog, its age, open batches, pauses. Read at most every five seconds.
import { collectDefaultMetrics, Gauge } from 'prom-client';
import type { DataSource } from 'typeorm';
import type { Metrics } from './metrics.js';
import { countHeldRemovals, countRemovalsOfDay } from './removals.js';
import { readStreams, type StreamState } from './provider-stream.js';
import { groupSetAside } from './set-aside.js';

const KEPT_MS = 5_000;

const GAUGES: { name: string; help: string; of(stream: StreamState): number }[] = [
  {
    name: 'saphan_backlog_changes',
    help: 'Changes in the log of a provider that stand in no batch yet.',
    of: (stream) => stream.unsealed,
  },
  {
    name: 'saphan_backlog_age_seconds',
    help: 'Age of the oldest change that stands in no batch yet.',
    of: (stream) => stream.oldestUnsealedS ?? 0,
  },
  {
    name: 'saphan_unacknowledged_age_seconds',
    help: 'Age of the oldest batch that has not ended.',
    of: (stream) => stream.oldestUnacknowledgedS ?? 0,
  },
  { name: 'saphan_provider_failures', help: 'Attempts that failed in a row.', of: (stream) => stream.failures },
  {
    name: 'saphan_provider_paused',
    help: '1 while sending to the provider is paused.',
    of: (stream) => (stream.paused ? 1 : 0),
  },
  {
    name: 'saphan_set_aside_items',
    help: 'Items of answers that matched nothing that was sent, in all.',
    of: (stream) => stream.setAsideItems,
  },
];

/** Adds the gauges of all providers, and those of the process, to the registry. */
export function watchProviders(metrics: Metrics, source: DataSource, providerIds: () => number[]): void {
  const { registry } = metrics;
  let kept: { until: number; streams: Promise<StreamState[]> } | null = null;
  const streams = (): Promise<StreamState[]> => {
    if (!kept || kept.until <= Date.now())
      kept = { until: Date.now() + KEPT_MS, streams: readStreams(source, providerIds()) };
    return kept.streams;
  };
  collectDefaultMetrics({ register: registry });
  for (const { name, help, of } of GAUGES) {
    new Gauge({
      name,
      help,
      labelNames: ['provider'] as const,
      registers: [registry],
      async collect() {
        for (const stream of await streams()) this.set({ provider: stream.provider }, of(stream));
      },
    });
  }
  new Gauge({
    name: 'saphan_set_aside_messages',
    help: 'Answers of a provider that could not be used, as a whole or in part, by reason.',
    labelNames: ['provider', 'reason'] as const,
    registers: [registry],
    async collect() {
      for (const { provider, reason, messages } of await groupSetAside(source, {}))
        this.set({ provider, reason }, messages);
    },
  });
  new Gauge({
    name: 'saphan_held_removals',
    help: 'Removals that the removal brake holds.',
    labelNames: ['provider'] as const,
    registers: [registry],
    async collect() {
      for (const { provider, held } of await countHeldRemovals(source)) this.set({ provider }, held);
    },
  });
  new Gauge({
    name: 'saphan_removals_last_day',
    help: 'Removals appended in the last 24 hours, by the account that they went on.',
    labelNames: ['provider', 'kind'] as const,
    registers: [registry],
    async collect() {
      this.reset();
      for (const { provider, kind, lines } of await countRemovalsOfDay(source)) this.set({ provider, kind }, lines);
    },
  });
  new Gauge({
    name: 'saphan_open_batches',
    help: 'Batches that have not ended, by state.',
    labelNames: ['provider', 'state'] as const,
    registers: [registry],
    async collect() {
      for (const { provider, open } of await streams()) {
        for (const [state, count] of Object.entries(open)) this.set({ provider, state }, count);
      }
    },
  });
}
