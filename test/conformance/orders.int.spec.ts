// docs/providers/receivers/dtac.mjs against the hub's own adapter: orders, events, look-ups, over a restart.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { LOOPBACK_NETWORKS, makeAdapter, referenceProfile, withEndpoint } from '#adapters';
import type { HandOverResult, IncomingAnswer } from '#contracts';
import { each, seal, testLines, type TestBatch } from '../../libs/adapters/conformance/batches.js';
import { wordsOf } from '../../libs/adapters/conformance/counterpart.js';
import { assertTmf641 } from '../support/tmf641-schema.js';
import { newSecret, startReceiver } from './documented.js';

const calm = new AbortController().signal;

test('docs/providers/receivers/dtac.mjs speaks TMF641 with the hub, and keeps its orders over a restart', async () => {
  const source = readFileSync(join(process.cwd(), 'docs', 'providers', 'receivers', 'dtac.mjs'), 'utf8');
  const [signing, own] = [newSecret(), newSecret()];
  const receiver = await startReceiver(source, { SIGNING_SECRETS: signing });
  const answers: IncomingAnswer[] = [];
  let heard = (): void => undefined;
  const listener = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const token = /\/tmf641\/([^/]+)\/listener/.exec(request.url ?? '')?.[1] ?? '';
      const body = Buffer.concat(pieces);
      assertTmf641('ServiceOrderStateChangeEvent', JSON.parse(body.toString()));
      answers.push(adapter.readCallback!({ 'callback-token': token }, body));
      response.writeHead(201, { 'content-type': 'application/json' }).end('{}');
      heard();
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const base = referenceProfile('DTAC')!;
  assert.equal(base.format, 'tmf641');
  const adapter = makeAdapter(withEndpoint(base, { target: receiver.target, timeoutMs: 5_000 }), {
    secrets: { secret: (name) => (base.secrets.signing.includes(name) ? signing : own) },
    allowedNetworks: LOOPBACK_NETWORKS,
    callbackBase: () => `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
  });
  const handOver = (made: TestBatch): Promise<HandOverResult> => adapter.handOver(made.batch, each(made.parts), calm);
  const words = async (made: TestBatch): Promise<ReturnType<typeof wordsOf>> => {
    const { number, lineCount } = made.batch;
    const said = (): ReturnType<typeof wordsOf> => wordsOf(answers, number, lineCount);
    while (said().size < lineCount) await new Promise<void>((resolve) => (heard = resolve));
    return said();
  };
  try {
    const made = seal(adapter, 1, testLines(3, 1, 'MB'));
    assert.equal((await handOver(made)).result, 'accepted');
    const added = await words(made);
    assert.deepEqual(
      [...added.values()].map((one) => one.outcome),
      Array(3).fill('applied'),
    );
    await receiver.restart();
    assert.equal((await handOver(made)).result, 'known');
    assert.equal((await adapter.ask(made.batch, calm)).answer, 'has');
    assert.deepEqual(await adapter.highestNumber(0, calm), {
      said: 'number',
      number: 1,
      sha256: null,
      appliedSeq: null,
    });
    const removals = made.lines.map((line) => ({
      ...line,
      op: 'REMOVE' as const,
      seq: line.seq + 100,
      handle: added.get(line.n)?.handle ?? null,
    }));
    for (const [number, expected] of [
      [2, 'applied'],
      [3, 'already'],
    ] as const) {
      const next = seal(
        adapter,
        number,
        removals.map((line) => ({ ...line, seq: line.seq + number })),
      );
      assert.equal((await handOver(next)).result, 'accepted');
      assert.deepEqual(
        [...(await words(next)).values()].map((one) => one.outcome),
        Array(3).fill(expected),
      );
    }
    assert.equal((await adapter.ask(seal(adapter, 9, testLines(1, 9, 'MB')).batch, calm)).answer, 'hasNot');
  } finally {
    await adapter.close();
    await receiver.stop();
    await new Promise((resolve) => listener.close(resolve));
  }
});
