// The hub's side of callbacks, as the conformance tool plays it: verifies each as the hub does, and keeps what it heard.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Problem, type Outcomes, type ProviderProfile } from '#contracts';
import { LONGEST_CALLBACK_BYTES, readCallback } from '../../acknowledgement/callback.js';
import type { Fault } from './faults.js';
import { Waiters } from './waiters.js';

/** What is wrong with something heard: told to the case that is running when it comes. */
export type TellFault = (fault: Fault, seen: string) => void;

/** Answers what is no callback; false when it is none of its own either. */
export type Besides = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

interface Heard {
  number: number;
  outcomes: Outcomes;
}

export class CallbackListener {
  /** Callbacks taken so far, in the order in which they came. */
  readonly heard: Heard[] = [];
  /** Numbers whose first callback is answered 503 on purpose; then with what it said. */
  private readonly putOff = new Map<number, { state: 'due' | 'done' | 'again'; said: string }>();
  private readonly waiters = new Waiters();
  private server!: Server;

  /** @param sent tells whether a number was sent in this run. */
  private constructor(
    private readonly profile: ProviderProfile,
    private readonly secrets: () => string[],
    private readonly sent: (number: number) => boolean,
    private readonly tell: TellFault,
    private readonly besides: Besides,
  ) {}

  static async open(
    profile: ProviderProfile,
    at: { host: string; port: number },
    secrets: () => string[],
    sent: (number: number) => boolean,
    tell: TellFault,
    besides: Besides = () => Promise.resolve(false),
  ): Promise<CallbackListener> {
    const listener = new CallbackListener(profile, secrets, sent, tell, besides);
    listener.server = createServer((request, response) => {
      // A body that breaks off is no callback; whoever sent it sends it again.
      listener.take(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      listener.server.once('error', reject);
      listener.server.listen(at.port, at.host, resolve);
    });
    return listener;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The first callback of this number will be answered 503. */
  answerLater(number: number): void {
    this.putOff.set(number, { state: 'due', said: '' });
  }

  /** `none`: no callback came to be put off. `lost`: it did not come again. */
  afterLater(number: number): 'none' | 'lost' | 'cameAgain' {
    const state = this.putOff.get(number)?.state;
    return state === 'again' ? 'cameAgain' : state === 'done' ? 'lost' : 'none';
  }

  of(number: number): Outcomes[] {
    return this.heard.filter((one) => one.number === number).map((one) => one.outcomes);
  }

  /** Resolves when the condition holds or the time is over. Milliseconds. */
  until(condition: () => boolean, limitMs: number): Promise<boolean> {
    return this.waiters.until(condition, limitMs);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': status < 300 ? 'application/json' : 'application/problem+json' });
      response.end(JSON.stringify(body));
      this.waiters.wake();
    };
    if (await this.besides(request, response)) return;
    try {
      const body = await bodyOf(request);
      const path = new URL(request.url ?? '/', 'http://listener').pathname;
      const wanted = `/v1/providers/${this.profile.code}/acknowledgements`;
      if (request.method !== 'POST' || path !== wanted) {
        this.tell('callbackUnreadable', `${request.method} came where POST ${wanted} was expected`);
        return answer(404, { title: 'Not found', status: 404, detail: `POST ${wanted}` });
      }
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(' ') : value]),
      );
      const { number, outcomes } = readCallback(this.profile, this.secrets(), headers, body, new Date());
      if (!this.sent(number)) {
        this.tell('callbackForUnknownBatch', 'data.batch is none of the numbers of this run');
        return answer(202, { accepted: 0, setAside: 1 });
      }
      const off = this.putOff.get(number);
      const said = JSON.stringify(outcomes);
      if (off?.state === 'due') {
        this.putOff.set(number, { state: 'done', said });
        response.setHeader('retry-after', '1');
        return answer(503, { title: 'Later', status: 503, detail: 'send it again in a second' });
      }
      if (off?.state === 'done' && off.said === said) off.state = 'again';
      if (outcomes) this.heard.push({ number, outcomes });
      return answer(202, { accepted: outcomes?.except.length ?? 0, setAside: 0 });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const seen = [error.detail, ...(error.extra.errors ?? []).map((one) => one.detail)].join(' ');
      this.tell(error.status === 401 ? 'callbackNotVerified' : 'callbackUnreadable', seen);
      return answer(error.status, error.toJSON());
    }
  }
}

/** The raw body; one byte beyond the limit is enough for the refusal. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    pieces.push(piece);
    size += piece.length;
    if (size > LONGEST_CALLBACK_BYTES) break;
  }
  return Buffer.concat(pieces);
}
