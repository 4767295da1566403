// Asks a provider for the digests of its list over the webhook's connection; see docs/providers/digests.md.
import { randomUUID } from 'node:crypto';
import type { ListObserver, Observed, ObservedItem, ObservedItems, ObservedLeaves, ObservedNodes } from '#contracts';
import { AnswerNotUsable, Complaints, isObject } from '../formats/reading.js';
import { readObject } from '../formats/outcomes-json.js';
import type { WebhookClient } from '../transports/webhook.js';
import { looksLike, quoted } from '../wording.js';

const NODES = 256;
const LEAVES = 65_536;
const DIGEST_BYTES = 16;
const LEAF_BYTES = 20;

export class WebhookObserver implements ListObserver {
  constructor(
    private readonly provider: string,
    private readonly client: WebhookClient,
  ) {}

  nodes(signal: AbortSignal): Promise<Observed<ObservedNodes>> {
    return this.question('/whitelist/digest', null, signal, (answer, complaints) => {
      const count = answer['count'];
      if (!isWhole(count)) complaints.add('"count" is not a whole number from 0');
      const nodes = bytesOf(answer['nodes'], NODES * DIGEST_BYTES);
      if (!nodes) complaints.add(`"nodes" is not base64 of ${NODES * DIGEST_BYTES} bytes`);
      return { count: Number(count), nodes: nodes ?? Buffer.alloc(0) };
    });
  }

  leaves(nodes: number[], signal: AbortSignal): Promise<Observed<ObservedLeaves>> {
    return this.question('/whitelist/digest/leaves', { nodes }, signal, (answer, complaints) => {
      const given = isObject(answer['leaves']) ? answer['leaves'] : {};
      const leaves = new Map<number, Buffer>();
      for (const node of nodes) {
        const bytes = bytesOf(given[String(node)], (LEAVES / NODES) * LEAF_BYTES);
        if (bytes) leaves.set(node, bytes);
        else complaints.add(`"leaves" has no base64 of ${(LEAVES / NODES) * LEAF_BYTES} bytes for node ${node}`);
      }
      return { leaves };
    });
  }

  items(leaves: number[], signal: AbortSignal): Promise<Observed<ObservedItems>> {
    return this.question('/whitelist/digest/items', { leaves }, signal, (answer, complaints) => {
      const given: unknown = answer['items'];
      if (!Array.isArray(given)) complaints.add('"items" is not an array');
      const items: ObservedItem[] = [];
      (Array.isArray(given) ? given : []).forEach((one: unknown, i) => {
        const item = itemOf(one);
        if (item) items.push(item);
        else complaints.add(`item ${i + 1} has not "leaf", "ref" and "item" (32 hex digits)`);
      });
      return { items };
    });
  }

  private async question<T extends object>(
    path: string,
    body: object | null,
    signal: AbortSignal,
    read: (answer: Record<string, unknown>, complaints: Complaints) => T,
  ): Promise<Observed<T & { appliedSeq: number }>> {
    const exchange = await this.client.send(
      {
        method: body ? 'POST' : 'GET',
        path,
        id: `digest-${randomUUID()}`,
        ...(body ? { body: Buffer.from(JSON.stringify(body)), contentType: 'application/json; charset=utf-8' } : {}),
      },
      signal,
    );
    if (exchange.end !== 'answered') return { said: 'no', detail: exchange.detail };
    if (exchange.status !== 200)
      return { said: 'no', detail: `status ${exchange.status} to ${path}: ${looksLike(exchange.body)}` };
    try {
      const answer = readObject(exchange.body);
      const complaints = new Complaints();
      // Another provider's list would look like a loss of everything.
      if (answer['provider'] !== this.provider) complaints.add(`"provider" is not ${this.provider}`);
      const { appliedSeq } = answer;
      if (!isWhole(appliedSeq)) complaints.add('"appliedSeq" is not a whole number from 0');
      const value = read(answer, complaints);
      complaints.settle();
      return { said: 'yes', value: { ...value, appliedSeq: Number(appliedSeq) }, bytes: exchange.body.length };
    } catch (error) {
      if (!(error instanceof AnswerNotUsable)) throw error;
      return { said: 'no', detail: `the answer to ${path} cannot be used: ${quoted(error.message)}` };
    }
  }
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function bytesOf(value: unknown, length: number): Buffer | null {
  if (typeof value !== 'string') return null;
  const bytes = Buffer.from(value, 'base64');
  return bytes.length === length ? bytes : null;
}

function itemOf(value: unknown): ObservedItem | null {
  if (!isObject(value)) return null;
  const { leaf, ref, item } = value;
  if (!isWhole(leaf) || leaf >= LEAVES || typeof ref !== 'string' || ref.length > 64) return null;
  if (typeof item !== 'string' || !/^[0-9a-f]{32}$/.test(item)) return null;
  return { leaf, ref, item: Buffer.from(item, 'hex') };
}
