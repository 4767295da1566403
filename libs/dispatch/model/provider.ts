// A provider of the model: keeps what it was told, in its own temper, and can disagree with the hub.
import type { AskResult, HandOverResult, LineOutcome, Outcomes } from '#contracts';
import { must } from './fail.js';
import type { Content } from './log.js';
import type { ModelAnswer, SentBatch, SentLine } from './messages.js';
import { fixedChance, type Random } from './random.js';
import type { Temperament } from './temperament.js';
import { DEADLINE_S } from './temperament.js';
import type { Timeline } from './timeline.js';

interface Held {
  content: Content;
  seq: number;
}

/** What it knows of a number. `words` is null until it has worked on the batch. */
interface KnownBatch {
  batch: SentBatch;
  words: LineOutcome[] | null;
  refused: boolean;
}

export class Provider {
  /** The list: what is really there. */
  readonly list = new Map<string, Held>();
  /** Everything ever received, by number, for the check that bytes never change. */
  readonly bytes = new Map<number, string>();
  received = 0;
  /** Whether it is slow and wavers, if that is its temper; calm ends that too. */
  mayErr = true;
  /** Copies that it has taken and not worked on yet. */
  working = 0;
  private readonly known = new Map<number, KnownBatch>();
  private readonly putOff = new Map<string, number>();
  private readonly parked = new Map<number, SentBatch>();
  private highest = 0;
  /** Position of the newest full list: who takes only newer seqs takes it for the newest of all that is absent there. */
  private floor = 0;
  private nextInOrder = 1;
  /** Numbers that were refused before their turn: skipped when it comes. */
  private readonly skipped = new Set<number>();
  /** When the work on the copy before is done: who works in order of arrival has one desk. */
  private deskFreeAt = 0;

  constructor(
    private readonly temperament: Temperament,
    private readonly random: Random,
    private readonly timeline: Timeline,
    /** Sends a callback; the network does what it does. */
    private readonly callBack: (answer: ModelAnswer) => void,
  ) {}

  holds(ref: string): Content {
    return this.list.get(ref)?.content ?? null;
  }

  refsHeld(): string[] {
    return [...this.list].filter(([, held]) => held.content !== null).map(([ref]) => ref);
  }

  hasReceived(number: number): boolean {
    return this.known.has(number);
  }

  receive(batch: SentBatch): HandOverResult {
    this.received++;
    const before = this.bytes.get(batch.number);
    must(
      before === undefined || before === batch.bytes,
      () => `batch ${batch.number} travelled with other bytes than before`,
    );
    this.bytes.set(batch.number, batch.bytes);
    const { duplicates, refusal, answers } = this.temperament;
    const old = this.known.get(batch.number);
    if (old?.refused) return refused();
    const recognises =
      duplicates === 'recognises' || (duplicates === 'recognisesHighest' && batch.number === this.highest);
    if (recognises && old) return this.recognised(old);
    if (duplicates === 'refusesUpToHighest' && batch.number <= this.highest) {
      return old ? this.recognised(old) : { result: 'known', sha256: null, outcomes: null, status: 409 };
    }
    if (refusal === 'whole' && batch.lines.some((line) => this.offends(line))) {
      this.known.set(batch.number, { batch, words: null, refused: true });
      this.goOnAfter(batch.number);
      return refused();
    }
    this.highest = Math.max(this.highest, batch.number);
    const taken: KnownBatch = { batch, words: null, refused: false };
    this.known.set(batch.number, taken);
    if (this.temperament.order === 'number' && batch.number > this.nextInOrder) {
      this.parked.set(batch.number, batch);
      return accepted(null);
    }
    if (answers === 'response') {
      this.work(taken);
      this.goOnAfter(batch.number);
      return accepted(outcomesOf(taken.words ?? []));
    }
    this.plan(taken);
    return accepted(null);
  }

  ask(number: number): AskResult {
    const known = this.known.get(number);
    if (!known || known.refused) return { answer: 'hasNot' };
    return { answer: 'has', sha256: known.batch.bytes, outcomes: known.words && outcomesOf(known.words) };
  }

  private recognised(known: KnownBatch): HandOverResult {
    const tells = this.temperament.repeatsOutcomes && known.words;
    return {
      result: 'known',
      sha256: known.batch.bytes,
      outcomes: tells ? outcomesOf(known.words ?? []) : null,
      status: 409,
    };
  }

  /** Works on a copy some time later and calls back. */
  private plan(taken: KnownBatch): void {
    this.working++;
    let delay = this.random.between(0.1, this.random.chance(0.2) ? 30 : 3);
    if (this.temperament.slow && this.mayErr && this.random.chance(0.1)) delay += 2 * DEADLINE_S;
    if (this.temperament.order === 'arrival' || this.temperament.order === 'number') {
      this.deskFreeAt = Math.max(this.deskFreeAt, this.timeline.now) + delay;
      delay = this.deskFreeAt - this.timeline.now;
    }
    this.timeline.after(delay, () => {
      this.working--;
      const { number, lines } = taken.batch;
      if (this.temperament.refusal === 'wholeLate' && lines.some((line) => this.offends(line))) {
        taken.refused = true;
        this.callBack({ number, receipt: 'refused', outcomes: null });
      } else {
        this.work(taken);
        this.tell(taken);
      }
      this.goOnAfter(number);
    });
  }

