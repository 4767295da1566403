// Tells a provider by a signed event that a batch lies in its feed; the lines leave only when it fetches them.
import type { AskResult, HandOverResult, HighestAnswer, ProviderProfile, SealedBatch, SealedPart } from '#contracts';
import type { BatchExchange } from '../exchange/exchange.js';
import { retryAfterSeconds } from '../transports/retry-after.js';
import type { Exchange, WebhookClient } from '../transports/webhook.js';
import { looksLike } from '../wording.js';
import { renderThinEvent, thinEventId } from './thin-event.js';

/** Where the event is posted, below the provider's target. */
export const AVAILABLE_PATH = '/whitelist/available';

/** Path of a provider's feed at the hub. */
export function feedPath(provider: string): string {
  return `/v1/feed/${provider}/pages`;
}

const CONTENT_TYPE = 'application/cloudevents+json; charset=utf-8';

export class ThinExchange implements BatchExchange {
  /** @param hub the hub's public address, undefined when none is configured: then the event carries a path */
  constructor(
    private readonly profile: ProviderProfile,
    private readonly client: WebhookClient,
    private readonly hub: () => string | undefined,
    private readonly clock: () => Date,
  ) {}

  /** One event whatever the number of parts. A 2xx means that it was told; its receipt is that it fetches the batch. */
  async handOver(batch: SealedBatch, _parts: AsyncIterable<SealedPart>, signal: AbortSignal): Promise<HandOverResult> {
    return this.tell(batch, 0, signal);
  }

  /** Tells of the batch once more. */
  remind(batch: SealedBatch, reminder: number, signal: AbortSignal): Promise<HandOverResult> {
    return this.tell(batch, reminder, signal);
  }

  private async tell(batch: SealedBatch, reminder: number, signal: AbortSignal): Promise<HandOverResult> {
    const href = `${(this.hub() ?? '').replace(/\/+$/, '')}${feedPath(this.profile.code)}`;
    const exchange = await this.client.send(
      {
        method: 'POST',
        path: AVAILABLE_PATH,
        id: thinEventId(batch, reminder),
        body: renderThinEvent(batch, href, reminder),
        contentType: CONTENT_TYPE,
      },
      signal,
    );
    return judgeTold(exchange, this.clock());
  }

  /** It is never asked: what it fetched is known here. */
  ask(): Promise<AskResult> {
    return Promise.resolve({ answer: 'cannotTell', detail: 'a provider that pulls is not asked; the feed knows' });
  }

  /** Its cursor says how far it has read, when it comes with it. */
  highestNumber(): Promise<HighestAnswer> {
    return Promise.resolve({ said: 'cannotTell' });
  }

  close(): Promise<void> {
    this.client.close();
    return Promise.resolve();
  }
}

/**
 * What the answer to an event means. The same event may always be sent again: it carries no line, and a page is known by
 * its number. So nothing here is refused as a whole, and a provider that answers nonsense is simply told again.
 */
export function judgeTold(exchange: Exchange, now: Date): HandOverResult {
  if (exchange.end === 'notReached') {
    return exchange.forbidden
      ? { result: 'forbidden', detail: exchange.detail, status: null }
      : { result: 'notSent', detail: exchange.detail };
  }
  if (exchange.end === 'unclear') return { result: 'unclear', detail: exchange.detail, status: null };
  const { status, headers, body } = exchange;
  if (status >= 200 && status < 300) {
    // A page of HTML with status 200 is a proxy or a wrong address, where nobody was told.
    if (body.length > 0 && looksLike(body).includes('HTML'))
      return { result: 'unclear', detail: `status ${status} with an HTML page; is the target right?`, status };
    return { result: 'accepted', outcomes: null, status, receiptAwaited: true };
  }
  const detail = `status ${status}`;
  if (status === 429 || status === 503) {
    return { result: 'later', retryAfterS: retryAfterSeconds(headers['retry-after'], now), detail, status };
  }
  if (status === 409) return { result: 'accepted', outcomes: null, status, receiptAwaited: true };
  if (status >= 300 && status < 500 && status !== 408) {
    return { result: 'forbidden', detail: `${detail}; are the target and the signing secret right?`, status };
  }
  return { result: 'unclear', detail, status };
}
