// Lists by webhook: POST {target}/destinations, answered at once (200) or later (202), then GET {target}/destinations.
import { randomUUID } from 'node:crypto';
import type { DestinationDelivery, DestinationsResult, DestinationVersion, ProviderProfile } from '#contracts';
import type { Exchange, WebhookClient } from '../transports/webhook.js';
import { judgeTrouble, objectOf, type Answered } from './judge-http.js';
import { destinationsEventId, renderDestinationsEvent } from './render-event.js';
import type { DestinationSender } from './sender.js';

export class EventSender implements DestinationSender {
  constructor(
    private readonly profile: ProviderProfile,
    private readonly client: WebhookClient,
    private readonly clock: () => Date,
  ) {}

  async send(
    version: DestinationVersion,
    { told }: DestinationDelivery,
    signal: AbortSignal,
  ): Promise<DestinationsResult> {
    if (told) {
      const answer = await this.client.send(
        { method: 'GET', path: '/destinations', id: `ask-${randomUUID()}` },
        signal,
      );
      // 404: it has none (any more), so it is told again.
      if (answer.end !== 'answered' || answer.status !== 404) return judgeHeld(answer, version, this.clock());
    }
    const answer = await this.client.send(
      {
        method: 'POST',
        path: '/destinations',
        id: destinationsEventId(this.profile.code, version.version),
        body: renderDestinationsEvent(this.profile.code, version),
        contentType: 'application/cloudevents+json; charset=utf-8',
      },
      signal,
    );
    return judgeReceipt(answer, version, this.clock());
  }

  close(): Promise<void> {
    this.client.close();
    return Promise.resolve();
  }
}

/** Judges the answer to the event. */
export function judgeReceipt(answer: Exchange, version: DestinationVersion, now: Date): DestinationsResult {
  if (answer.end !== 'answered' || (answer.status !== 200 && answer.status !== 202)) return judgeTrouble(answer, now);
  const held = read(answer);
  if (typeof held === 'string') return { result: 'unclear', detail: held, status: answer.status };
  if (held.version !== version.version) {
    return {
      result: 'unclear',
      detail: `it answered version ${held.version} where ${version.version} was sent`,
      status: answer.status,
    };
  }
  return answer.status === 202 ? { result: 'told', status: 202 } : acknowledged(held, version, answer.status);
}

/** Judges the answer to the question which version it enforces. */
function judgeHeld(answer: Exchange, version: DestinationVersion, now: Date): DestinationsResult {
  if (answer.end !== 'answered' || answer.status !== 200) return judgeTrouble(answer, now);
  const held = read(answer);
  if (typeof held === 'string') return { result: 'unclear', detail: held, status: answer.status };
  // An older one: it has not come to it yet.
  return held.version === version.version ? acknowledged(held, version, 200) : { result: 'told', status: 200 };
}

interface Held {
  version: number;
  sha256: unknown;
  enforcedSince: unknown;
}

function read(answer: Answered): Held | string {
  const value = objectOf(answer);
  if (typeof value === 'string') return value;
  const { version, sha256, enforcedSince } = value;
  return Number.isSafeInteger(version)
    ? { version: version as number, sha256, enforcedSince }
    : `status ${answer.status}, but "version" is no version`;
}

function acknowledged(held: Held, version: DestinationVersion, status: number): DestinationsResult {
  if (held.sha256 !== version.sha256)
    return { result: 'refused', detail: 'it holds another list under this version ("sha256" differs)', status };
  const since = typeof held.enforcedSince === 'string' ? new Date(held.enforcedSince) : null;
  return {
    result: 'acknowledged',
    enforcedSince: since && !Number.isNaN(since.getTime()) ? since : null,
    status,
  };
}
