// The event that only says that there is something: number, range, count, hash and where to fetch it, never a line.
import type { SealedBatch } from '#contracts';
import { CONTRACT_VERSION, nineDigits } from '../formats/format.js';

export const AVAILABLE_EVENT_TYPE = 'th.onde.saphan.whitelist.available.v1';

/**
 * Identity of the event, constant over retries: its id and `webhook-id`. A reminder is a message of its own, since a
 * receiver drops an id that it has seen.
 * @param reminder 0 for the first telling
 */
export function thinEventId(batch: Pick<SealedBatch, 'provider' | 'number'>, reminder: number): string {
  return `${batch.provider}-${nineDigits(batch.number)}-${reminder === 0 ? 'ready' : `again-${reminder}`}`;
}

/**
 * The body. Pure: the same batch gives the same bytes.
 * @param href where the feed is: absolute, or a path at the hub
 */
export function renderThinEvent(batch: SealedBatch, href: string, reminder: number): Buffer {
  return Buffer.from(
    JSON.stringify({
      specversion: '1.0',
      id: thinEventId(batch, reminder),
      source: 'urn:saphan:hub',
      type: AVAILABLE_EVENT_TYPE,
      subject: batch.provider,
      time: batch.sealedAt.toISOString(),
      datacontenttype: 'application/json',
      sequence: nineDigits(batch.number),
      data: {
        contract: CONTRACT_VERSION,
        provider: batch.provider,
        batch: batch.number,
        kind: batch.kind,
        fromSeq: batch.fromSeq,
        toSeq: batch.toSeq,
        count: batch.lineCount,
        sha256: batch.sha256,
        href,
        ...(reminder === 0 ? {} : { reminder }),
      },
    }),
  );
}
