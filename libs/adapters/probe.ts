// Tries the way to a provider step by step, with the adapter's own transport: address, connection, authentication.
import { lookup } from 'node:dns/promises';
import { randomUUID } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import type { ProbeStep, ProviderProfile, SftpTransport, WebhookTransport } from '#contracts';
import { AuthenticationFailed } from './authentication/authenticator.js';
import { tlsSource, type TlsMaterial } from './authentication/mutual-tls.js';
import { foldersBelow } from './exchange/folders.js';
import { BASE_PATH } from './tmf641/words.js';
import { SftpConnection } from './transports/sftp.js';
import { SftpFailure } from './transports/sftp-session.js';
import type { TargetGuard } from './transports/target-guard.js';
import type { WebhookClient } from './transports/webhook.js';
import { quoted } from './wording.js';

export interface ProbeParts {
  guard: TargetGuard;
  secret: (name: string) => string | undefined;
  clock: () => Date;
  /** The private key for SFTP. */
  sshKey: () => string | undefined;
  /** A client of its own, closed afterwards; for webhooks. */
  client: () => WebhookClient;
  /** Further certificate authorities in PEM. */
  ca?: string;
}

type Step = ProbeStep['step'];
const ALL: readonly Step[] = ['address', 'connection', 'authentication'];

/** A step failed; its text is for people. */
class Failed extends Error {}

/** The steps in order; after one that failed the others are skipped. Never throws. */
export async function probe(profile: ProviderProfile, parts: ProbeParts, signal: AbortSignal): Promise<ProbeStep[]> {
  const { transport } = profile;
  const tries =
    transport.kind === 'webhook'
      ? webhookTries(profile, transport, parts, signal)
      : sftpTries(transport, parts, signal);
  const steps: ProbeStep[] = [];
  for (const step of ALL) {
    if (steps.some((done) => done.outcome === 'failed')) {
      steps.push({ step, outcome: 'skipped', text: 'not tried', ms: 0 });
      continue;
    }
    const began = performance.now();
    const ms = (): number => Math.round(performance.now() - began);
    try {
      steps.push({ step, outcome: 'passed', text: await tries[step](), ms: ms() });
    } catch (error) {
      steps.push({ step, outcome: 'failed', text: wordsOf(error), ms: ms() });
    }
  }
  return steps;
}

type Tries = Record<Step, () => Promise<string>>;

async function addressOf(host: string, guard: TargetGuard, need: 'any' | 'allowed'): Promise<string> {
  const bare = host.replace(/^\[|\]$/g, '');
  guard.checkLiteral(bare, need);
  const found = await lookup(bare, { all: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Failed(`the name cannot be resolved (${quoted(error.code ?? '')}); is it spelled right?`);
  });
  const usable = found.filter(({ address }) => {
    const verdict = guard.judge(address);
    return verdict === 'allowed' || (need === 'any' && verdict === 'public');
  });
  if (usable.length === 0)
    throw new Failed('none of its addresses may be connected to; name its network if that is meant');
  return `${usable.length} of ${found.length} addresses may be connected to`;
}

function webhookTries(
  profile: ProviderProfile,
  transport: WebhookTransport,
  parts: ProbeParts,
  signal: AbortSignal,
): Tries {
  const url = new URL(transport.target);
  const secure = url.protocol === 'https:';
  const port = Number(url.port) || (secure ? 443 : 80);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    address: () => addressOf(url.hostname, parts.guard, secure ? 'any' : 'allowed'),
    connection: async () => {
      const identity =
        secure && transport.mutualTls ? tlsSource(transport.mutualTls, parts.secret, parts.clock)() : null;
      return connect({ host, port, secure, identity, parts, timeoutMs: transport.timeoutMs, signal });
    },
    authentication: async () => {
      const client = parts.client();
      try {
        const path = profile.format === 'tmf641' ? `${BASE_PATH}/serviceOrder?limit=1&fields=id` : '/whitelist/state';
        const exchange = await client.send({ method: 'GET', path, id: `test-${randomUUID()}` }, signal);
        if (exchange.end !== 'answered') throw new Failed(exchange.detail);
        const { status } = exchange;
        if (status === 401 || status === 403)
          throw new Failed(`it answered ${status}: signature, key or token is not taken`);
        // 404 and 501: this question is not offered, and whoever says so has looked at who asks.
        if (status >= 300 && status !== 404 && status !== 501) throw new Failed(`it answered ${status}`);
        return `it answered ${status} to a signed question${kindOf(transport)}`;
      } finally {
        client.close();
      }
    },
  };
}