  /** In number order: whoever waited for this number is next. */
  private goOnAfter(number: number): void {
    if (this.temperament.order !== 'number') return;
    if (number !== this.nextInOrder) {
      this.skipped.add(number);
      return;
    }
    do this.nextInOrder++;
    while (this.skipped.has(this.nextInOrder));
    const next = this.parked.get(this.nextInOrder);
    if (!next) return;
    this.parked.delete(next.number);
    const taken = this.known.get(next.number);
    if (taken) this.plan(taken);
  }

  private work(taken: KnownBatch): void {
    const { batch } = taken;
    const before = new Map(this.list);
    const stale = this.temperament.order === 'newerSeqs' && batch.toSeq < this.floor;
    if (batch.kind === 'full' && !stale) {
      this.floor = batch.toSeq;
      const named = new Set(batch.lines.map((line) => line.ref));
      for (const [ref, held] of before) {
        if (!named.has(ref) && !this.isNewer(held, batch.toSeq))
          this.list.set(ref, { content: null, seq: batch.toSeq });
      }
    }
    taken.words = batch.lines.map((line) => this.take(line, stale));
    if (this.temperament.wavers === 'never' || !this.mayErr || batch.kind === 'full' || batch.lines.length === 0)
      return;
    const word = this.random.pick(taken.words);
    if (word.outcome !== 'applied' || this.random.chance(0.5)) return;
    const { n, ref } = word;
    if (this.temperament.wavers === 'provisional') {
      this.callBack({
        number: batch.number,
        receipt: null,
        outcomes: { except: [{ n, ref, outcome: 'retryLater', code: 'QUOTA' }] },
      });
    } else {
      const old = before.get(ref);
      if (old) this.list.set(ref, old);
      else this.list.delete(ref);
      this.callBack({
        number: batch.number,
        receipt: null,
        outcomes: { except: [{ n, ref, outcome: 'rejected', code: 'PROVIDER_ERROR' }] },
      });
    }
  }

  private take(line: SentLine, stale: boolean): LineOutcome {
    const { n, ref } = line;
    const held = this.list.get(ref);
    if (stale) return { n, ref, outcome: 'already' };
    if (held && this.isNewer(held, line.seq)) return { n, ref, outcome: 'already' };
    if (this.offends(line)) {
      // What it does not have is not on its list either.
      if (line.content === null) this.list.set(ref, { content: null, seq: line.seq });
      return { n, ref, outcome: 'rejected', code: 'NOT_SUBSCRIBER' };
    }
    const rest = this.putOff.get(ref) ?? this.patience(ref);
    if (rest > 0) {
      this.putOff.set(ref, rest - 1);
      return { n, ref, outcome: 'retryLater', code: 'QUOTA' };
    }
    const same = (held?.content ?? null) === line.content;
    this.list.set(ref, { content: line.content, seq: line.seq });
    return { n, ref, outcome: same && this.random.chance(0.7) ? 'already' : 'applied' };
  }

  private isNewer(held: Held, seq: number): boolean {
    return this.temperament.order === 'newerSeqs' && held.seq > seq;
  }

  private offends(line: SentLine): boolean {
    return fixedChance(`${line.ref} ${line.content}`) < this.temperament.offends;
  }

  private patience(ref: string): number {
    const chance = fixedChance(`later ${ref}`);
    if (chance < this.temperament.putsOffForEver) return Infinity;
    return chance < this.temperament.putsOffForEver + this.temperament.putsOff ? 2 : 0;
  }

  /** Tells the outcomes in parts, in any order. */
  private tell(taken: KnownBatch): void {
    const words = taken.words ?? [];
    const size = Math.ceil(words.length / this.temperament.parts) || 1;
    for (let first = 1; first <= Math.max(1, words.length); first += size) {
      const last = Math.min(words.length, first + size - 1);
      const part = outcomesOf(words.slice(first - 1, last));
      const ranged = words.length === 0 ? part : { ...part, first, last };
      this.callBack({ number: taken.batch.number, receipt: null, outcomes: ranged });
    }
  }
}

/** The short form: the commonest word as default, the rest listed. */
function outcomesOf(words: readonly LineOutcome[]): Outcomes {
  const word = words.some((each) => each.outcome === 'applied') ? 'applied' : 'already';
  return { default: word, except: words.filter((each) => each.outcome !== word) };
}

function accepted(outcomes: Outcomes | null): HandOverResult {
  return { result: 'accepted', outcomes, status: outcomes ? 200 : 202 };
}

function refused(): HandOverResult {
  return { result: 'refused', code: 'INVALID_FORMAT', detail: 'an offending line', status: 422 };
}
