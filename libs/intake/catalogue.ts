// What names in a registration are looked up in: agencies and providers, as the database has them.
import type { DataSource } from 'typeorm';
import type { Access, ProviderCode, ProviderProfile } from '#contracts';
import { query } from '#platform';
import { misfitOf } from './moves/fit.js';
import { agencyResolver, type AgencyResolver, type ProviderRule } from './reading/index.js';

export interface KnownProvider extends ProviderRule {
  providerId: number;
  accesses: Access[];
  /** Whose lines they are since a hand-over; null: its own. */
  successor?: ProviderCode | null;
}

export interface KnownAgency {
  agencyId: number;
  code: string;
  nameTh: string;
  nameEn: string | null;
  abbrTh: string | null;
  ministryTh: string | null;
}

export interface Catalogue {
  providers: Map<ProviderCode, KnownProvider>;
  providersById: Map<number, KnownProvider>;
  agencies: Map<string, KnownAgency>;
  agenciesById: Map<number, KnownAgency>;
  /** Finds an agency by code or by any of its names. */
  resolveAgency: AgencyResolver<number>;
}

export async function loadCatalogue(source: DataSource): Promise<Catalogue> {
  const [providers, agencies] = await Promise.all([
    query<{ provider_id: number; code: string; profile: Partial<ProviderProfile> }>(
      source,
      'SELECT provider_id, code, profile FROM provider ORDER BY provider_id',
    ),
    query<{
      agency_id: number;
      code: string;
      name_th: string;
      name_en: string | null;
      abbr_th: string | null;
      ministry_th: string | null;
    }>(source, 'SELECT agency_id, code, name_th, name_en, abbr_th, ministry_th FROM agency ORDER BY agency_id'),
  ]);
  const knownProviders = providers.map(({ provider_id, code, profile }): KnownProvider => ({
    providerId: provider_id,
    code,
    accesses: profile.accesses ?? [],
    successor: profile.successor ?? null,
    circuitPattern: profile.circuitPattern ?? null,
    otherNames: [profile.nameTh, profile.nameEn, ...(profile.otherNames ?? [])].filter((name) => name !== undefined),
  }));
  const knownAgencies = agencies.map((row): KnownAgency => ({
    agencyId: row.agency_id,
    code: row.code,
    nameTh: row.name_th,
    nameEn: row.name_en,
    abbrTh: row.abbr_th,
    ministryTh: row.ministry_th,
  }));
  return {
    providers: new Map(knownProviders.map((each) => [each.code, each])),
    providersById: new Map(knownProviders.map((each) => [each.providerId, each])),
    agencies: new Map(knownAgencies.map((each) => [each.code, each])),
    agenciesById: new Map(knownAgencies.map((each) => [each.agencyId, each])),
    resolveAgency: agencyResolver(knownAgencies.map((each) => ({ ...each, id: each.agencyId }))),
  };
}

/** Who gets a line that is registered with this provider: after a hand-over its successor, as far as it takes the line. */
export function receiverOf(catalogue: Catalogue, provider: KnownProvider, lineKey: string): KnownProvider {
  const passed = new Set([provider.code]);
  let receiver = provider;
  while (receiver.successor && !passed.has(receiver.successor)) {
    const next = catalogue.providers.get(receiver.successor);
    if (!next || misfitOf(lineKey, next) !== null) break;
    receiver = next;
    passed.add(next.code);
  }
  return receiver;
}

/** Providers and agencies change a few times a year: read again after this many milliseconds. */
const KEEP_MS = 5_000;

/** The catalogue kept for a few seconds, so that single registrations do not read it each time. */
export class CatalogueCache {
  private kept: { until: number; catalogue: Promise<Catalogue> } | null = null;

  constructor(private readonly source: DataSource) {}

  /** A provider or agency was added: the next question reads anew. */
  forget(): void {
    this.kept = null;
  }

  get(now = Date.now()): Promise<Catalogue> {
    if (!this.kept || this.kept.until <= now) {
      const catalogue = loadCatalogue(this.source);
      this.kept = { until: now + KEEP_MS, catalogue };
      catalogue.catch(() => (this.kept = null));
    }
    return this.kept.catalogue;
  }
}
