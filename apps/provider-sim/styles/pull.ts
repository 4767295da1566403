// Told by a thin event, then fetches the feed by cursor, applies it, and posts outcomes by signed callbacks (3BB).
import type { IncomingMessage, ServerResponse } from 'node:http';
import { followList } from '../destinations/fetch-list.js';
import type { KnownBatch, KnownPart } from '../known.js';
import { piecesOf } from '../pieces.js';
import { parsePage } from '../pull/parse-page.js';
import { Puller } from '../pull/puller.js';
import type { Provider } from '../provider.js';
import { answerSnapshot } from '../snapshot/http.js';
import { outcomeCallbacks } from '../webhook/callbacks.js';
import { FaultPlayer } from '../webhook/faults.js';
import { addressOf, closed, listen, problem, readBody } from '../webhook/http.js';
import { Verifier } from '../webhook/signature.js';
import type { Style } from './style.js';

const TYPE = 'th.onde.saphan.whitelist.available.v1';

/** What is wrong with an event, or null; it must name the batch and hold no line. */
function faultIn(body: string, id: string, provider: Provider): string | null {
  let event: Record<string, unknown>;
  try {
    event = JSON.parse(body) as Record<string, unknown>;
  } catch {
    return 'the body is no JSON';
  }
  const data = event['data'] as Record<string, unknown> | undefined;
  if (event['specversion'] !== '1.0' || event['type'] !== TYPE) return `type must be ${TYPE}`;
  if (typeof data !== 'object' || data === null || data['provider'] !== provider.code) return 'data is for another';
  if ('lines' in data) return 'an event holds no lines';
  if (!Number.isSafeInteger(data['batch']) || !/^[0-9a-f]{64}$/.test(String(data['sha256'])))
    return 'data is incomplete';
  const form = new RegExp(`^${provider.code}-${String(data['batch']).padStart(9, '0')}-(ready|again-\\d+)$`);
  if (!form.test(id) || event['id'] !== id)
    return 'id and webhook-id must be <provider>-<batch, 9 digits>-ready or -again-<k>';
  return null;
}

export const pullStyle: Style = {
  name: 'pull',
  read: (provider, body) => parsePage(body, provider.code).part,
  async start({ provider, host, port, hubSecrets, ownSecret, signatureCheck, hub, feedKey, told }) {
    const verifier = new Verifier(hubSecrets, signatureCheck);
    const faults = new FaultPlayer(provider);
    const callbacks = outcomeCallbacks(provider, ownSecret, hub);
    const puller = new Puller({
      provider,
      hub,
      key: feedKey,
      refused: (batch, part, outcomes) => {
        for (const piece of piecesOf(batch, part, outcomes, provider)) void callbacks.send(piece);
      },
    });
    const tell = async (batch: KnownBatch, part: KnownPart): Promise<void> => {
      if (part.silent || part.outcomes === undefined) return;
      const pieces = piecesOf(batch.batch, part.part, part.outcomes, provider);
      await Promise.all(pieces.map((piece) => callbacks.send(piece)));
      part.told = true;
      told(batch.batch, part.part);
    };
    const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const body = await readBody(request);
      const signature = verifier.verify(request.headers, body, body.toString());
      if (signature !== 'good') {
        provider.observer.violation('badSignature', { detail: `${request.method} ${signature}` });
        return problem(response, 401, 'BAD_SIGNATURE', `the Standard Webhooks signature is ${signature}`);
      }
      if (await answerSnapshot(provider, request, response)) return;
      if (
        request.method !== 'POST' ||
        new URL(request.url ?? '/', 'http://simulator').pathname !== '/whitelist/available'
      )
        return problem(response, 404, 'NO_SUCH_ADDRESS', 'known is POST /whitelist/available');
      const fault = faultIn(body.toString(), String(request.headers['webhook-id']), provider);
      if (fault !== null) {
        provider.observer.violation('malformedBatch', { detail: fault });
        return problem(response, 422, 'NOT_USABLE', fault);
      }
      const drawn = await faults.draw();
      if (drawn !== 'none' && faults.before(drawn, response) === 'played') return;
      puller.figures.told++;
      if (provider.random() >= provider.dial.pull.loses) puller.wake();
      else provider.effects.count('pull.loses');
      if (faults.after(drawn, response) === 'played') return;
      response.writeHead(204).end();
    };
    const server = await listen(host, port, handle);
    provider.onOutcomes((batch, part) => void setImmediate(() => void tell(batch, part)));
    for (const batch of provider.known.values()) {
      for (const part of batch.known) if (!part.told) void tell(batch, part);
    }
    puller.wake();
    const lists = followList(provider, hub, feedKey);
    return {
      address: { target: addressOf(server) },
      figures: () => ({
        faultsInjected: faults.injected,
        callbacks: callbacks.figures(),
        pull: { ...puller.figures, ...puller.fetcher.figures, cursor: puller.cursor() },
      }),
      wake: () => {
        callbacks.wake();
        puller.wake();
      },
      stop: async () => {
        lists.stop();
        puller.stop();
        callbacks.stop();
        await closed(server);
      },
    };
  },
};
