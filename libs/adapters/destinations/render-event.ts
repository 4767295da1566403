// A version of the destination list as a CloudEvent (docs/providers/destinations.md, "Event"). Pure.
import type { Destination, DestinationVersion, ProviderCode } from '#contracts';
import { CONTRACT_VERSION } from '../formats/format.js';

export const DESTINATIONS_EVENT_TYPE = 'th.onde.saphan.destinations.version.v1';

/** Identity of the message, constant over retries: id of the event and `webhook-id` of the request. */
export function destinationsEventId(provider: ProviderCode, version: number): string {
  return `${provider}-destinations-${version}`;
}

/** One destination as it travels; provenance stays at the hub. */
export function wireDestination({ app, kind, value, flows }: Destination): Omit<Destination, 'sources'> {
  return { app, kind, value, flows: flows.map(({ proto, ports }) => ({ proto, ports })) };
}

/** The list in force as JSON, the same in the event and for those that fetch it. */
export function destinationsDocument(provider: ProviderCode, version: DestinationVersion): Record<string, unknown> {
  return {
    contract: CONTRACT_VERSION,
    provider,
    version: version.version,
    since: version.since,
    effectiveFrom: version.effectiveAt.toISOString(),
    sha256: version.sha256,
    count: version.entries.length,
    destinations: version.entries.map(wireDestination),
    added: version.added.map(wireDestination),
    removed: version.removed.map(({ app, kind, value }) => ({ app, kind, value })),
  };
}

/** The same version and diff always give the same bytes. */
export function renderDestinationsEvent(provider: ProviderCode, version: DestinationVersion): Buffer {
  return Buffer.from(
    JSON.stringify({
      specversion: '1.0',
      id: destinationsEventId(provider, version.version),
      source: 'urn:saphan:hub',
      type: DESTINATIONS_EVENT_TYPE,
      subject: provider,
      time: version.publishedAt.toISOString(),
      datacontenttype: 'application/json',
      sequence: String(version.version),
      data: destinationsDocument(provider, version),
    }),
  );
}
