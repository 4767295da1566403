// The provider's HTTP side that all webhook styles share: batches, status of a batch, highest number, with the dial's faults.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { sha256 } from '../book/book.js';
import type { FaultKind } from '../dial.js';
import { type KnownBatch, type KnownPart, wholeOutcomes } from '../known.js';
import type { Provider } from '../provider.js';
import { type IncomingPart, RefusedError } from '../words.js';
import { answerDestinations } from '../destinations/http.js';
import { answerDigest } from './digest.js';
import { answerSnapshot } from '../snapshot/http.js';
import { FaultPlayer } from './faults.js';
import { addressOf, answer, BodyError, closed, listen, problem, readBody } from './http.js';
import { parseEvent } from './parse-event.js';
import type { Verifier } from './signature.js';

export interface ReceiverOptions {
  provider: Provider;
  verifier: Verifier;
  host: string;
  port: number;
  /** Answers a part that was taken. */
  taken: (response: ServerResponse, batch: KnownBatch, part: KnownPart) => void;
}

export class WebhookReceiver {
  readonly faults: FaultPlayer;

  private constructor(
    private readonly options: ReceiverOptions,
    private server: Server,
  ) {
    this.faults = new FaultPlayer(options.provider);
  }

  static async open(options: ReceiverOptions): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(options, undefined as unknown as Server);
    receiver.server = await listen(options.host, options.port, (request, response) =>
      receiver.#handle(request, response),
    );
    return receiver;
  }

  /** The provider's `target`. */
  get address(): string {
    return addressOf(this.server);
  }

  close(): Promise<void> {
    return closed(this.server);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { provider, verifier } = this.options;
    const path = new URL(request.url ?? '/', 'http://simulator').pathname;
    const body = await readBody(request).catch((error: unknown) => {
      if (error instanceof BodyError && error.status === 413) provider.observer.notice('gzipBomb');
      throw error;
    });
    const text = body.toString();
    const signature = verifier.verify(request.headers, body, text);
    if (signature !== 'good') {
      provider.observer.violation('badSignature', { detail: `${request.method} ${signature}` });
      return problem(response, 401, 'BAD_SIGNATURE', `the Standard Webhooks signature is ${signature}`);
    }
    if (request.method === 'POST' && path === '/whitelist/batches') return this.#batch(request, response, body, text);
    if (answerDestinations(provider, request, path, text, response) === 'answered') return;
    const digest = answerDigest(provider, path, text);
    if (digest) return answer(response, 200, digest);
    if (await answerSnapshot(provider, request, response)) return;
    if (request.method === 'GET' && path.startsWith('/whitelist/')) return this.#question(path, response);
    problem(
      response,
      404,
      'NO_SUCH_ADDRESS',
      'known are POST /whitelist/batches, GET /whitelist/batches/{batch}, GET /whitelist/state',
    );
  }

  async #batch(request: IncomingMessage, response: ServerResponse, body: Buffer, text: string): Promise<void> {
    const { provider } = this.options;
    if (!String(request.headers['content-type']).startsWith('application/cloudevents+json')) {
      return problem(response, 415, 'WRONG_CONTENT_TYPE', 'Content-Type must be application/cloudevents+json');
    }
    let part: IncomingPart;
    try {
      part = parseEvent(text, sha256(body), provider.code);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      provider.observer.violation('malformedBatch', { detail: error.refusal.code });
      return problem(response, error.refusal.status, error.refusal.code, error.message);
    }
    const id = `${provider.code}-${String(part.batch).padStart(9, '0')}-${part.part}`;
    if (request.headers['webhook-id'] !== id) {
      provider.observer.violation('webhookIdForm', { batch: part.batch, detail: `webhook-id must be ${id}` });
    }
    const fault = await this.faults.draw();
    if (fault !== 'none' && this.faults.before(fault, response) === 'played') {
      provider.observer.arrived(part);
      return;
    }
    this.#answerBatch(response, part, body, fault);
  }

  #answerBatch(response: ServerResponse, part: IncomingPart, body: Buffer, fault: FaultKind | 'none'): void {
    const { provider, taken } = this.options;
    try {
      const verdict = provider.receive(part, body);
      if (this.faults.after(fault, response) === 'played') return;
      if (verdict.verdict === 'taken') return taken(response, verdict.batch, verdict.part);
      if (!verdict.sameBytes)
        provider.observer.notice('repeated', { batch: part.batch, detail: 'other bytes under this number' });
      const { outcomes, sha256: hash } = verdict.part;
      answer(response, 409, {
        batch: part.batch,
        ...(part.parts > 1 ? { part: part.part } : {}),
        receipt: 'known',
        sha256: hash,
        ...(verdict.part.silent ? {} : { outcomes }),
      });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      problem(response, error.refusal.status, error.refusal.code, error.message);
    }
  }

  async #question(path: string, response: ServerResponse): Promise<void> {
    const { provider } = this.options;
    if (provider.dial.faultsOn === 'everything') {
      const fault = await this.faults.draw();
      if (fault !== 'none' && this.faults.before(fault, response) === 'played') {
        provider.effects.count('faultsOn');
        return;
      }
    }
    if (provider.dial.statusQuery === 'off') {
      provider.effects.count('statusQuery');
      return problem(response, 501, 'NO_STATUS_QUERY', 'this provider cannot be asked what became of a batch');
    }
    if (path === '/whitelist/state') {
      const highest = provider.known.get(provider.highestBatch);
      return answer(response, 200, {
        provider: provider.code,
        highestBatch: highest?.batch ?? 0,
        sha256: highest?.sha256,
        appliedSeq: provider.applier.appliedSeq,
      });
    }
    const number = /^\/whitelist\/batches\/([1-9]\d{0,14})$/.exec(path)?.[1];
    const batch = number === undefined ? undefined : provider.known.get(Number(number));
    if (batch === undefined) return problem(response, 404, 'UNKNOWN_BATCH', 'no batch of this number is known here');
    answer(response, 200, {
      batch: batch.batch,
      state: batch.state,
      sha256: batch.sha256,
      outcomes: wholeOutcomes(batch),
    });
  }
}
