// The hub as the conformance tool plays it against a webhook receiver: numbers of its own, every request signed (or
// spoilt on purpose), every answer judged by the same readers that the hub uses.
import { randomUUID } from 'node:crypto';
import type { BatchKind, BatchLine, ProviderProfile, WebhookTransport } from '#contracts';
import { cloudEvents, partId } from '../../formats/cloudevents.js';
import { readObject, readOutcomes } from '../../formats/outcomes-json.js';
import { AnswerNotUsable, Complaints } from '../../formats/reading.js';
import type { Exchange, WebhookRequest } from '../../transports/webhook.js';
import { looksLike, quoted } from '../../wording.js';
import { sealRendered, type TestBatch } from '../batches.js';
import { type Fault } from './faults.js';
import { judgeOutcomes, type SpokenOutcomes } from './judge-outcomes.js';
import type { CallbackListener } from './listener.js';
import type { Findings } from './report.js';
import { SpoiltClients, type ClientSpoil } from './spoilt-clients.js';
import { linesFor, type LinePool, type Subject } from './test-lines.js';

/** How a message is spoilt, beside its signature. */
export interface Spoil extends ClientSpoil {
  /** Other bytes than those sealed. */
  body?: Buffer;
}

/** What an answer to a part is, before its outcomes are looked at. */
export type Word = 'taken' | 'known' | 'refused' | 'forbidden' | 'nonsense' | 'none';

export interface Answered {
  word: Word;
  status: number | null;
  answer: Record<string, unknown>;
  seen: string;
}

export interface PlayOptions {
  profile: ProviderProfile & { transport: WebhookTransport };
  secret: (name: string) => string | undefined;
  allowedNetworks: readonly string[];
  ca?: string;
  pool: LinePool;
  findings: Findings;
  /** Numbers that were sent; filled here. */
  numbers: Set<number>;
  listener: CallbackListener | null;
  /** Milliseconds to wait for callbacks. */
  waitMs: number;
  firstNumber: number;
}

export class Play {
  readonly figures = { batches: 0, lines: 0, largestBytes: 0, slowestMs: 0 };
  private next: number;
  private waitMs: number;
  private readonly clients: SpoiltClients;

  constructor(private readonly options: PlayOptions) {
    this.next = options.firstNumber;
    this.waitMs = options.waitMs;
    this.clients = new SpoiltClients({
      ...options,
      maxAnswerBytes: 64 * 1024 + options.profile.maxLines * 256,
      maxSockets: 2,
    });
  }

  get profile(): ProviderProfile & { transport: WebhookTransport } {
    return this.options.profile;
  }
  get pool(): LinePool {
    return this.options.pool;
  }
  get findings(): Findings {
    return this.options.findings;
  }
  get listener(): CallbackListener | null {
    return this.options.listener;
  }

  /** Milliseconds that a callback is waited for. */
  get patienceMs(): number {
    return this.waitMs;
  }

  /** The highest number that was sent, 0 when none was. */
  get highest(): number {
    return Math.max(0, ...this.options.numbers);
  }

  nextNumber(): number {
    return this.next++;
  }

  startAt(number: number): void {
    this.next = Math.max(this.next, number);
  }

  /** Subjects as a batch of its own under `number` (the next one when absent). */
  batch(subjects: readonly Subject[], op: BatchLine['op'], number = this.nextNumber()): TestBatch {
    return this.seal(number, linesFor(subjects, op, number));
  }

  seal(number: number, lines: BatchLine[], kind: BatchKind = 'delta', parts = 1): TestBatch {
    return sealRendered(
      this.profile.code,
      (header, some) => cloudEvents.render(header, some),
      number,
      lines,
      kind,
      parts,
    );
  }

  /** Sends one part (the only one, or of those that there are the one with this number). */
  async send(made: TestBatch, spoil: Spoil = {}, part = 1): Promise<Answered> {
    const sealed = made.parts[part - 1]!;
    const body = spoil.body ?? sealed.bytes;
    const { number } = made.batch;
    this.options.numbers.add(number);
    this.figures.batches++;
    this.figures.lines += sealed.last - sealed.first + 1;
    this.figures.largestBytes = Math.max(this.figures.largestBytes, body.length);
    const exchange = await this.request(
      {
        method: 'POST',
        path: '/whitelist/batches',
        id: partId({ provider: this.profile.code, number, part }),
        body,
        contentType: cloudEvents.contentType,
        ...(spoil.signature === 'absent' ? { unsigned: true } : {}),
      },
      // Compression that is not taken was told; everything else is looked at without it.
      this.findings.has('gzipRefused') ? { ...spoil, plain: true } : spoil,
    );
    return this.wordOf(exchange, number);
  }

  ask(path: string): Promise<Exchange> {
    return this.request({ method: 'GET', path, id: `ask-${randomUUID()}` }, {});
  }

  private async request(request: WebhookRequest, spoil: Spoil): Promise<Exchange> {
    const began = performance.now();
    const exchange = await this.clients.of(spoil).send(request, new AbortController().signal);
    this.figures.slowestMs = Math.max(this.figures.slowestMs, Math.round(performance.now() - began));
    return exchange;
  }

