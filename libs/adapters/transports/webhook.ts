// Signed HTTP requests to one provider: kept-alive agents, limits, no redirects, guarded targets, and the one judgement
// that the resend rule stands on: did anything reach the provider?
import http from 'node:http';
import https from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import axios, { type AxiosInstance } from 'axios';
import type { WebhookTransport } from '#contracts';
import { SecretNotUsable, signatureHeaders } from '../signing/standard-webhooks.js';
import { TargetRefused, type TargetGuard } from './target-guard.js';
import { quoted } from '../wording.js';

const compress = promisify(gzip);

/** Below this a gzipped body saves nothing worth its time. */
const GZIP_FROM_BYTES = 1_400;

/**
 * How a request ended. `answered`: there is a whole answer. `notReached`: it is certain that no byte of the request was
 * sent. `unclear`: the connection stood, and what the provider made of it is unknown.
 */
export type Exchange =
  | { end: 'answered'; status: number; headers: Record<string, string>; body: Buffer }
  | { end: 'notReached'; detail: string }
  | { end: 'unclear'; detail: string };

export interface WebhookRequest {
  method: 'GET' | 'POST' | 'DELETE';
  /** Below the target, beginning with a slash. */
  path: string;
  /** `webhook-id`; constant over retries of the same message, never with a full stop in it. */
  id: string;
  /** Absent for GET and DELETE, whose signature covers an empty body. */
  body?: Buffer;
  contentType?: string;
}

export interface WebhookClientOptions {
  guard: TargetGuard;
  /** The signing secrets of this moment; read anew for every attempt, so that rotation needs no restart. */
  secrets: () => string[];
  clock: () => Date;
  /** Longest answer that is read, in bytes after decompression. */
  maxAnswerBytes: number;
  /** Connections at most. */
  maxSockets: number;
  /** Further certificate authorities in PEM, for a provider with its own. Certificates are always verified. */
  ca?: string;
}

export class WebhookClient {
  private readonly http: AxiosInstance;
  private readonly agent: http.Agent;
  private readonly base: URL;
  private readonly secure: boolean;

  constructor(
    private readonly transport: WebhookTransport,
    private readonly options: WebhookClientOptions,
  ) {
    this.base = new URL(transport.target);
    this.secure = this.base.protocol === 'https:';
    const common = { keepAlive: true, maxSockets: options.maxSockets, scheduling: 'lifo' as const, noDelay: true };
    // Plain HTTP only into networks that the configuration names: elsewhere it would show lines to the path.
    this.agent = this.secure
      ? new https.Agent({
          ...common,
          lookup: options.guard.lookup('any'),
          minVersion: 'TLSv1.2',
          ...(options.ca ? { ca: options.ca } : {}),
        })
      : new http.Agent({ ...common, lookup: options.guard.lookup('allowed') });
    this.http = axios.create({
      adapter: 'http',
      httpAgent: this.agent,
      httpsAgent: this.agent,
      proxy: false,
      maxRedirects: 0,
      maxBodyLength: Infinity,
      maxContentLength: options.maxAnswerBytes,
      responseType: 'arraybuffer',
      validateStatus: () => true,
      transformRequest: [(data: unknown) => data],
      transformResponse: [(data: unknown) => data],
    });
  }

  /** Sends one signed request. Never throws for what the network or the provider did. */
  async send(request: WebhookRequest, signal: AbortSignal): Promise<Exchange> {
    let connected = false;
    let late = false;
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
    const ready = this.secure ? 'secureConnect' : 'connect';
    try {
      this.options.guard.checkLiteral(this.base.hostname, this.secure ? 'any' : 'allowed');
      const headers: Record<string, string> = {
        accept: 'application/json, application/problem+json',
        'user-agent': 'saphan/1',
        ...signatureHeaders(this.options.secrets(), request.id, this.options.clock(), request.body ?? ''),
      };
      let data = request.body;
      if (data && request.contentType) headers['content-type'] = request.contentType;
      if (data && this.transport.gzip && data.length >= GZIP_FROM_BYTES) {
        // Fast level: a batch is mostly digits that differ, higher levels cost time and save little.
        data = await compress(data, { level: 1 });
        headers['content-encoding'] = 'gzip';
      }
      const answer = await this.http.request<Buffer>({
        method: request.method,
        url: `${this.base.href.replace(/\/+$/, '')}${request.path}`,
        headers,
        data,
        signal: stop.signal,
        transport: {
          request(options: https.RequestOptions, onResponse: (response: http.IncomingMessage) => void) {
            const sent = start(options, onResponse);
            sent.once('socket', (socket) => {
              if (sent.reusedSocket || !socket.connecting) connected = true;
              else socket.once(ready, () => (connected = true));
            });
            return sent;
          },
        },
      });
      return { end: 'answered', status: answer.status, headers: flat(answer.headers), body: Buffer.from(answer.data) };
    } catch (error) {
      const detail = late
        ? `no whole answer within ${this.transport.timeoutMs} ms`
        : signal.aborted
          ? 'stopped by the hub itself'
          : said(error);
      return { end: connected ? 'unclear' : 'notReached', detail };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  close(): void {
    this.agent.destroy();
  }
}

/** The error in words, without addresses or bodies beyond what its code says. */
function said(error: unknown): string {
  if (error instanceof TargetRefused || error instanceof SecretNotUsable) return error.message;
  const cause = error as { code?: unknown; message?: unknown; cause?: { code?: unknown } };
  const code =
    typeof cause.cause?.code === 'string' ? cause.cause.code : typeof cause.code === 'string' ? cause.code : '';
  const message = typeof cause.message === 'string' ? quoted(cause.message) : '';
  return [code, message].filter(Boolean).join(': ') || 'unknown error';
}

function flat(headers: object): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && value !== null) result[name.toLowerCase()] = String(value);
  }
  return result;
}
