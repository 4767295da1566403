// Asks a provider for its whole list over the webhook's connection: one answer of NDJSON, read as it comes.
import type { ProviderProfile, SnapshotForm, SnapshotObserver, SnapshotRead, SnapshotReader } from '#contracts';
import type { WebhookClient } from '../transports/webhook.js';
import { looksLike, quoted } from '../wording.js';
import { SnapshotNotUsable } from './line-checks.js';
import { readSnapshotStream } from './read-stream.js';
import { ndjson } from './snapshot-text.js';

const PATH = '/whitelist/snapshot';

export class ApiSnapshot implements SnapshotObserver {
  constructor(
    private readonly profile: ProviderProfile,
    private readonly form: SnapshotForm,
    private readonly client: WebhookClient,
  ) {}

  async read(request: string, reader: SnapshotReader, signal: AbortSignal): Promise<SnapshotRead> {
    const counts = { bytes: 0, roundTrips: 1, refusals: [] };
    const path = `${PATH}?request=${encodeURIComponent(request)}`;
    const answer = await this.client.open({ method: 'GET', path, id: `snapshot-${request}` }, signal);
    if (answer.end !== 'streaming') return { read: 'failed', detail: answer.detail, ...counts };
    const seen = counted(answer.body, (bytes) => (counts.bytes += bytes));
    try {
      if (answer.status !== 200) {
        const detail = `status ${answer.status} to ${PATH}: ${looksLike(await beginning(seen))}`;
        return { read: 'failed', detail, ...counts };
      }
      const stream = { text: ndjson, charset: 'utf-8' as const, most: this.form.maxBytes };
      const { sha256 } = await readSnapshotStream(seen, stream, this.profile, reader);
      return { read: 'whole', sha256, settle: () => Promise.resolve(), ...counts };
    } catch (error) {
      if (error instanceof SnapshotNotUsable) return { read: 'refused', detail: error.message, ...counts };
      const failed = answer.failed(error);
      if (failed === null) throw error;
      return { read: 'failed', detail: `the answer ended before its end: ${quoted(failed)}`, ...counts };
    } finally {
      answer.close();
    }
  }
}

async function* counted(source: AsyncIterable<Buffer>, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    count(chunk.length);
    yield chunk;
  }
}

/** Enough of an answer to say what it looks like. */
async function beginning(source: AsyncIterable<Buffer>): Promise<Buffer> {
  for await (const chunk of source) return chunk.subarray(0, 4_096);
  return Buffer.alloc(0);
}
