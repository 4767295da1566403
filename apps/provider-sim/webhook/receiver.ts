// The provider's HTTP side that all webhook styles share: batches, status of a batch, highest number, with the dial's faults.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256 } from '../book/book.js';
import { type FaultKind, faultOf } from '../dial.js';
import type { KnownBatch, KnownPart, Provider } from '../provider.js';
import { between } from '../random.js';
import { type IncomingPart, type Outcomes, RefusedError } from '../words.js';
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

const HTML = '<!doctype html><title>Please wait</title><p>กรุณารอสักครู่';

export class WebhookReceiver {
  readonly injected: Partial<Record<FaultKind, number>> = {};
  readonly #hanging = new Set<ServerResponse>();

  private constructor(
    private readonly options: ReceiverOptions,
    private server: Server,
  ) {}

  static async open(options: ReceiverOptions): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(options, undefined as unknown as Server);
    receiver.server = await listen(options.host, options.port, (request, response) => receiver.#handle(request, response));
    return receiver;
  }

  /** The provider's `target`. */
  get address(): string {
    return addressOf(this.server);
  }

  close(): Promise<void> {
    return closed(this.server);
  }

  /** Leaves the caller without an answer until it gives up or the simulator stops. */
  hang(response: ServerResponse): void {
    this.#hanging.add(response);
    response.on('close', () => this.#hanging.delete(response));
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
    if (request.method === 'GET' && path.startsWith('/whitelist/')) return this.#question(path, response);
    problem(response, 404, 'NO_SUCH_ADDRESS', 'known are POST /whitelist/batches, GET /whitelist/batches/{batch}, GET /whitelist/state');
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
    const fault = await this.#fault();
    if (fault !== 'none' && this.#failedBefore(fault, response)) {
      provider.observer.arrived(part);
      return;
    }
    this.#answerBatch(response, part, body, fault);
  }

  #answerBatch(response: ServerResponse, part: IncomingPart, body: Buffer, fault: FaultKind | 'none'): void {
    const { provider, taken } = this.options;
    try {
      const verdict = provider.receive(part, body);
      if (fault === 'error500After') return problem(response, 500, 'INTERNAL', 'something went wrong');
      if (fault === 'resetAfter') return void response.socket?.resetAndDestroy();
      if (fault === 'hangAfter') return this.hang(response);
      if (verdict.verdict === 'taken') return taken(response, verdict.batch, verdict.part);
      if (!verdict.sameBytes) provider.observer.notice('repeated', { batch: part.batch, detail: 'other bytes under this number' });
      const { outcomes, sha256: hash } = verdict.part;
      answer(response, 409, {
        batch: part.batch, ...(part.parts > 1 ? { part: part.part } : {}), receipt: 'known', sha256: hash,
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
      const fault = await this.#fault();
      if (fault !== 'none' && this.#failedBefore(fault, response)) return;
    }
    if (provider.dial.statusQuery === 'off') {
      return problem(response, 501, 'NO_STATUS_QUERY', 'this provider cannot be asked what became of a batch');
    }
    if (path === '/whitelist/state') {
      const highest = provider.known.get(provider.highestBatch);
      return answer(response, 200, {
        provider: provider.code, highestBatch: highest?.batch ?? 0, sha256: highest?.sha256, appliedSeq: provider.applier.appliedSeq,
      });
    }
    const number = /^\/whitelist\/batches\/([1-9]\d{0,14})$/.exec(path)?.[1];
    const batch = number === undefined ? undefined : provider.known.get(Number(number));
    if (batch === undefined) return problem(response, 404, 'UNKNOWN_BATCH', 'no batch of this number is known here');
    answer(response, 200, { batch: batch.batch, state: batch.state, sha256: batch.sha256, outcomes: wholeOutcomes(batch) });
  }

  async #fault(): Promise<FaultKind | 'none'> {
    const { provider } = this.options;
    const { min, max } = provider.dial.delayMs;
    if (max > 0) await sleep(between(provider.random, min, max));
    return faultOf(provider.dial.faults, provider.random());
  }

  /** Plays a fault that comes before anything is applied; false for one that comes after. */
  #failedBefore(fault: FaultKind, response: ServerResponse): boolean {
    this.injected[fault] = (this.injected[fault] ?? 0) + 1;
    const later = { 'retry-after': String(this.options.provider.dial.retryAfterSeconds) };
    if (fault === 'error500Before') problem(response, 500, 'INTERNAL', 'something went wrong');
    else if (fault === 'tooMany') problem(response, 429, 'TOO_MANY', 'too many requests', later);
    else if (fault === 'unavailable') problem(response, 503, 'UNAVAILABLE', 'closed for a moment', later);
    else if (fault === 'unauthorized') problem(response, 401, 'CREDENTIALS', 'credentials are not accepted');
    else if (fault === 'html') answer(response, 200, HTML, { 'content-type': 'text/html; charset=utf-8' });
    else if (fault === 'resetBefore') response.socket?.resetAndDestroy();
    else if (fault === 'hangBefore') this.hang(response);
    else return false;
    return true;
  }
}

/**
 * The outcomes of all parts put together; undefined while one has none. Where the parts' defaults differ, `already` is
 * told as `applied`: the positions of a default cannot be listed without their refs.
 */
export function wholeOutcomes(batch: KnownBatch): Outcomes | undefined {
  if (batch.known.length < batch.parts) return undefined;
  const all: Outcomes[] = [];
  for (const one of [...batch.known].sort((a, b) => a.part - b.part)) {
    if (one.outcomes === undefined) return undefined;
    all.push(one.outcomes);
  }
  const alike = all.every((one) => one.default === all[0]!.default);
  const word = alike ? all[0]!.default : 'applied';
  const except = all.flatMap((one) => (alike ? one.except : one.except.filter((line) => line.outcome !== word)));
  return { default: word, except, first: all[0]!.first, last: all.at(-1)!.last };
}
