// What the cases against a server of service orders share: the book of services that it named, orders sealed as the hub
// seals them, and the end of each order, by event and by looking.
import type { BatchLine, LineOutcome, ProviderProfile, WebhookTransport } from '#contracts';
import { tmf641 } from '../../../tmf641/format.js';
import { meaningOf } from '../../../tmf641/words.js';
import { sealRendered, type TestBatch } from '../../batches.js';
import type { Fault } from '../faults.js';
import { judgeOutcomes } from '../judge-outcomes.js';
import type { Findings } from '../report.js';
import { linesFor, type LinePool, type Subject } from '../test-lines.js';
import type { EventListener } from './event-listener.js';
import type { OrderAnswer, OrderDesk, OrderSpoil, ShownOrder } from './order-desk.js';

/** Pause between two looks at an order that is not done, in milliseconds. */
const LOOK_MS = 200;
/** Once a wait was in vain the others need not be as long. */
const IMPATIENT_MS = 150;
/** Faults of events after which no further event is waited for. */
const EVENTS_BROKEN: readonly Fault[] = ['eventMissing', 'eventElsewhere', 'eventUnusable', 'eventForUnknownOrder'];

/** How an order ended. */
export interface Ended {
  id: string;
  state: string;
  /** The provider's word on each position. */
  words: Map<number, LineOutcome>;
}

export interface OrderPlayOptions {
  profile: ProviderProfile & { transport: WebhookTransport };
  pool: LinePool;
  findings: Findings;
  desk: OrderDesk;
  listener: EventListener;
  /** Numbers that were sent; filled here. */
  numbers: Set<number>;
  /** Milliseconds to wait for the end of an order, and for its event. */
  waitMs: number;
  firstNumber: number;
}

export class OrderPlay {
  /** The subscription that stands, by the provider's id. */
  subscription: string | null = null;
  /** What the provider calls the service of each ref, once it told. */
  readonly handles = new Map<string, string>();
  /** Subjects beside the pool that it said it holds: they are removed at the end as well. */
  readonly strays: Subject[] = [];
  private next: number;
  private waitMs: number;

  constructor(private readonly options: OrderPlayOptions) {
    this.next = options.firstNumber;
    this.waitMs = options.waitMs;
  }

  get profile(): OrderPlayOptions['profile'] {
    return this.options.profile;
  }
  get pool(): LinePool {
    return this.options.pool;
  }
  get findings(): Findings {
    return this.options.findings;
  }
  get desk(): OrderDesk {
    return this.options.desk;
  }
  get listener(): EventListener {
    return this.options.listener;
  }

  /** At most so many of the pool. */
  few(count = 2): Subject[] {
    return this.pool.subjects.slice(0, count);
  }

  nextNumber(): number {
    return this.next++;
  }

  /** Lines of an order: with the provider's own ids where it told them, as the hub gives them back. */
  lines(subjects: readonly Subject[], op: BatchLine['op'], number: number): BatchLine[] {
    return linesFor(subjects, op, number).map((line) => ({ ...line, handle: this.handles.get(line.ref) ?? null }));
  }

  order(subjects: readonly Subject[], op: BatchLine['op'], number = this.nextNumber()): TestBatch {
    return this.seal(number, this.lines(subjects, op, number));
  }

  seal(number: number, lines: BatchLine[]): TestBatch {
    const numbered = lines.map((line, i) => ({ ...line, n: i + 1 }));
    return sealRendered(this.profile.code, (header, some) => tmf641.render(header, some), number, numbered, 'delta', 1);
  }

  send(made: TestBatch, spoil: OrderSpoil = {}): Promise<OrderAnswer> {
    const { number } = made.batch;
    this.options.numbers.add(number);
    return this.desk.post(number, made.parts[0]!.bytes, made.lines.length, spoil);
  }

  /** Expects that an order is taken and ends; tells `fault` when it was refused. Null when there is no end to judge. */
  async expectDone(made: TestBatch, fault: Fault, spoil: OrderSpoil = {}): Promise<Ended | null> {
    const answered = await this.send(made, spoil);
    if (answered.word === 'taken') return this.endOf(made, answered.order!);
    this.tellNotTaken(answered, fault);
    return null;
  }

  /** What is no answer at all, or cannot be read, was told already. */
  tellNotTaken(answered: OrderAnswer, fault: Fault): void {
    const told = answered.word === 'none' || (answered.word === 'nonsense' && (answered.status ?? 500) < 300);
    if (!told) this.findings.fault(fault, answered.seen);
  }

