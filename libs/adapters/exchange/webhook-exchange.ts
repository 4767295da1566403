// The feed contract over a webhook: hands parts over, asks for a batch, asks for the highest number.
import { randomUUID } from 'node:crypto';
import type { AskResult, HandOverResult, HighestAnswer, ProviderProfile, SealedBatch, SealedPart } from '#contracts';
import { partId } from '../formats/cloudevents.js';
import type { WebhookClient } from '../transports/webhook.js';
import { joinParts, type PartOutcomes } from './join-parts.js';
import { judgeAsk, judgeHandOver, judgeHighest } from './judge-answer.js';
import type { BatchExchange } from './exchange.js';

export class WebhookExchange implements BatchExchange {
  constructor(
    private readonly profile: ProviderProfile,
    private readonly client: WebhookClient,
    private readonly contentType: string,
    private readonly clock: () => Date,
  ) {}

  async handOver(batch: SealedBatch, parts: AsyncIterable<SealedPart>, signal: AbortSignal): Promise<HandOverResult> {
    const answers: PartOutcomes[] = [];
    let last: SealedPart | null = null;
    let known: { sha256: string | null; status: number | null } | null = null;
    let status: number | null = null;
    for await (const part of parts) {
      last = part;
      const exchange = await this.client.send(
        {
          method: 'POST',
          path: '/whitelist/batches',
          id: partId({ provider: this.profile.code, number: batch.number, part: part.part }),
          body: part.bytes,
          contentType: this.contentType,
        },
        signal,
      );
      const result = judgeHandOver(exchange, batch, part, this.clock());
      if (result.result === 'known') {
        if (part.parts === 1) return result;
        // A part that it has from an earlier attempt: go on with the next, the last word is on the whole.
        known = result;
        if (result.sha256 === batch.sha256) return result;
      } else if (result.result === 'accepted') {
        known = null;
        status = result.status;
      } else {
        return result;
      }
      answers.push({ span: { first: part.first, last: part.last }, outcomes: result.outcomes });
    }
    if (!last) return { result: 'notSent', detail: 'the batch has no part' };
    const outcomes = joinParts(answers);
    if (!known) return { result: 'accepted', outcomes, status };
    // The last part is there, so all are; the hash of that part alone proves as much as the hash of all of them.
    const same = known.sha256 === last.sha256;
    return { result: 'known', sha256: same ? batch.sha256 : known.sha256, outcomes, status: known.status };
  }

  async ask(batch: SealedBatch, signal: AbortSignal): Promise<AskResult> {
    return judgeAsk(await this.get(`/whitelist/batches/${batch.number}`, signal), batch);
  }

  async highestNumber(_above: number, signal: AbortSignal): Promise<HighestAnswer> {
    return judgeHighest(await this.get('/whitelist/state', signal), this.profile.code);
  }

  private get(path: string, signal: AbortSignal): ReturnType<WebhookClient['send']> {
    return this.client.send({ method: 'GET', path, id: `ask-${randomUUID()}` }, signal);
  }

  close(): Promise<void> {
    this.client.close();
    return Promise.resolve();
  }
}
