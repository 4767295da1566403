// Signed HTTP requests to one provider: kept-alive agents, limits, no redirects, guarded targets, and the one judgement
// that the resend rule stands on: did anything reach the provider?
import http from 'node:http';
import https from 'node:https';
import { TLSSocket, type PeerCertificate } from 'node:tls';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Unusable, WebhookTransport } from '#contracts';
import { faultPoint } from '#platform';
import { apiKey, AuthenticationFailed, signatureOnly, type Authenticator } from '../authentication/authenticator.js';
import { clientCredentials } from '../authentication/client-credentials.js';
import { sameMaterial, tlsSource, type TlsMaterial } from '../authentication/mutual-tls.js';
import { SecretNotUsable, signatureHeaders } from '../signing/standard-webhooks.js';
import { HttpConnection } from './http-connection.js';
import { TargetRefused, type TargetGuard } from './target-guard.js';
import { quoted } from '../wording.js';

const compress = promisify(gzip);

/** Below this a gzipped body saves nothing worth its time. */
const GZIP_FROM_BYTES = 1_400;

/**
 * How a request ended. `answered`: there is a whole answer. `notReached`: it is certain that nothing of the request was
 * done by the provider; `forbidden` with it: credentials or certificates are wrong, and a person is needed. `unclear`: the
 * connection stood, and what the provider made of it is unknown.
 */
export type Exchange =
  | { end: 'answered'; status: number; headers: Record<string, string>; body: Buffer }
  | { end: 'notReached'; detail: string; forbidden?: true }
  | { end: 'unclear'; detail: string; unusable?: Unusable };

/**
 * An answer that is read as it comes. `failed` puts an error of reading it into words, null when it is none of the
 * connection's; `close` must be called.
 */
export type OpenExchange =
  | {
      end: 'streaming';
      status: number;
      headers: Record<string, string>;
      body: Readable;
      failed: (error: unknown) => string | null;
      close: () => void;
    }
  | { end: 'failed'; detail: string };

export interface WebhookRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the target, beginning with a slash. */
  path: string;
  /** `webhook-id`; constant over retries of the same message, never with a full stop in it. */
  id: string;
  /** Absent for GET and DELETE, whose signature covers an empty body. */
  body?: Buffer;
  contentType?: string;
  /** Without the signature: only the conformance tool asks so, to see that it is refused. */
  unsigned?: true;
}

export interface WebhookClientOptions {
  guard: TargetGuard;
  /** The signing secrets of this moment; read anew for every attempt, so that rotation needs no restart. */
  secrets: () => string[];
  /** Any other secret of this moment by its name: API keys, OAuth client secrets, certificates. */
  secret?: (name: string) => string | undefined;
  clock: () => Date;
  /** Longest answer that is read, in bytes after decompression. */
  maxAnswerBytes: number;
  /** Connections at most. */
  maxSockets: number;
  /** Further certificate authorities in PEM, for a provider with its own. Certificates are always verified. */
  ca?: string;
  /** Told the certificate that the provider's server showed, at each new connection. */
  shown?: (certificate: PeerCertificate) => void;
}

/** Longest answer of a token endpoint, in bytes. */
const TOKEN_ANSWER_BYTES = 64 * 1024;

/** Alerts by which a server ends the handshake over our certificate: the request was not looked at. */
const CERTIFICATE_ALERT =
  /ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN|UNKNOWN_CA|ACCESS_DENIED)/;

export class WebhookClient {
  private readonly base: URL;
  private readonly secure: boolean;
  private readonly authenticator: Authenticator;
  private readonly tls: (() => TlsMaterial) | null;
  /** Connections to the provider and to its token endpoint; made anew when the TLS identity changes. */
  private readonly connections = new Map<
    'provider' | 'token',
    { connection: HttpConnection; tls: TlsMaterial | null }
  >();

  constructor(
    private readonly transport: WebhookTransport,
    private readonly options: WebhookClientOptions,
  ) {
    this.base = new URL(transport.target);
    this.secure = this.base.protocol === 'https:';
    const secret = options.secret ?? (() => undefined);
    this.tls = transport.mutualTls ? tlsSource(transport.mutualTls, secret, options.clock) : null;
    const { authentication } = transport;
    if (authentication?.kind === 'apiKey') this.authenticator = apiKey(authentication, secret);
    else if (authentication?.kind === 'oauth2') {
      const tokenSecure = new URL(authentication.tokenUrl).protocol === 'https:';
      this.authenticator = clientCredentials(authentication, {
        secret,
        guard: options.guard,
        connection: () => this.connection('token', tokenSecure),
        clock: options.clock,
        closed: () => undefined,
      });
    } else this.authenticator = signatureOnly;
  }

