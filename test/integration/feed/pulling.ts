// A simulated provider that pulls, as counterpart of the conformance suite; its feed is what the suite handed over.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LOOPBACK_NETWORKS, makeAdapter, referenceProfile, withEndpoint } from '#adapters';
import { Problem, type IncomingAnswer, type ProviderAdapter, type SealedPart } from '#contracts';
import type { Counterpart } from '../../../libs/adapters/conformance/counterpart.js';
import { startSimulator } from '../../../apps/provider-sim/simulator.js';
import { newSecret } from '../../../apps/provider-sim/webhook/signature.js';
import { TURNS } from '../adapters/simulated.js';

/** How long an answer is waited for before a test fails, in milliseconds. */
const LIMIT_MS = 20_000;

export interface Pulling extends Counterpart {
  stop(): Promise<void>;
}

export async function pullingCounterpart(): Promise<Pulling> {
  const answers: IncomingAnswer[] = [];
  const pages: { number: number; part: SealedPart }[] = [];
  let heard: () => void = () => undefined;

  const feed = (request: IncomingMessage, response: ServerResponse): void => {
    const after = /after=(\d+)-(\d+)/.exec(request.url ?? '');
    const [number, part] = [Number(after?.[1] ?? 0), Number(after?.[2] ?? 0)];
    const page = pages.find((one) => one.number > number || (one.number === number && one.part.part > part));
    const cursor = page ? `${page.number}-${page.part.part}` : `${number}-${part}`;
    response.setHeader('Link', `</v1/feed/3BB/pages?after=${cursor}>; rel="next"`);
    if (page) response.writeHead(200).end(page.part.bytes);
    else response.writeHead(204).end();
  };
  const hub = createServer((request, response) => {
    if (request.method === 'GET') return feed(request, response);
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        try {
          answers.push(adapter.readCallback!(request.headers as Record<string, string>, Buffer.concat(chunks)));
          response.writeHead(202).end('{"accepted":1,"setAside":0}');
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
          response.writeHead(error.status).end(JSON.stringify(error));
        }
        heard();
      });
  });
  await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
  const simulator = await startSimulator({ providers: ['3BB'], hub: address, settings: { '3BB': { feedKey: 'any' } } });
  const simulated = simulator.get('3BB');
  const profile = withEndpoint(referenceProfile('3BB')!, { target: simulated.address.target!, timeoutMs: 1_000 });
  const adapterWith = (signing: string): ProviderAdapter => {
    const made = makeAdapter(profile, {
      secrets: { secret: (name) => (name === profile.secrets.callback[0] ? simulated.ownSecret : signing) },
      allowedNetworks: LOOPBACK_NETWORKS,
      hubAddress: () => address,
    });
    return {
      ...made,
      // As dispatch does: what is sealed lies in the feed before anybody is told.
      async handOver(batch, parts, signal) {
        if (signing === simulated.hubSecrets[0])
          for await (const part of parts) pages.push({ number: batch.number, part });
        pages.sort((a, b) => a.number - b.number || a.part.part - b.part.part);
        return made.handOver(batch, parts, signal);
      },
    };
  };
  const adapter = adapterWith(simulated.hubSecrets[0]!);
  let number = 0;
  return {
    adapter,
    stranger: () => adapterWith(newSecret()),
    turn: (temper) => void simulated.turn(TURNS[temper]),
    nextNumber: () => ++number,
    async holds(one) {
      const stop = Date.now() + LIMIT_MS;
      // It fetches at its own pace; what was never told of is never there.
      while (pages.some((page) => page.number === one) && !simulated.provider.known.has(one) && Date.now() < stop)
        await new Promise((resolve) => setTimeout(resolve, 10));
      return simulated.provider.known.get(one)?.sha256 ?? null;
    },
    answers: () => answers,
    async until(condition) {
      const stop = AbortSignal.timeout(LIMIT_MS);
      while (!condition(answers)) {
        if (stop.aborted) throw new Error(`no such answer within ${LIMIT_MS} ms; ${answers.length} answers came`);
        await new Promise<void>((resolve) => {
          heard = resolve;
          stop.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    },
    async stop() {
      await adapter.close();
      await simulator.stop();
      hub.closeAllConnections();
      await new Promise((resolve) => hub.close(resolve));
    },
  };
}