function kindOf({ authentication, mutualTls }: WebhookTransport): string {
  const kinds = [
    authentication?.kind === 'oauth2' ? 'an OAuth 2.0 token' : authentication?.kind === 'apiKey' ? 'an API key' : '',
    mutualTls ? 'our TLS certificate' : '',
  ].filter(Boolean);
  return kinds.length > 0 ? `, with ${kinds.join(' and ')}` : '';
}

interface Connecting {
  host: string;
  port: number;
  secure: boolean;
  identity: TlsMaterial | null;
  parts: ProbeParts;
  timeoutMs: number;
  signal: AbortSignal;
}

function connect({ host, port, secure, identity, parts, timeoutMs, signal }: Connecting): Promise<string> {
  return new Promise((resolve, reject) => {
    const lookup = parts.guard.lookup(secure ? 'any' : 'allowed');
    const ca = identity?.authority ?? parts.ca;
    const socket = secure
      ? tls.connect({
          host,
          port,
          lookup,
          minVersion: 'TLSv1.2',
          ...(net.isIP(host) ? {} : { servername: host }),
          ...(ca ? { ca } : {}),
          ...(identity ? { cert: identity.certificate, key: identity.key } : {}),
        })
      : net.connect({ host, port, lookup });
    const end = (settle: () => void): void => {
      signal.removeEventListener('abort', stop);
      socket.destroy();
      settle();
    };
    const stop = (): void => end(() => reject(new Failed('stopped by the hub itself')));
    signal.addEventListener('abort', stop, { once: true });
    socket.setTimeout(timeoutMs, () => end(() => reject(new Failed(`no connection within ${timeoutMs} ms`))));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(() => reject(new Failed(quoted(`${error.code ?? ''} ${error.message}`.trim())))),
    );
    socket.once(secure ? 'secureConnect' : 'connect', () => end(() => resolve(shown(socket))));
  });
}

function shown(socket: net.Socket | tls.TLSSocket): string {
  if (!(socket instanceof tls.TLSSocket))
    return 'connected, without TLS (only in networks that the configuration names)';
  const { valid_to: until, fingerprint256 } = socket.getPeerCertificate();
  const day = new Date(until).toISOString().slice(0, 10);
  return `${socket.getProtocol() ?? 'TLS'}; its certificate ${fingerprint256} is valid until ${day}`;
}

function sftpTries(transport: SftpTransport, parts: ProbeParts, signal: AbortSignal): Tries {
  const connection = new SftpConnection(transport, { guard: parts.guard, privateKey: parts.sshKey });
  let login: SftpFailure | null = null;
  return {
    address: () => addressOf(transport.host, parts.guard, 'any'),
    connection: async () => {
      try {
        await connection.session(signal);
      } catch (error) {
        if (!(error instanceof SftpFailure) || error.trouble !== 'login') throw error;
        // It got as far as the login, so the host key was one of those that are pinned.
        login = error;
      }
      return 'connected; its host key is one of those that are pinned';
    },
    authentication: async () => {
      try {
        if (login) throw login;
        const session = await connection.session(signal);
        const { outbound, inbound } = foldersBelow(transport.root);
        await session.list(outbound);
        await session.list(inbound);
        return 'signed in by key; outbound/ and inbound/ can be listed';
      } finally {
        await connection.close();
      }
    },
  };
}

function wordsOf(error: unknown): string {
  if (error instanceof Failed || error instanceof AuthenticationFailed || error instanceof SftpFailure)
    return error.message;
  return quoted(error instanceof Error ? error.message : String(error));
}
