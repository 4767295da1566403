// The list in force for providers that fetch it: the same document as in the event, and a CSV.
import type { Destination, ProviderCode } from '#contracts';
import { destinationsDocument } from './render-event.js';

export interface FetchedList {
  version: number;
  since: number | null;
  effectiveAt: Date;
  publishedAt: Date;
  sha256: string;
  entries: Destination[];
  added: Destination[];
  removed: Destination[];
}

/** The JSON document; `since` is the version before. */
export function listDocument(provider: ProviderCode, list: FetchedList): Record<string, unknown> {
  return destinationsDocument(provider, list);
}

/** UTF-8 with LF; a row a protocol; the version stands in every row, so that none is ever without its list. */
export function listCsv(list: FetchedList): string {
  const rows = list.entries.flatMap((one) =>
    one.flows.map(({ proto, ports }) =>
      // Ports are parted by ";": no field needs quotes.
      [list.version, one.app, one.kind, one.value, proto, ports.join(';')].join(','),
    ),
  );
  return `${['version,app,kind,value,proto,ports', ...rows].join('\n')}\n`;
}
