// The hub as the conformance tool plays it towards a provider that pulls: tells it by events, sees what it fetches, and
// judges its outcomes by the readers of the hub.
import { randomBytes } from 'node:crypto';
import type { BatchKind, BatchLine, ProviderProfile, WebhookTransport } from '#contracts';
import { thin } from '../../formats/thin.js';
import { renderThinEvent, thinEventId } from '../../pull/thin-event.js';
import { AVAILABLE_PATH, feedPath } from '../../pull/thin-exchange.js';
import { makeTargetGuard } from '../../transports/target-guard.js';
import { WebhookClient } from '../../transports/webhook.js';
import { sealRendered, type TestBatch } from '../batches.js';
import type { Fault } from './faults.js';
import { judgeOutcomes, type SpokenOutcomes } from './judge-outcomes.js';
import type { CallbackListener } from './listener.js';
import type { Mishap, PullFeed } from './pull-feed.js';
import type { Findings } from './report.js';
import { linesFor, type LinePool, type Subject } from './test-lines.js';

/** How an event is spoilt. `strange`: signed with a secret that nobody has. `rotating`: first a strange signature, then ours. */
export interface EventSpoil {
  signature?: 'strange' | 'rotating' | 'absent';
  /** Seconds by which the timestamp is wrong. */
  clockS?: number;
  /** Further members that nobody knows yet. */
  further?: boolean;
  /** 0 or absent: the first telling. */
  reminder?: number;
}

export type EventWord = 'told' | 'forbidden' | 'refused' | 'none';

export interface PullPlayOptions {
  profile: ProviderProfile & { transport: WebhookTransport };
  secret: (name: string) => string | undefined;
  allowedNetworks: readonly string[];
  ca?: string;
  pool: LinePool;
  findings: Findings;
  /** Numbers that were published; filled here. */
  numbers: Set<number>;
  listener: CallbackListener;
  feed: PullFeed;
  /** Where the feed is served, for `href`. */
  address: string;
  waitMs: number;
}

const LOOK_MS = 10;
/** After one wait in vain the others need not be as long: the fault is told. Milliseconds. */
const IMPATIENT_MS = 1_500;
/** For one that is known to go on only when it is told again. Milliseconds. */
const QUICK_MS = 200;
/** A full list has three pages, and a few may lie before it. */
const MOST_REMINDERS = 10;

const ONLY_WHEN_TOLD = {
  th: 'มาอ่านอีกครั้งเมื่อได้รับแจ้งใหม่เท่านั้น ควรลองใหม่เองภายในไม่กี่วินาที',
  en: 'It came again only when it was told again; let it try by itself within seconds.',
};

export class PullPlay {
  readonly figures = { batches: 0, lines: 0, largestBytes: 0, slowestMs: 0 };
  private readonly strange = `whsec_${randomBytes(32).toString('base64')}`;
  private readonly clients = new Map<string, WebhookClient>();
  /** Nothing brings it to read any more; what would follow cannot be judged. */
  stuck = false;
  private next = 1;
  private patienceMs: number;

  constructor(private readonly options: PullPlayOptions) {
    this.patienceMs = options.waitMs;
  }

  get profile(): ProviderProfile {
    return this.options.profile;
  }
  get pool(): LinePool {
    return this.options.pool;
  }
  get findings(): Findings {
    return this.options.findings;
  }
  get feed(): PullFeed {
    return this.options.feed;
  }
  get listener(): CallbackListener {
    return this.options.listener;
  }

  few(count = 2): Subject[] {
    return this.pool.subjects.slice(0, count);
  }

  startAt(number: number): void {
    this.next = number;
  }

  seal(subjects: readonly Subject[], op: BatchLine['op'], kind: BatchKind = 'delta', parts = 1): TestBatch {
    const number = this.next++;
    const { code } = this.profile;
    const lines = linesFor(subjects, op, number);
    return sealRendered(code, (header, some) => thin.render(header, some), number, lines, kind, parts);
  }

  publish(made: TestBatch, mishaps: Mishap[] = [], bytes?: Buffer): void {
    this.options.numbers.add(made.batch.number);
    this.figures.batches++;
    this.figures.lines += made.lines.length;
    for (const part of made.parts) this.figures.largestBytes = Math.max(this.figures.largestBytes, part.bytes.length);
    this.feed.publish(made, mishaps, bytes);
  }

  /** Sends the event of a batch; what is no answer at all is told as a fault here. */
  async tell(made: TestBatch, spoil: EventSpoil = {}): Promise<{ word: EventWord; seen: string }> {
    const { reminder = 0 } = spoil;
    const href = `${this.options.address}${feedPath(this.profile.code)}`;
    const plain = renderThinEvent(made.batch, href, reminder);
    const began = performance.now();
    const exchange = await this.client(spoil).send(
      {
        method: 'POST',
        path: AVAILABLE_PATH,
        id: thinEventId(made.batch, reminder),
        body: spoil.further ? withFurtherMembers(plain) : plain,
        contentType: 'application/cloudevents+json; charset=utf-8',
        ...(spoil.signature === 'absent' ? { unsigned: true as const } : {}),
      },
      new AbortController().signal,
    );
    this.figures.slowestMs = Math.max(this.figures.slowestMs, Math.round(performance.now() - began));
    if (exchange.end !== 'answered') {
      this.findings.fault(exchange.end === 'unclear' ? 'noAnswer' : 'notReachable', exchange.detail);
      return { word: 'none', seen: exchange.detail };
    }
    const { status } = exchange;
    const told = (status >= 200 && status < 300) || status === 409;
    return {
      word: told ? 'told' : status === 401 || status === 403 ? 'forbidden' : 'refused',
      seen: `status ${status}`,
    };
  }

