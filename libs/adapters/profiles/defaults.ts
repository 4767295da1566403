// What the reference profiles have in common, with the reason of each number.
import type { ProviderProfile, SftpTransport, WebhookTransport } from '#contracts';

/** 15 minutes for a receipt and 24 hours for outcomes: DESIGN's defaults, which any provider may agree otherwise. */
export const DEADLINES = { receiptDeadlineS: 900, outcomeDeadlineS: 86_400 } as const;

/** First retries are quick (a restart takes seconds), then they spare a provider in trouble; the last one repeats. */
export const RETRY_SCHEDULE_S: readonly number[] = [1, 5, 15, 60, 300, 900];

/** A whole list is looked at every night: it costs its provider a pass over its table, and us its traffic. */
export const NIGHTLY_S = 86_400;

/** A line at about 110 bytes: ten million lines, three times what is planned for. */
export const LONGEST_LIST_BYTES = 1_073_741_824;

/** A line at about 200 bytes gives bodies of about 1 MB, which gateways commonly take. */
export const WEBHOOK_LINES = 5_000;

/** A line at about 90 bytes gives files of about 4.5 MB: an upload is anew in seconds. */
export const FILE_LINES = 50_000;

/** Standard Webhooks recommends 15 to 30 s. */
export function webhook(target: string): WebhookTransport {
  return { kind: 'webhook', target, timeoutMs: 20_000, gzip: false };
}

/** Without host keys it does not validate: they come with the endpoint, see `withEndpoint`. */
export function sftp(host: string, username: string): SftpTransport {
  return { kind: 'sftp', host, port: 22, username, root: '/', hostKeys: [], timeoutMs: 30_000, pollMs: 5_000 };
}

/** Where a provider is reached: the part of a profile that differs between the demo, its test and its live system. */
export type Endpoint = Partial<Omit<WebhookTransport, 'kind'>> | Partial<Omit<SftpTransport, 'kind'>>;

/** The same profile at another place. */
export function withEndpoint(profile: ProviderProfile, endpoint: Endpoint): ProviderProfile {
  return { ...profile, transport: { ...profile.transport, ...endpoint } };
}