  /** One word for an answer; what is no answer of the contract is told as a fault here, once for all cases. */
  private wordOf(exchange: Exchange, number: number): Answered {
    const none = { status: null, answer: {} };
    if (exchange.end === 'notReached') {
      this.findings.fault(exchange.forbidden ? 'goodRefused' : 'notReachable', exchange.detail);
      return { ...none, word: 'none', seen: exchange.detail };
    }
    if (exchange.end === 'unclear') {
      this.findings.fault('noAnswer', exchange.detail);
      return { ...none, word: 'none', seen: exchange.detail };
    }
    const { status, body } = exchange;
    const shown = `status ${status}`;
    if (status === 401 || status === 403)
      return { word: 'forbidden', status, answer: {}, seen: `${shown}${detailOf(body)}` };
    if (status === 200 || status === 202 || status === 409) {
      try {
        const type = exchange.headers['content-type'];
        // As the hub does: what says of itself that it is something else is not read.
        if (type !== undefined && !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type))
          throw new AnswerNotUsable([`Content-Type is "${quoted(type)}", JSON was expected`]);
        const answer = readObject(body);
        const wanted = status === 409 ? 'known' : 'accepted';
        const complaints = new Complaints();
        if (answer['batch'] !== number) complaints.add('"batch" is not the number that was sent');
        if (status !== 409 && answer['receipt'] !== wanted) complaints.add(`"receipt" is not "${wanted}"`);
        complaints.settle();
        return { word: status === 409 ? 'known' : 'taken', status, answer, seen: shown };
      } catch (error) {
        if (!(error instanceof AnswerNotUsable)) throw error;
        this.findings.fault('answerNotContract', `${shown}: ${error.message}`);
        return { word: 'nonsense', status, answer: {}, seen: shown };
      }
    }
    const seen = `${shown}${detailOf(body)}`;
    return {
      word: status === 400 || status === 413 || status === 422 ? 'refused' : 'nonsense',
      status,
      answer: {},
      seen,
    };
  }

  /** Expects that a batch is taken with an outcome for every position; tells `fault` when it was refused. */
  async expectTaken(made: TestBatch, fault: Fault, spoil: Spoil = {}): Promise<SpokenOutcomes | null> {
    const answered = await this.send(made, spoil);
    if (answered.word !== 'taken') {
      // What is no answer at all was told already.
      if (answered.word !== 'none' && answered.status !== 200 && answered.status !== 202)
        this.findings.fault(fault, answered.seen);
      return null;
    }
    return this.outcomesOf(made, answered);
  }

  /** The outcomes of a batch that was taken: from the answers given, and by callback when that is the way. */
  async outcomesOf(made: TestBatch, ...answers: Answered[]): Promise<SpokenOutcomes> {
    const { number, lineCount } = made.batch;
    const told = answers.flatMap(({ answer }, i) => {
      const part = made.parts[i]!;
      const complaints = new Complaints();
      const outcomes = readOutcomes(answer['outcomes'], null, complaints);
      if (complaints.any) this.findings.fault('answerNotContract', complaints.error().message);
      return outcomes ? [{ ...outcomes, first: outcomes.first ?? part.first, last: outcomes.last ?? part.last }] : [];
    });
    const { listener } = this;
    const heard = (): ReturnType<typeof judgeOutcomes> =>
      judgeOutcomes(made.lines, [...told, ...(listener?.of(number) ?? [])]);
    if (listener) {
      await listener.until(() => heard().missing === 0 || this.findings.has('callbackNotVerified'), this.waitMs);
      // A moment more: what follows the last word may contradict it.
      await listener.until(() => heard().faults.length > 0, Math.min(100, this.waitMs));
    }
    const judged = heard();
    for (const { fault, seen } of judged.faults) this.findings.fault(fault, seen);
    if (judged.missing > 0) this.tellMissing(judged, lineCount, told.length > 0);
    return judged;
  }

  private tellMissing(judged: SpokenOutcomes, lines: number, answered: boolean): void {
    const seen = `${judged.missing} of ${lines} positions without an outcome`;
    // Positions that were answered wrongly are missing for that reason, which was told.
    const told: Fault[] = ['callbackNotVerified', 'callbackUnreadable', 'callbackForUnknownBatch'];
    if (judged.faults.length > 0 || told.some((fault) => this.findings.has(fault))) {
      this.impatient();
      return;
    }
    if (this.listener) {
      this.findings.fault('callbackMissing', seen);
      this.impatient();
    } else if (answered) this.findings.fault('outcomesIncomplete', seen);
    else if (!this.findings.currentHas('answerNotContract')) this.findings.fault('outcomesAbsent', seen);
  }

  /** Once a wait was in vain the others need not be as long: the fault is told. */
  private impatient(): void {
    this.waitMs = Math.min(this.waitMs, 150);
  }

  /** Expects that the batch is known, with the hash of `holds`. `otherwise` is told when it was taken again. */
  expectKnown(answered: Answered, holds: string[], otherwise: Fault): void {
    if (answered.word === 'none' || (answered.word === 'nonsense' && answered.status === 200)) return;
    if (answered.word === 'taken') return this.findings.fault(otherwise, answered.seen);
    if (answered.word !== 'known') {
      // Refusing other content as a whole is safe; refusing the same content is not: the hub would give up on it.
      if (otherwise === 'otherBytesTaken' && answered.word === 'refused') return;
      if (answered.status !== 409) this.findings.fault('statusWrong', `${answered.seen} where 409 was expected`);
      return;
    }
    this.expectHash(answered.answer['sha256'], holds);
  }

  expectHash(sha256: unknown, holds: string[]): void {
    if (typeof sha256 !== 'string') this.findings.fault('hashAbsent', '"sha256" is absent');
    else if (!holds.includes(sha256.toLowerCase())) this.findings.fault('hashWrong', 'another SHA-256 was told');
  }

  close(): void {
    this.clients.close();
  }
}

/** What a refusal says, or what its body looks like. */
function detailOf(body: Buffer): string {
  try {
    const { title, detail } = readObject(body);
    const words = [title, detail].filter((one) => typeof one === 'string');
    return words.length > 0 ? `: ${words.join(': ')}` : '';
  } catch (error) {
    if (!(error instanceof AnswerNotUsable)) throw error;
    return body.length > 0 ? `: ${looksLike(body)}` : '';
  }
}
