// The floor's receiver: a bare HTTP server that parses the JSON it gets and keeps the lines. Imports nothing of the hub.
import http from 'node:http';
import type { AddressInfo } from 'node:net';

const held = new Map<number, unknown>();

const server = http.createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { lines } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { lines: { seq: number }[] };
    for (const line of lines) held.set(line.seq, line);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ applied: lines.length, held: held.size }));
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ ready: true, port: (server.address() as AddressInfo).port })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
