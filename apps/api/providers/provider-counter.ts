// Counts of all providers, kept for a moment: a screen that many people watch costs the database one scan.
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { maintenanceNow, readHealth } from '#dispatch';
import { countProviders, readStreams } from '#operations';
import { ProviderDirectory } from '#platform';
import type { ProviderDto } from './providers.dto.js';
import { shownHealth } from './shown-health.js';

/** How old a count may be, in milliseconds; each answer says its time. */
const KEPT_MS = 1_000;

@Injectable()
export class ProviderCounter {
  private kept: { until: number; providers: Promise<ProviderDto[]> } | null = null;

  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
  ) {}

  /** All providers, in the order of their ids. */
  all(): Promise<ProviderDto[]> {
    if (!this.kept || this.kept.until <= Date.now()) {
      const providers = this.read(this.directory.all().map((row) => row.providerId));
      // Counting may take longer than it is kept: nobody starts a second one meanwhile.
      const kept = { until: Number.POSITIVE_INFINITY, providers };
      providers.then(
        () => (kept.until = Date.now() + KEPT_MS),
        () => (kept.until = 0),
      );
      this.kept = kept;
    }
    return this.kept.providers;
  }

  /** One provider, counted now. */
  async one(providerId: number): Promise<ProviderDto> {
    const [provider] = await this.read([providerId]);
    if (!provider) throw new Error(`provider ${providerId} has no stream`);
    return provider;
  }

  private async read(ids: number[]): Promise<ProviderDto[]> {
    const asOf = new Date();
    const [counts, streams, judged, maintenance] = await Promise.all([
      countProviders(this.source, ids),
      readStreams(this.source, ids),
      readHealth(this.source, ids),
      maintenanceNow(this.source, ids),
    ]);
    return ids.flatMap((id) => {
      const { code } = this.directory.byId(id);
      const own = counts.get(id);
      const stream = streams.find((each) => each.provider === code);
      if (!own || !stream) return [];
      const under = maintenance.get(id);
      const health = shownHealth(stream.paused, under, judged.get(id));
      return [{ ...stream, ...health, maintenance: under ?? null, ...own.entries, sent: own.sent, asOf }];
    });
  }
}
