// Small helpers around node:http: bounded bodies, answers, problem details, listening on loopback.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

const unzip = promisify(gunzip);

/** Largest body that is taken, as sent and after decompression. */
export const MAX_BODY = 64 * 1024 * 1024;

export class BodyError extends Error {
  constructor(
    readonly status: 400 | 413 | 415,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

/** The whole body, decompressed. Throws BodyError when it is too large, cut short, or wrongly compressed. */
export async function readBody(request: IncomingMessage, limit = MAX_BODY): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > limit) throw new BodyError(413, 'TOO_LARGE', `the body is larger than ${limit} bytes`);
    chunks.push(chunk as Buffer);
  }
  const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return body;
  if (encoding !== 'gzip') throw new BodyError(415, 'UNKNOWN_ENCODING', 'Content-Encoding must be gzip or absent');
  try {
    return await unzip(body, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new BodyError(413, 'TOO_LARGE', `the body is larger than ${limit} bytes when decompressed`);
    }
    throw new BodyError(400, 'BAD_GZIP', 'the body is not gzip');
  }
}

export function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

/** RFC 9457 with a `code`. */
export function problem(
  response: ServerResponse,
  status: number,
  code: string,
  detail: string,
  headers: Record<string, string> = {},
): void {
  const title = code.toLowerCase().replaceAll('_', ' ');
  answer(
    response,
    status,
    { type: 'about:blank', status, title, code, detail },
    { 'content-type': 'application/problem+json', ...headers },
  );
}

/** A server that listens on `host` at `port` (0: any), with errors of the handler answered with 500. */
export async function listen(
  host: string,
  port: number,
  handle: (...of: Parameters<RequestListener>) => Promise<void>,
): Promise<Server> {
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else if (error instanceof BodyError) problem(response, error.status, error.code, error.message);
      else problem(response, 500, 'SIMULATOR_FAILED', error instanceof Error ? error.message : String(error));
    });
  });
  // Longer than any client keeps an idle connection, so that none is closed just as a request is sent on it.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE' ? new Error(`port ${port} on ${host} is taken; choose another --base-port`) : error,
      );
    });
    server.listen(port, host, resolve);
  });
  return server;
}

/** `http://127.0.0.1:1234` of a listening server. */
export function addressOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

export function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
