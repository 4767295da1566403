// Fetches from the hub with the provider's own key: gzipped or plain, and resumed by a range when the connection is cut.
import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { gunzipSync } from 'node:zlib';

export interface Fetched {
  status: number;
  headers: IncomingHttpHeaders;
  /** Decompressed. */
  body: Buffer;
}

/** The connection ended before the answer did; what had come by then. */
class CutOff extends Error {
  constructor(
    readonly got: Buffer,
    readonly headers: IncomingHttpHeaders,
  ) {
    super('the connection was cut');
  }
}

const TIMEOUT_MS = 20_000;

export class Fetcher {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 2 });
  /** Pages that were cut off, and how many of them were resumed in the middle. */
  readonly figures = { cut: 0, resumed: 0 };

  /** @param headers beside those that it makes itself */
  send(url: string, key: string, method = 'GET', headers: Record<string, string> = {}): Promise<Fetched> {
    return this.#exchange(url, method, { authorization: `Bearer ${key}`, ...headers });
  }

  /** Fetches a page; `cut` lets go of the connection in its middle and resumes there. */
  async page(url: string, key: string, gzip: boolean, cut: boolean): Promise<Fetched> {
    const own = { authorization: `Bearer ${key}` };
    if (!cut) return this.#exchange(url, 'GET', { ...own, ...(gzip ? { 'accept-encoding': 'gzip' } : {}) });
    try {
      return await this.#exchange(url, 'GET', own, true);
    } catch (error) {
      if (!(error instanceof CutOff)) throw error;
      this.figures.cut++;
      const etag = String(error.headers.etag);
      const rest = await this.#exchange(url, 'GET', { ...own, range: `bytes=${error.got.length}-`, 'if-range': etag });
      if (rest.status !== 206) return rest;
      this.figures.resumed++;
      return { ...rest, status: 200, body: Buffer.concat([error.got, rest.body]) };
    }
  }

  stop(): void {
    this.#agent.destroy();
  }

  #exchange(url: string, method: string, headers: Record<string, string>, cut = false): Promise<Fetched> {
    return new Promise((resolve, reject) => {
      const asked = request(url, { method, agent: this.#agent, headers, timeout: TIMEOUT_MS }, (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        const half = Math.floor(Number(response.headers['content-length'] ?? 0) / 2);
        response.on('data', (chunk: Buffer) => {
          const left = cut && response.statusCode === 200 && half > 0 ? half - size : Infinity;
          chunks.push(chunk.subarray(0, left));
          size += chunk.length;
          if (size < half || left === Infinity) return;
          asked.destroy();
          reject(new CutOff(Buffer.concat(chunks), response.headers));
        });
        response.on('error', reject);
        response.on('end', () => {
          const body = Buffer.concat(chunks);
          const unpacked = response.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: unpacked });
        });
      });
      asked.on('timeout', () => asked.destroy(new Error('the hub did not answer in time')));
      asked.on('error', reject);
      asked.end();
    });
  }
}
