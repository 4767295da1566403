// Authentication against real servers: oidc-provider's token endpoint, a TLS server that demands certificates, an API key.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Provider, type Configuration } from 'oidc-provider';
import type { Authentication, MutualTls } from '#contracts';
import { newAuthority, type Identity, type TestAuthority } from '../../../test/support/certificates.js';
import { LOOPBACK_NETWORKS, makeTargetGuard } from '../transports/target-guard.js';
import { WebhookClient } from '../transports/webhook.js';
import { checkPair, viewCertificate } from './mutual-tls.js';

const SIGNING = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const never = new AbortController().signal;
const get = { method: 'GET' as const, path: '/whitelist/state', id: 'ask-1' };

function client(
  target: string,
  secrets: Record<string, string>,
  with_: { authentication?: Authentication; mutualTls?: MutualTls },
  now: () => Date = () => new Date(),
): WebhookClient {
  return new WebhookClient(
    { kind: 'webhook', target, timeoutMs: 5_000, gzip: false, ...with_ },
    {
      guard: makeTargetGuard(LOOPBACK_NETWORKS),
      secrets: () => [SIGNING],
      secret: (name) => secrets[name],
      clock: now,
      maxAnswerBytes: 10_000,
      maxSockets: 4,
    },
  );
}

async function listen(server: http.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function end(server: http.Server | undefined): void {
  server?.closeAllConnections();
  server?.close();
}

describe('an API key', () => {
  let server: http.Server;
  let base = '';
  let seen: (string | undefined)[] = [];
  before(async () => {
    server = http.createServer((request, response) => {
      const key = request.headers['x-partner-key'];
      seen.push(typeof key === 'string' ? key : undefined);
      response.writeHead(key === 'k-2' ? 200 : 401).end('{}');
    });
    base = `http://127.0.0.1:${await listen(server)}`;
  });
  after(() => end(server));

  const authentication: Authentication = { kind: 'apiKey', header: 'X-Partner-Key', secret: 'nt.apiKey.1' };

  test('stands in the header that the provider named, read anew for every request', async () => {
    const secrets: Record<string, string> = { 'nt.apiKey.1': 'k-1' };
    const sender = client(base, secrets, { authentication });
    const first = await sender.send(get, never);
    assert.equal(first.end === 'answered' && first.status, 401);
    assert.deepEqual(seen, ['k-1'], 'the same key is not tried twice');
    secrets['nt.apiKey.1'] = 'k-2';
    const second = await sender.send(get, never);
    assert.equal(second.end === 'answered' && second.status, 200);
    sender.close();
  });

  test('that is missing or cannot stand in a header needs a person, and nothing is sent', async () => {
    seen = [];
    for (const secrets of [{}, { 'nt.apiKey.1': 'two\r\nlines' }] as Record<string, string>[]) {
      const result = await client(base, secrets, { authentication }).send(get, never);
      assert.equal(result.end === 'notReached' && result.forbidden, true);
      assert.match((result as { detail: string }).detail, /the secret "nt.apiKey.1"/);
      assert.doesNotMatch(JSON.stringify(result), /two/);
    }
    assert.deepEqual(seen, []);
  });
});

describe('OAuth 2.0 client credentials', () => {
  const CLIENT_SECRET = 'correct-horse-battery-staple-1234';
  let issuer: http.Server;
  let tokenUrl = '';
  let tokenAnswers: number[] = [];
  let resource: http.Server;
  let target = '';
  let tokens: string[] = [];
  let withdrawn = new Set<string>();

  before(async () => {
    const configuration: Configuration = {
      clients: [
        {
          client_id: 'saphan',
          client_secret: CLIENT_SECRET,
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
          scope: 'whitelist.write',
        },
      ],
      scopes: ['whitelist.write'],
      features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
      ttl: { ClientCredentials: 600 },
    };
    issuer = http.createServer();
    const port = await listen(issuer);
    const provider = new Provider(`http://127.0.0.1:${port}`, configuration);
    const handle = provider.callback();
    issuer.on('request', (request, response) => {
      response.on('finish', () => tokenAnswers.push(response.statusCode));
      void handle(request, response);
    });
    tokenUrl = `http://127.0.0.1:${port}/token`;
    resource = http.createServer((request, response) => {
      const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
      void provider.ClientCredentials.find(token).then((found) => {
        tokens.push(token);
        response.writeHead(found && !withdrawn.has(token) ? 200 : 401).end('{}');
      });
    });
    target = `http://127.0.0.1:${await listen(resource)}`;
  });
  after(() => {
    end(issuer);
    end(resource);
  });

  const settings = (url = tokenUrl): { authentication: Authentication } => ({
    authentication: {
      kind: 'oauth2',
      tokenUrl: url,
      clientId: 'saphan',
      secret: 'nt.oauth2.1',
      scope: 'whitelist.write',
    },
  });
  const reset = (): void => {
    tokenAnswers = [];
    tokens = [];
    withdrawn = new Set();
  };

  test('a token is fetched once for many requests, and again shortly before its end', async () => {
    reset();
    let now = Date.now();
    const sender = client(target, { 'nt.oauth2.1': CLIENT_SECRET }, settings(), () => new Date(now));
    const answers = await Promise.all([1, 2, 3].map(() => sender.send(get, never)));
    assert.deepEqual(
      answers.map((one) => (one.end === 'answered' ? one.status : one)),
      [200, 200, 200],
    );
    assert.deepEqual(tokenAnswers, [200]);
    now += 530_000;
    await sender.send(get, never);
    assert.deepEqual(tokenAnswers, [200], 'still valid for more than a minute');
    now += 15_000;
    await sender.send(get, never);
    assert.deepEqual(tokenAnswers, [200, 200], 'renewed within its last minute');
    assert.equal(new Set(tokens).size, 2);
    sender.close();
  });

  test('a 401 brings one fresh token, and only one', async () => {
    reset();
    const sender = client(target, { 'nt.oauth2.1': CLIENT_SECRET }, settings());
    await sender.send(get, never);
    withdrawn.add(tokens[0]!);
    const again = await sender.send(get, never);
    assert.equal(again.end === 'answered' && again.status, 200);
    assert.deepEqual(tokenAnswers, [200, 200]);
    resource.removeAllListeners('request');
    let asked = 0;
    const refuse = (_request: unknown, response: http.ServerResponse): void => {
      asked += 1;
      response.writeHead(401).end('{}');
    };
    const had = tokenAnswers.length;
    resource.on('request', refuse);
    const refused = await sender.send(get, never);
    assert.equal(refused.end === 'answered' && refused.status, 401);
    assert.equal(asked, 2);
    assert.equal(tokenAnswers.length, had + 1);
    sender.close();
  });

  test('a wrong client secret needs a person and is never shown', async () => {
    reset();
    const result = await client(target, { 'nt.oauth2.1': 'a-wrong-secret' }, settings()).send(get, never);
    assert.equal(result.end === 'notReached' && result.forbidden, true, JSON.stringify(result));
    assert.match((result as { detail: string }).detail, /client id or secret is wrong/);
    assert.doesNotMatch(JSON.stringify(result), /a-wrong-secret/);
    assert.deepEqual(tokens, [], 'nothing was sent to the provider');
  });

  test('a rotated client secret is used at once', async () => {
    reset();
    const secrets = { 'nt.oauth2.1': 'a-wrong-secret' };
    const sender = client(target, secrets, settings());
    assert.equal((await sender.send(get, never)).end, 'notReached');
    secrets['nt.oauth2.1'] = CLIENT_SECRET;
    assert.equal((await sender.send(get, never)).end, 'answered');
    sender.close();
  });

  test('a token endpoint that cannot be reached is no fault of credentials', async () => {
    const nobody = http.createServer();
    const port = await listen(nobody);
    await new Promise((resolve) => nobody.close(resolve));
    for (const url of [`http://127.0.0.1:${port}/token`, 'http://192.0.2.1/token']) {
      const result = await client(target, { 'nt.oauth2.1': CLIENT_SECRET }, settings(url)).send(get, never);
      assert.equal(result.end, 'notReached');
      assert.equal((result as { forbidden?: true }).forbidden, undefined);
    }
  });

  test('an address that is no token endpoint needs a person, one that is down does not', async () => {
    for (const [status, forbidden] of [
      [200, true],
      [404, true],
      [503, undefined],
    ] as const) {
      const page = http.createServer((_request, response) => {
        response.writeHead(status, { 'content-type': 'text/html' }).end('<html>hello</html>');
      });
      const url = `http://127.0.0.1:${await listen(page)}/token`;
      const result = await client(target, { 'nt.oauth2.1': CLIENT_SECRET }, settings(url)).send(get, never);
      assert.deepEqual(
        [result.end, (result as { forbidden?: true }).forbidden],
        ['notReached', forbidden],
        `${status}`,
      );
      end(page);
    }
  });
});

describe('mutual TLS', () => {
  let authority: TestAuthority;
  let server: https.Server;
  let base = '';
  let ours: Identity;
  let names: string[] = [];
  const mutualTls: MutualTls = { certificate: 'nt.tls.1', key: 'nt.tlsKey.1', authority: 'nt.authority.1' };

  before(async () => {
    authority = await newAuthority();
    ours = await authority.issue('saphan', 'client');
    const { certificate, key } = await authority.issue('provider', 'server');
    server = https.createServer(
      { cert: certificate, key, ca: authority.certificate, requestCert: true, rejectUnauthorized: true },
      (request, response) => {
        names.push(String((request.socket as import('node:tls').TLSSocket).getPeerCertificate().subject.CN));
        response.end('{}');
      },
    );
    base = `https://127.0.0.1:${await listen(server)}`;
  });
  after(() => end(server));

  const vault = (identity: Identity, ca = authority.certificate): Record<string, string> => ({
    'nt.tls.1': identity.certificate,
    'nt.tlsKey.1': identity.key,
    'nt.authority.1': ca,
  });

  test('the provider sees our certificate and we its authority; a rotated certificate is shown without restart', async () => {
    names = [];
    const secrets = vault(ours);
    const sender = client(base, secrets, { mutualTls });
    const result = await sender.send(get, never);
    assert.equal(result.end === 'answered' && result.status, 200, JSON.stringify(result));
    Object.assign(secrets, vault(await authority.issue('saphan-2', 'client')));
    await sender.send(get, never);
    assert.deepEqual(names, ['saphan', 'saphan-2']);
    sender.close();
  });

  test('a server that only cuts the connection leaves it unclear, with a hint', async () => {
    names = [];
    const stranger = await (await newAuthority('Stranger')).issue('stranger', 'client');
    const result = await client(base, vault(stranger), { mutualTls }).send(get, never);
    assert.equal(result.end, 'unclear');
    assert.match((result as { detail: string }).detail, /does not take our TLS certificate may end like this/);
    assert.deepEqual(names, []);
  });

  test('a server that says what it misses shows that a person is needed, and that nothing was done', async (t) => {
    const { certificate, key } = await authority.issue('provider', 'server');
    const folder = mkdtempSync(join(tmpdir(), 'saphan-tls-'));
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    };
    const files = ['-cert', file('cert.pem', certificate), '-key', file('key.pem', key)];
    const demand = ['-CAfile', file('ca.pem', authority.certificate), '-Verify', '1', '-verify_return_error'];
    const openssl = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', ...files, ...demand, '-www'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const port = await new Promise<string | null>((resolve) => {
        let text = '';
        openssl.on('error', () => resolve(null));
        openssl.on('exit', () => resolve(null));
        openssl.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          const found = /ACCEPT 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
          if (found) resolve(found);
        });
      });
      if (port === null) return t.skip('openssl is not installed: apt-get install openssl');
      const stranger = await (await newAuthority('Stranger')).issue('stranger', 'client');
      const result = await client(`https://127.0.0.1:${port}`, vault(stranger), { mutualTls }).send(get, never);
      assert.equal(result.end === 'notReached' && result.forbidden, true, JSON.stringify(result));
      assert.match((result as { detail: string }).detail, /does not take our TLS certificate/);
    } finally {
      openssl.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a server of another authority is not talked to', async () => {
    names = [];
    const other = (await newAuthority('Other')).certificate;
    const result = await client(base, vault(ours, other), { mutualTls }).send(get, never);
    assert.equal(result.end, 'notReached');
    assert.deepEqual(names, []);
  });

  test('an expired, unreadable or missing certificate needs a person before anything is connected', async () => {
    const expired = await authority.issue('saphan', 'client', -1);
    const strangers = await authority.issue('saphan', 'client');
    const cases: [Record<string, string>, RegExp][] = [
      [vault(expired), /our certificate ended on \d{4}-\d\d-\d\d; rotate it/],
      [vault({ certificate: 'nonsense', key: ours.key }), /no certificate in PEM/],
      [vault({ certificate: ours.certificate, key: strangers.key }), /does not belong to the certificate/],
      [{}, /the secret "nt.tls.1" is not in the vault/],
    ];
    for (const [secrets, words] of cases) {
      const result = await client(base, secrets, { mutualTls }).send(get, never);
      assert.equal(result.end === 'notReached' && result.forbidden, true);
      assert.match((result as { detail: string }).detail, words);
      assert.doesNotMatch((result as { detail: string }).detail, /PRIVATE KEY/);
    }
  });

  test('the end of a certificate can be read', async () => {
    const { validTo, subject, fingerprint } = viewCertificate(ours.certificate);
    assert.ok(validTo.getTime() > Date.now() + 29 * 86_400_000);
    assert.equal(subject, 'CN=saphan');
    assert.match(fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    checkPair(ours.certificate, ours.key);
  });
});
