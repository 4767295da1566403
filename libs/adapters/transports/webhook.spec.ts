// The webhook transport against real servers: signatures, limits, and whether anything reached the provider.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { Webhook } from 'standardwebhooks';
import { LOOPBACK_NETWORKS, makeTargetGuard } from './target-guard.js';
import { WebhookClient, type WebhookClientOptions } from './webhook.js';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const OTHER = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const never = new AbortController().signal;

type Handler = (request: http.IncomingMessage, body: Buffer, response: http.ServerResponse) => void;
let handle: Handler = () => undefined;
let base = '';
const server = http.createServer((request, response) => {
  const chunks: Buffer[] = [];
  request
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .on('end', () => handle(request, Buffer.concat(chunks), response));
});

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

function client(
  target: string,
  changes: Partial<WebhookClientOptions> = {},
  timeoutMs = 5_000,
  gzip = false,
): WebhookClient {
  return new WebhookClient(
    { kind: 'webhook', target, timeoutMs, gzip },
    {
      guard: makeTargetGuard(LOOPBACK_NETWORKS),
      secrets: () => [SECRET],
      clock: () => new Date(),
      maxAnswerBytes: 1_000,
      maxSockets: 4,
      ...changes,
    },
  );
}
const post = {
  method: 'POST' as const,
  path: '/x',
  id: 'AIS-000000001-1',
  body: Buffer.from('{"a":"ก"}'),
  contentType: 'application/json',
};

describe('what the provider gets', () => {
  test('is signed so that the official library verifies it, with each of several secrets', async () => {
    const seen: { headers: http.IncomingHttpHeaders; body: Buffer }[] = [];
    handle = (request, body, response) => {
      seen.push({ headers: request.headers, body });
      response.end('{}');
    };
    const sender = client(`${base}/below/`, { secrets: () => [SECRET, OTHER] });
    const result = await sender.send(post, never);
    assert.equal(result.end, 'answered');
    const got = seen[0]!;
    for (const secret of [SECRET, OTHER]) {
      assert.deepEqual(new Webhook(secret).verify(got.body, got.headers as Record<string, string>), { a: 'ก' });
    }
    assert.equal(got.headers['webhook-id'], post.id);
    sender.close();
  });

  test('is signed before compression', async () => {
    handle = (request, body, response) => {
      assert.equal(request.headers['content-encoding'], 'gzip');
      new Webhook(SECRET).verify(gunzipSync(body), request.headers as Record<string, string>);
      response.end('{}');
    };
    const sender = client(base, {}, 5_000, true);
    const result = await sender.send({ ...post, body: Buffer.from(JSON.stringify({ a: 'x'.repeat(5_000) })) }, never);
    assert.equal(result.end === 'answered' && result.status, 200);
    sender.close();
  });

  test('a GET signs an empty body and uses the same connection again', async () => {
    const ports = new Set<number | undefined>();
    handle = (request, body, response) => {
      ports.add(request.socket.remotePort);
      assert.equal(body.length, 0);
      new Webhook(SECRET).verify('', request.headers as Record<string, string>);
      response.end('{}');
    };
    const sender = client(base);
    for (let i = 0; i < 3; i++) {
      const result = await sender.send({ method: 'GET', path: '/s', id: `ask-${i}` }, never);
      assert.equal(result.end === 'answered' && result.status, 200);
    }
    assert.equal(ports.size, 1);
    sender.close();
  });
});

describe('did anything reach the provider?', () => {
  test('a refused connection: no', async () => {
    const probe = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const result = await client(`http://127.0.0.1:${port}`).send(post, never);
    assert.equal(result.end, 'notReached');
    assert.match((result as { detail: string }).detail, /ECONNREFUSED/);
  });

  test('a name that does not exist: no', async () => {
    assert.equal((await client('https://nothing.invalid').send(post, never)).end, 'notReached');
  });

  test('a server that speaks no TLS: no', async () => {
    const result = await client(base.replace('http:', 'https:')).send(post, never);
    assert.equal(result.end, 'notReached');
  });

  test('a connection cut after the request: unclear', async () => {
    handle = (request) => request.socket.destroy();
    assert.equal((await client(base).send(post, never)).end, 'unclear');
  });

  test('a provider that hangs: unclear, within the limit', async () => {
    handle = () => undefined;
    const result = await client(base, {}, 150).send(post, never);
    assert.deepEqual(result, { end: 'unclear', detail: 'no whole answer within 150 ms' });
  });

  test('a provider that hangs in the middle of its answer: unclear', async () => {
    handle = (_request, _body, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{');
    };
    assert.equal((await client(base, {}, 150).send(post, never)).end, 'unclear');
  });

  test('the hub stopping: unclear once connected', async () => {
    const stop = new AbortController();
    handle = () => stop.abort();
    assert.deepEqual(await client(base).send(post, stop.signal), {
      end: 'unclear',
      detail: 'stopped by the hub itself',
    });
    assert.equal((await client(base).send(post, stop.signal)).end, 'notReached');
  });
});

describe('limits', () => {
  test('an answer that is too long is not read: unclear', async () => {
    handle = (_request, _body, response) => response.end('x'.repeat(2_000));
    assert.equal((await client(base).send(post, never)).end, 'unclear');
  });

  test('a gzip bomb is not unpacked: unclear', async () => {
    const { gzipSync } = await import('node:zlib');
    handle = (_request, _body, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync(Buffer.alloc(10_000_000)));
    };
    assert.equal((await client(base, { maxAnswerBytes: 20_000 }).send(post, never)).end, 'unclear');
  });

  test('a redirect is not followed', async () => {
    let requests = 0;
    handle = (_request, _body, response) => {
      requests++;
      response.writeHead(307, { location: `${base}/elsewhere` }).end();
    };
    const result = await client(base).send(post, never);
    assert.equal(result.end === 'answered' && result.status, 307);
    assert.equal(requests, 1);
  });

  test('a loopback target is refused unless its network is named, by address and by name', async () => {
    let requests = 0;
    handle = (_request, _body, response) => {
      requests++;
      response.end('{}');
    };
    const { port } = server.address() as AddressInfo;
    const guard = makeTargetGuard([]);
    for (const target of [base, `http://localhost:${port}`, `https://127.0.0.1:${port}`, `https://localhost:${port}`]) {
      const result = await client(target, { guard }).send(post, never);
      assert.equal(result.end, 'notReached', target);
      assert.match((result as { detail: string }).detail, /allowedNetworks/, target);
    }
    assert.equal(requests, 0);
    assert.equal((await client(`http://localhost:${port}`).send(post, never)).end, 'answered');
  });

  test('without a usable secret nothing is sent, and the secret is not shown', async () => {
    for (const secrets of [[], ['whsec_short'], ['hunter2hunter2']]) {
      const result = await client(base, { secrets: () => secrets }).send(post, never);
      assert.equal(result.end, 'notReached');
      assert.doesNotMatch((result as { detail: string }).detail, /hunter2|_short/);
    }
  });
});
