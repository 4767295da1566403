// For specs: a provider that answers batches over HTTP as the spec tells it to, and remembers what it was sent.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { LineOutcome } from '#contracts';

export interface SentLine {
  n: number;
  ref: string;
  op: string;
  line: string;
}

export interface ProviderDouble {
  target: string;
  /** Raw bodies in the order of their arrival. */
  bodies: Buffer[];
  close(): Promise<void>;
}

/** Answers 200 with `applied`, except what `except` names; or 202 and nothing more when `mode` is `callback`. */
export async function startProvider(
  mode: 'response' | 'callback',
  except: (line: SentLine) => Omit<LineOutcome, 'n' | 'ref'> | null = () => null,
): Promise<ProviderDouble> {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      // It answers no questions, as a provider may.
      if (request.method === 'GET') return void response.writeHead(404).end();
      const raw = Buffer.concat(pieces);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
      bodies.push(body);
      const { data } = JSON.parse(body.toString('utf8')) as { data: { batch: number; lines: SentLine[] } };
      const items = data.lines.flatMap((line) => {
        const other = except(line);
        return other ? [{ n: line.n, ref: line.ref, ...other }] : [];
      });
      response.writeHead(mode === 'response' ? 200 : 202, { 'Content-Type': 'application/json' });
      response.end(
        JSON.stringify({
          batch: data.batch,
          receipt: 'accepted',
          ...(mode === 'response' ? { outcomes: { default: 'applied', except: items } } : {}),
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    target: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Waits for a fact; fails with what it saw last. */
export async function until<T>(read: () => Promise<T>, isSo: (seen: T) => boolean, withinMs = 15_000): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const seen = await read();
    if (isSo(seen)) return seen;
    if (Date.now() > end) throw new Error(`it did not come about; last seen: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
