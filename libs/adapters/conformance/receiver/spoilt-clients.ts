// Clients of the conformance tool: the hub's own, with the signature or the credentials spoilt on purpose.
import { randomBytes } from 'node:crypto';
import type { ProviderProfile, WebhookTransport } from '#contracts';
import { makeTargetGuard } from '../../transports/target-guard.js';
import { WebhookClient } from '../../transports/webhook.js';

/** How a client differs from the hub's. `strange`: signed with a secret that nobody has. `rotating`: first a strange signature, then ours. */
export interface ClientSpoil {
  signature?: 'strange' | 'rotating' | 'absent';
  /** Seconds by which the timestamp is wrong. */
  clockS?: number;
  /** Sent as it is, although the profile says gzip. */
  plain?: boolean;
  /** Without the API key, token or certificate of the profile. */
  bare?: boolean;
}

export interface SpoiltClientsOptions {
  profile: ProviderProfile & { transport: WebhookTransport };
  secret: (name: string) => string | undefined;
  allowedNetworks: readonly string[];
  maxAnswerBytes: number;
  /** Connections at most. */
  maxSockets: number;
  ca?: string;
}

export class SpoiltClients {
  private readonly strange = `whsec_${randomBytes(32).toString('base64')}`;
  private readonly clients = new Map<string, WebhookClient>();

  constructor(private readonly options: SpoiltClientsOptions) {}

  of({ signature, clockS = 0, plain = false, bare = false }: ClientSpoil): WebhookClient {
    const key = `${signature} ${clockS} ${plain} ${bare}`;
    const had = this.clients.get(key);
    if (had) return had;
    const { profile, secret, allowedNetworks, maxAnswerBytes, maxSockets, ca } = this.options;
    const ours = (): string[] => profile.secrets.signing.flatMap((name) => secret(name) ?? []);
    const transport: WebhookTransport = {
      ...profile.transport,
      ...(plain ? { gzip: false } : {}),
      ...(bare ? { authentication: null, mutualTls: null } : {}),
    };
    const client = new WebhookClient(transport, {
      guard: makeTargetGuard(allowedNetworks),
      secrets: () =>
        signature === 'strange' ? [this.strange] : signature === 'rotating' ? [this.strange, ...ours()] : ours(),
      secret,
      clock: () => new Date(Date.now() + clockS * 1000),
      maxAnswerBytes,
      maxSockets,
      ...(ca ? { ca } : {}),
    });
    this.clients.set(key, client);
    return client;
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
  }
}
