// Kept-alive connections to one place: guarded addresses, verified certificates, no redirects, no proxy, bounded answers.
import http from 'node:http';
import https from 'node:https';
import axios, { type AxiosInstance } from 'axios';
import type { TlsMaterial } from '../authentication/mutual-tls.js';
import type { TargetGuard } from './target-guard.js';

export interface HttpConnectionOptions {
  guard: TargetGuard;
  /** Connections at most. */
  maxSockets: number;
  /** Longest answer that is read, in bytes after decompression. */
  maxAnswerBytes: number;
  /** Further certificate authorities in PEM. */
  ca?: string;
  /** Our certificate and the provider's own authority, for mutual TLS. */
  tls?: TlsMaterial | null;
}

/** Connections with one TLS identity. Closing lets requests that run end first. */
export class HttpConnection {
  readonly axios: AxiosInstance;
  private readonly agent: http.Agent;
  private running = 0;
  private closing = false;

  constructor(
    readonly secure: boolean,
    options: HttpConnectionOptions,
  ) {
    const common = { keepAlive: true, maxSockets: options.maxSockets, scheduling: 'lifo' as const, noDelay: true };
    const { tls, ca } = options;
    // Plain HTTP only into networks that the configuration names: elsewhere it would show lines to the path.
    this.agent = secure
      ? new https.Agent({
          ...common,
          lookup: options.guard.lookup('any'),
          minVersion: 'TLSv1.2',
          ...(ca ? { ca } : {}),
          ...(tls ? { cert: tls.certificate, key: tls.key } : {}),
          // A provider with an authority of its own is judged by that one alone.
          ...(tls?.authority ? { ca: tls.authority } : {}),
        })
      : new http.Agent({ ...common, lookup: options.guard.lookup('allowed') });
    this.axios = axios.create({
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

  /** Counts a request, so that a connection that is replaced is not cut under it. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.running += 1;
    try {
      return await work();
    } finally {
      this.running -= 1;
      if (this.closing && this.running === 0) this.agent.destroy();
    }
  }

  /** @param now cut running requests as well */
  close(now: boolean): void {
    this.closing = true;
    if (now || this.running === 0) this.agent.destroy();
  }
}
