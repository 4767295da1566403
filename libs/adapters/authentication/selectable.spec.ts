// Authentication is chosen by the profile, whatever the format: every kind of message carries it.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProviderProfile, SealedBatch, SealedPart, WebhookTransport } from '#contracts';
import { makeAdapter } from '../make-adapter.js';
import { referenceProfile } from '../profiles/reference.js';
import { LOOPBACK_NETWORKS } from '../transports/target-guard.js';

describe('an API key by profile', () => {
  let server: http.Server;
  let target = '';
  let seen: { method: string | undefined; key: unknown; signed: boolean }[] = [];
  before(async () => {
    server = http.createServer((request, response) => {
      const { method, headers } = request;
      seen.push({ method, key: headers['x-partner-key'], signed: headers['webhook-signature'] !== undefined });
      request.resume().on('end', () => response.writeHead(403).end('{}'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  for (const code of ['AIS', 'TRUE', 'DTAC', '3BB']) {
    test(`${code} (${referenceProfile(code)?.format}): hand-over and questions carry it beside the signature`, async () => {
      seen = [];
      const reference = referenceProfile(code)!;
      const profile: ProviderProfile = {
        ...reference,
        transport: {
          ...(reference.transport as WebhookTransport),
          target,
          authentication: { kind: 'apiKey', header: 'X-Partner-Key', secret: 'x.apiKey.1' },
        },
      };
      const adapter = makeAdapter(profile, {
        secrets: { secret: (name) => (name === 'x.apiKey.1' ? 'partner-key-1' : `whsec_${'A'.repeat(44)}`) },
        allowedNetworks: LOOPBACK_NETWORKS,
        hubAddress: () => 'http://127.0.0.1:1',
      });
      const sha256 = 'a'.repeat(64);
      const at = { fromSeq: 1, toSeq: 1, sealedAt: new Date('2020-03-18T17:05:10Z') };
      const batch: SealedBatch = { provider: code, number: 1, kind: 'delta', lineCount: 1, sha256, ...at };
      const header = { provider: code, number: 1, kind: 'delta' as const, part: 1, parts: 1, count: 1, ...at };
      const line = {
        n: 1,
        op: 'ADD' as const,
        ref: '0198f0c2-7a31-7c55-8d2f-0a4be1a5b0c1',
        seq: 1,
        access: 'MB' as const,
      };
      const bytes = adapter.render(header, [
        { ...line, line: '+66812345678', package: 'WAH-MB', from: '2020-03-19', to: null },
      ]);
      const parts = async function* (): AsyncGenerator<SealedPart> {
        yield { part: 1, parts: 1, first: 1, last: 1, bytes, sha256 };
      };
      const result = await adapter.handOver(batch, parts(), new AbortController().signal);
      assert.equal(result.result, 'forbidden', JSON.stringify(result));
      const [, , step] = await adapter.probe(new AbortController().signal);
      assert.match(step?.text ?? '', /403/);
      await adapter.close();
      assert.ok(seen.some((one) => one.method === 'POST') && seen.some((one) => one.method === 'GET'));
      for (const one of seen) assert.deepEqual([one.key, one.signed], ['partner-key-1', true]);
    });
  }
});