  /** Throws `AuthenticationFailed` when the TLS identity cannot be used. */
  private connection(to: 'provider' | 'token', secure: boolean): HttpConnection {
    const tls = secure && this.tls ? this.tls() : null;
    const had = this.connections.get(to);
    if (had && (had.tls === tls || (had.tls && tls && sameMaterial(had.tls, tls)))) return had.connection;
    had?.connection.close(false);
    const connection = new HttpConnection(secure, {
      guard: this.options.guard,
      maxSockets: to === 'token' ? 1 : this.options.maxSockets,
      maxAnswerBytes: to === 'token' ? TOKEN_ANSWER_BYTES : this.options.maxAnswerBytes,
      tls,
      ...(this.options.ca ? { ca: this.options.ca } : {}),
    });
    this.connections.set(to, { connection, tls });
    return connection;
  }

  /** Sends one signed request, with a fresh token once more after a 401. Never throws for what the network or the provider did. */
  async send(request: WebhookRequest, signal: AbortSignal): Promise<Exchange> {
    const first = await this.attempt(request, signal);
    // A 401 says that nothing was done; a token may have been withdrawn before its end.
    if (first.exchange.end !== 'answered' || first.exchange.status !== 401) return first.exchange;
    if (this.authenticator.refused(first.credentials) === 'final') return first.exchange;
    return (await this.attempt(request, signal)).exchange;
  }

  private async attempt(
    request: WebhookRequest,
    signal: AbortSignal,
  ): Promise<{ exchange: Exchange; credentials: Record<string, string> }> {
    let connected = false;
    let late = false;
    let credentials: Record<string, string> = {};
    // One controller that is let go of at the end: signals that are combined stay in memory as long as the longest lives.
    const stop = new AbortController();
    const onAbort = (): void => stop.abort();
    const timer = setTimeout(() => {
      late = true;
      stop.abort();
    }, this.transport.timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) stop.abort();
    const start = this.secure ? https.request : http.request;
    const { shown } = this.options;
    const ready = this.secure ? 'secureConnect' : 'connect';
    try {
      this.options.guard.checkLiteral(this.base.hostname, this.secure ? 'any' : 'allowed');
      const connection = this.connection('provider', this.secure);
      credentials = await this.authenticator.headers(stop.signal);
      const headers: Record<string, string> = {
        accept: 'application/json, application/problem+json',
        'user-agent': 'saphan/1',
        ...credentials,
        ...(request.unsigned
          ? { 'webhook-id': request.id }
          : signatureHeaders(this.options.secrets(), request.id, this.options.clock(), request.body ?? '')),
      };
      let data = request.body;
      if (data && request.contentType) headers['content-type'] = request.contentType;
      if (data && this.transport.gzip && data.length >= GZIP_FROM_BYTES) {
        // Fast level: a batch is mostly digits that differ, higher levels cost time and save little.
        data = await compress(data, { level: 1 });
        headers['content-encoding'] = 'gzip';
      }
      const answer = await connection.during(() =>
        connection.axios.request<Buffer>({
          method: request.method,
          url: `${this.base.href.replace(/\/+$/, '')}${request.path}`,
          headers,
          data,
          signal: stop.signal,
          transport: {
            request(options: https.RequestOptions, onResponse: (response: http.IncomingMessage) => void) {
              const sent = start(options, onResponse);
              sent.once('finish', () => void faultPoint('http.requested'));
              sent.once('socket', (socket) => {
                if (sent.reusedSocket || !socket.connecting) connected = true;
                else {
                  socket.once(ready, () => {
                    connected = true;
                    if (socket instanceof TLSSocket) shown?.(socket.getPeerCertificate());
                  });
                }
              });
              return sent;
            },
          },
        }),
      );
      const exchange: Exchange = {
        end: 'answered',
        status: answer.status,
        headers: flat(answer.headers),
        body: Buffer.from(answer.data),
      };
      return { exchange, credentials };
    } catch (error) {
      return { exchange: this.failed(error, { connected, late, stopped: signal.aborted }), credentials };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /**
   * Asks for something long (GET) and gives its body as a stream, decompressed. The limit in time is for the answer's
   * beginning and for every pause within it; how much is read is the caller's to bound. Never throws.
   */
  async open(
    request: Pick<WebhookRequest, 'path' | 'id'> & { method: 'GET' },
    signal: AbortSignal,
  ): Promise<OpenExchange> {
    const stop = new AbortController();
    const onAbort = (): void => stop.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) stop.abort();
    let late = false;
    const onLate = (): void => {
      late = true;
      stop.abort();
    };
    let timer = setTimeout(onLate, this.transport.timeoutMs);
    const close = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      stop.abort();
    };
    try {
      for (let tries = 1; ; tries++) {
        this.options.guard.checkLiteral(this.base.hostname, this.secure ? 'any' : 'allowed');
        const connection = this.connection('provider', this.secure);
        const credentials = await this.authenticator.headers(stop.signal);
        const answer = await connection.during(() =>
          connection.axios.request<Readable>({
            method: request.method,
            url: `${this.base.href.replace(/\/+$/, '')}${request.path}`,
            headers: {
              accept: 'application/x-ndjson, application/json',
              'accept-encoding': 'gzip',
              'cache-control': 'no-cache',
              'user-agent': 'saphan/1',
              ...credentials,
              ...signatureHeaders(this.options.secrets(), request.id, this.options.clock(), ''),
            },
            responseType: 'stream',
            maxContentLength: -1,
            signal: stop.signal,
          }),
        );
        if (answer.status === 401 && tries === 1 && this.authenticator.refused(credentials) !== 'final') {
          answer.data.destroy();
          continue;
        }
        const alive = (): void => {
          clearTimeout(timer);
          timer = setTimeout(onLate, this.transport.timeoutMs);
        };
        answer.data.on('data', alive).pause();
        const failed = (error: unknown): string =>
          late
            ? `nothing more came within ${this.transport.timeoutMs} ms`
            : signal.aborted
              ? 'stopped by the hub itself'
              : said(error);
        const whose = (error: unknown): string | null =>
          late || signal.aborted || codeOf(error) !== '' || answer.data.errored === error ? failed(error) : null;
        const { status, headers, data } = answer;
        return { end: 'streaming', status, headers: flat(headers), body: data, failed: whose, close };
      }
    } catch (error) {
      close();
      const { detail } = this.failed(error, { connected: true, late, stopped: signal.aborted }) as { detail: string };
      return { end: 'failed', detail };
    }
  }

