// What each form of delivering destination lists must offer.
import type { DestinationDelivery, DestinationsReport, DestinationsResult, DestinationVersion } from '#contracts';

export interface DestinationSender {
  /** See `ProviderAdapter.sendDestinations`. */
  send(version: DestinationVersion, delivery: DestinationDelivery, signal: AbortSignal): Promise<DestinationsResult>;
  /** See `ProviderAdapter.readDestinationsReport`. */
  readReport?(token: string, body: Buffer): DestinationsReport;
  close(): Promise<void>;
}