  /** Tells of a batch, and expects 2xx. */
  async expectTold(made: TestBatch, fault: Fault = 'eventRefused', spoil: EventSpoil = {}): Promise<boolean> {
    const { word, seen } = await this.tell(made, spoil);
    if (word === 'told') return true;
    if (word !== 'none') this.findings.fault(fault, seen);
    return false;
  }

  /**
   * Expects that all pages are fetched and their cursor comes; otherwise the batch is taken out of the feed again, and
   * `fault` told. One that goes on when it is told again did not read to the end; `reminded` is for cases where its own
   * next look, whenever that is, would be soon enough.
   */
  async expectReceived(made: TestBatch, fault?: Fault, reminded: 'fault' | 'note' = 'fault'): Promise<boolean> {
    const arrived = this.feed.arrivals;
    const received = (): boolean => this.feed.of(made).received;
    if (await this.until(received, this.findings.has('notReadToEnd') ? QUICK_MS : undefined)) return true;
    // A wrong key or cursor was told, and is why nothing arrived.
    const told = this.findings.currentHas('feedKeyWrong') || this.findings.currentHas('cursorInvented');
    for (let reminder = told ? MOST_REMINDERS + 1 : 1; reminder <= MOST_REMINDERS; reminder++) {
      const before = this.feed.read;
      await this.tell(made, { reminder });
      if (!(await this.until(() => this.feed.read !== before))) break;
      if (!received()) continue;
      if (reminded === 'fault') this.findings.fault('notReadToEnd', 'it went on only when it was told again');
      else this.findings.note(ONLY_WHEN_TOLD);
      return true;
    }
    const { whole, broken } = this.feed.of(made);
    const served = whole + broken;
    if (!told)
      this.findings.fault(
        fault ?? (served > 0 ? 'cursorNotTaken' : this.feed.arrivals > arrived ? 'notReadToEnd' : 'notPulled'),
        served > 0 ? `its pages left ${served} times, no cursor after them came` : 'nobody asked for its page',
      );
    this.feed.withdraw(made);
    const before = this.feed.arrivals;
    await this.tell(made, { reminder: MOST_REMINDERS + 1 });
    this.stuck = !(await this.until(() => this.feed.arrivals > before));
    return false;
  }

  /** Publishes, tells, and expects pages and outcomes. */
  async expectTaken(made: TestBatch, fault?: Fault): Promise<SpokenOutcomes | null> {
    this.publish(made);
    if (!(await this.expectTold(made))) {
      this.feed.withdraw(made);
      return null;
    }
    return (await this.expectReceived(made, fault)) ? this.outcomesOf(made) : null;
  }

  /** The outcomes of a batch that was received. */
  async outcomesOf(made: TestBatch): Promise<SpokenOutcomes> {
    const { number, lineCount } = made.batch;
    const heard = (): SpokenOutcomes => judgeOutcomes(made.lines, this.listener.of(number));
    const told: Fault[] = ['callbackNotVerified', 'callbackUnreadable', 'callbackForUnknownBatch'];
    const wrong = (): boolean => told.some((one) => this.findings.has(one)) || heard().faults.length > 0;
    await this.until(() => heard().missing === 0 || wrong());
    // A moment more: what follows the last word may contradict it.
    await this.until(() => heard().faults.length > 0, 100);
    const judged = heard();
    for (const { fault, seen } of judged.faults) this.findings.fault(fault, seen);
    if (judged.missing > 0 && !wrong())
      this.findings.fault('callbackMissing', `${judged.missing} of ${lineCount} positions without an outcome`);
    return judged;
  }

  /** Waits for a fact; after one wait in vain less long. `withinMs` is a wait that may well be in vain. */
  async until(condition: () => boolean, withinMs?: number): Promise<boolean> {
    const end = Date.now() + (withinMs ?? this.patienceMs);
    while (!condition()) {
      if (Date.now() > end) {
        if (withinMs === undefined) this.patienceMs = Math.min(this.patienceMs, IMPATIENT_MS);
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return true;
  }

  private client({ signature, clockS = 0 }: EventSpoil): WebhookClient {
    const { profile, secret, allowedNetworks, ca } = this.options;
    const key = `${signature} ${clockS}`;
    const had = this.clients.get(key);
    if (had) return had;
    const ours = (): string[] => profile.secrets.signing.flatMap((name) => secret(name) ?? []);
    const client = new WebhookClient(profile.transport, {
      guard: makeTargetGuard(allowedNetworks),
      secrets: () =>
        signature === 'strange' ? [this.strange] : signature === 'rotating' ? [this.strange, ...ours()] : ours(),
      secret,
      clock: () => new Date(Date.now() + clockS * 1000),
      maxAnswerBytes: 64 * 1024,
      maxSockets: 2,
      ...(ca ? { ca } : {}),
    });
    this.clients.set(key, client);
    return client;
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
  }
}

function withFurtherMembers(event: Buffer): Buffer {
  const read = JSON.parse(event.toString()) as { data: Record<string, unknown> };
  const data = { ...read.data, contract: '1.9', later: { any: ['thing'] } };
  return Buffer.from(JSON.stringify({ ...read, laterextension: 'x', data }));
}
