// A provider's front that demands a credential of every request before its system is asked: plain HTTP or mutual TLS.
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';

export interface Gate {
  target: string;
  /** Where what is let through goes. */
  behind: string;
  /** The credential of each request that was let through, in order. */
  let: string[];
  refused: number;
  close(): Promise<void>;
}

export interface GateOptions {
  /** The credential that a request shows, null for none. */
  shown(request: http.IncomingMessage): string | null;
  /** Whether it counts at this moment. */
  counts(credential: string): boolean | Promise<boolean>;
  tls?: { certificate: string; key: string; authority: string };
}

/** The name in the certificate of whoever asks. */
export function certificateName(request: http.IncomingMessage): string | null {
  const name: unknown = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
  return typeof name === 'string' ? name : null;
}

export async function openGate({ shown, counts, tls }: GateOptions): Promise<Gate> {
  const handle = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const credential = shown(request);
    if (credential === null || !(await counts(credential))) {
      gate.refused++;
      request.resume();
      response.writeHead(401, { 'content-type': 'application/problem+json' });
      response.end('{"title":"who are you?","status":401}');
      return;
    }
    gate.let.push(credential);
    const { method, headers, url } = request;
    const on = http.request(new URL(url ?? '/', gate.behind), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    on.on('error', () => response.destroy());
    request.pipe(on);
  };
  const take = (request: http.IncomingMessage, response: http.ServerResponse): void =>
    void handle(request, response).catch(() => response.destroy());
  const server = tls
    ? https.createServer({ cert: tls.certificate, key: tls.key, ca: tls.authority, requestCert: true }, take)
    : http.createServer(take);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gate: Gate = {
    target: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    behind: '',
    let: [],
    refused: 0,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return gate;
}
