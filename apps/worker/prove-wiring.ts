// Start-up proof: every queue of this worker has exactly one handler, and every provider it delivers to an adapter.
import { WorkerHost } from '@nestjs/bullmq';
import type { INestApplicationContext } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ADAPTERS, type AdapterRegistry, type ProviderCode } from '#contracts';

/**
 * A queue without a handler would only fill, in silence.
 * @throws Error that names what is missing or doubled
 */
export function proveWiring(
  worker: INestApplicationContext,
  queues: readonly string[],
  providers: readonly ProviderCode[],
): void {
  const handled = new Map<string, number>();
  for (const module of worker.get(ModulesContainer).values()) {
    for (const { instance } of module.providers.values()) {
      if (instance instanceof WorkerHost)
        handled.set(instance.worker.name, (handled.get(instance.worker.name) ?? 0) + 1);
    }
  }
  const faults = [
    ...queues.filter((name) => !handled.has(name)).map((name) => `queue ${name} has no handler`),
    ...[...handled].filter(([, count]) => count > 1).map(([name, count]) => `queue ${name} has ${count} handlers`),
    ...[...handled.keys()]
      .filter((name) => !queues.includes(name))
      .map((name) => `handler for ${name}, which is no queue of this worker`),
  ];
  const adapters = worker.get<AdapterRegistry>(ADAPTERS, { strict: false });
  for (const code of providers) {
    if (!adapters.codes().includes(code)) faults.push(`provider ${code} has no adapter`);
  }
  if (faults.length > 0) throw new Error(`The worker is not wired as it should be: ${faults.join('; ')}`);
}