  /** Waits for the end of an order that was taken, and looks whether all that was said of it fits together. */
  async endOf(made: TestBatch, taken: ShownOrder): Promise<Ended | null> {
    const { number } = made.batch;
    const { listener } = this;
    const atOnce = isFinal(taken);
    const heard = (): boolean => listener.toldEnd(number);
    // Said in the answer itself, it needs no event. Else both ways have to say the same: told, it must be shown, too.
    const shown = atOnce
      ? taken
      : ((await this.waitFor(taken.id, made, heard)) ?? (await this.shownEnd(taken.id, made)));
    if (!heard() && !atOnce && shown && this.hearing) {
      this.findings.fault('eventMissing', `no event told of an order that is ${shown.state}`);
      this.waitMs = Math.min(this.waitMs, IMPATIENT_MS);
    }
    const last = shown ?? listener.of(number).findLast(isFinal) ?? null;
    if (!last) return this.neverDone();
    if (last.refusal) {
      this.findings.fault('goodRefused', last.refusal.detail);
      return null;
    }
    return this.judge(made, last, [...listener.of(number), ...(shown ? [shown] : [])]);
  }

  /** Waits until an event tells the end, looking in between; the order as it was shown at its end, if it was. */
  private async waitFor(id: string, made: TestBatch, heard: () => boolean): Promise<ShownOrder | null> {
    const end = Date.now() + this.waitMs;
    let shown: ShownOrder | null = null;
    while (!heard() && Date.now() < end && !this.findings.has('notReachable')) {
      shown ??= await this.shownEnd(id, made);
      const hopeless = shown === null && this.findings.has('orderNotShown');
      if (!this.hearing && (shown || hopeless)) break;
      await this.listener.until(heard, Math.min(LOOK_MS, Math.max(0, end - Date.now())));
    }
    return shown;
  }

  private neverDone(): null {
    if (!this.findings.has('orderNotShown') && !this.findings.currentHas('orderUnusable'))
      this.findings.fault('orderNeverDone', 'no final state came');
    this.waitMs = Math.min(this.waitMs, IMPATIENT_MS);
    return null;
  }

  /** Whether events can come at all, and it is not told yet that they do not. */
  private get hearing(): boolean {
    return this.subscription !== null && !EVENTS_BROKEN.some((fault) => this.findings.has(fault));
  }

  /** The order as it is shown, null unless it is at its end. */
  private async shownEnd(id: string, { batch: { number, lineCount } }: TestBatch): Promise<ShownOrder | null> {
    const shown = await this.desk.show(id, number, lineCount);
    return shown && isFinal(shown) ? shown : null;
  }

  private judge(made: TestBatch, last: ShownOrder, told: ShownOrder[]): Ended {
    const { lines } = made;
    const outcomes = told.flatMap((one) => one.outcomes ?? []);
    const judged = judgeOutcomes(lines, outcomes);
    for (const { fault, seen } of judged.faults) this.findings.fault(fault, seen);
    if (judged.missing > 0 && judged.faults.length === 0)
      this.findings.fault(
        'itemsUnanswered',
        `${judged.missing} of ${lines.length} items of an order that is ${last.state}`,
      );
    const words = new Map<number, LineOutcome>();
    for (const [n, outcome] of judged.words) words.set(n, { n, ref: lines[n - 1]!.ref, outcome });
    for (const { except } of outcomes) for (const one of except) if (words.has(one.n)) words.set(one.n, one);
    const believed = judged.faults.length === 0;
    for (const line of lines) this.keepHandle(line, words.get(line.n), believed);
    return { id: last.id, state: last.state, words };
  }

  /** The id of a service is kept from the first word on, as the hub does; what it says against that is a fault. */
  private keepHandle(line: BatchLine, word: LineOutcome | undefined, believed: boolean): void {
    if (!word) return;
    const { ref, handle: given = null } = line;
    // Of two words that contradict each other nothing follows, but an id that may be void is not used again.
    if (!believed) return void (line.op === 'REMOVE' && this.handles.delete(ref));
    const ours = given !== null && this.handles.get(ref) === given;
    if (line.op === 'REMOVE') {
      if (ours && word.outcome === 'already')
        this.findings.fault('serviceIdUnknown', 'a delete by the id told found nothing');
      if (word.outcome === 'applied' || word.outcome === 'already') this.handles.delete(ref);
      return;
    }
    if (ours && word.handle === null) {
      this.findings.fault('serviceIdUnknown', 'a modify by the id told found nothing');
      this.handles.delete(ref);
    }
    if (word.outcome !== 'applied') return;
    if (!word.handle && given === null)
      this.findings.fault('serviceIdAbsent', 'an add is completed without service.id');
    if (!word.handle) return;
    if (ours && word.handle !== given) this.findings.fault('serviceIdChanged', 'a modify came back with another id');
    this.handles.set(ref, word.handle);
  }
}

function isFinal(order: ShownOrder): boolean {
  return meaningOf(order.state) !== 'open';
}
