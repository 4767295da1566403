// The destination list as stations and adapters share it: which traffic is free, in numbered versions.

export type DestinationVendor = 'microsoft' | 'google' | 'cisco' | 'line' | 'manual';

/** `cidr`: a network. `domain`: exactly this host. `wildcard`: every host below, written `*.teams.microsoft.com`. */
export type DestinationKind = 'cidr' | 'domain' | 'wildcard';

/** `any`: the vendor names no protocol. `ports` are numbers or ranges (`3478-3481`); none means all. */
export interface DestinationFlow {
  proto: 'tcp' | 'udp' | 'any';
  ports: string[];
}

/** Where a destination comes from: `value` only when the vendor wrote another one, which this one covers. */
export interface DestinationSource {
  vendor: DestinationVendor;
  set: string;
  version: string;
  value?: string;
}

/** One destination. (app, kind, value) is its key; it is in a list once. */
export interface Destination {
  app: string;
  kind: DestinationKind;
  /** Canonical: a CIDR without host bits, or a lower-case ASCII name. */
  value: string;
  flows: DestinationFlow[];
  sources: DestinationSource[];
}

/** A version as one provider is told: the whole list, and what is different from what it acknowledged last. */
export interface DestinationVersion {
  /** `YYYYMMDDNN`, the day on which it takes effect in Bangkok, and a number within it. */
  version: number;
  /** The version that `added` and `removed` are counted from: the one this provider acknowledged last; null: none. */
  since: number | null;
  effectiveAt: Date;
  publishedAt: Date;
  /** SHA-256 of the list's content, the same for every provider, lower-case hex. */
  sha256: string;
  entries: Destination[];
  /** New, or with other flows. */
  added: Destination[];
  removed: Destination[];
}

/** What the hub has of this version's delivery, for an adapter to go on from. */
export interface DestinationDelivery {
  /** Number of the message for this provider, 1..n without holes; the same version keeps it. */
  number: number;
  /** It was handed over before, and only its acknowledgement is awaited. */
  told: boolean;
  /** What the adapter wanted remembered of this provider, from version to version; null at the beginning. */
  memory: unknown;
}

/**
 * How one try to deliver a version ended. `told`: the provider has it and has not said yet that it enforces it. `partial`:
 * some applications took it. `offered`: the provider fetches it by itself. The rest as for batches.
 */
export type DestinationsResult =
  | { result: 'acknowledged'; enforcedSince: Date | null; status: number | null; memory?: unknown }
  | { result: 'told'; status: number | null; memory?: unknown }
  | { result: 'offered' }
  | { result: 'partial'; detail: string; status: number | null; memory?: unknown }
  | { result: 'refused'; detail: string; status: number | null; memory?: unknown }
  | { result: 'later'; retryAfterS: number | null; detail: string; status: number | null; memory?: unknown }
  | { result: 'notSent'; detail: string; memory?: unknown }
  | { result: 'forbidden'; detail: string; status: number | null; memory?: unknown }
  | { result: 'unclear'; detail: string; status: number | null; memory?: unknown };

/** What a provider reported later: these applications do not work there any more. */
export interface DestinationsReport {
  failed: { application: string; code: string }[];
}

/** The key of a destination within a list. */
export function destinationKey({ app, kind, value }: Pick<Destination, 'app' | 'kind' | 'value'>): string {
  return `${app} ${kind} ${value}`;
}