  private failed(error: unknown, how: { connected: boolean; late: boolean; stopped: boolean }): Exchange {
    if (error instanceof AuthenticationFailed) {
      return {
        end: 'notReached',
        detail: error.message,
        ...(error.trouble === 'forbidden' ? { forbidden: true as const } : {}),
      };
    }
    const code = codeOf(error);
    // With TLS 1.3 the client thinks the handshake done before the server has judged its certificate.
    if (CERTIFICATE_ALERT.test(code)) {
      const detail = `the provider does not take our TLS certificate (${code}); ask it which one it expects, or rotate it`;
      return { end: 'notReached', detail, forbidden: true };
    }
    const detail = how.late
      ? `no whole answer within ${this.transport.timeoutMs} ms`
      : how.stopped
        ? 'stopped by the hub itself'
        : `${said(error)}${this.tls && code === 'ECONNRESET' ? '; a server that does not take our TLS certificate may end like this' : ''}`;
    if (!how.connected) return { end: 'notReached', detail };
    const unusable = how.late || how.stopped ? null : unusableAnswer(error, detail);
    return unusable ? { end: 'unclear', detail: unusable.detail, unusable } : { end: 'unclear', detail };
  }

  close(): void {
    this.authenticator.close();
    for (const { connection } of this.connections.values()) connection.close(true);
    this.connections.clear();
  }
}

/** An answer came, and was too large or not what its compression says; null when none came at all. */
function unusableAnswer(error: unknown, detail: string): Unusable | null {
  const { message } = error as { message?: unknown };
  if (typeof message === 'string' && message.startsWith('maxContentLength'))
    return { reason: 'tooLarge', detail: 'the answer is too large, as sent or unpacked; it was not read to its end' };
  return codeOf(error).startsWith('Z_') ? { reason: 'notReadable', detail } : null;
}

function codeOf(error: unknown): string {
  const cause = error as { code?: unknown; cause?: { code?: unknown } };
  if (typeof cause.cause?.code === 'string') return cause.cause.code;
  return typeof cause.code === 'string' ? cause.code : '';
}

/** The error in words, without addresses or bodies beyond what its code says. */
function said(error: unknown): string {
  if (error instanceof TargetRefused || error instanceof SecretNotUsable) return error.message;
  const { message: text } = error as { message?: unknown };
  const message = typeof text === 'string' ? quoted(text) : '';
  return [codeOf(error), message].filter(Boolean).join(': ') || 'unknown error';
}

function flat(headers: object): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && value !== null) result[name.toLowerCase()] = String(value);
  }
  return result;
}
