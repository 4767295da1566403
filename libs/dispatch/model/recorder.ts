// Recording the provider's word in the model: merging, exceptions, and what follows from an outcome.
import type { LineOutcome, Outcomes } from '#contracts';
import type { Resolution } from '../../acknowledgement/merge.js';
import { must } from './fail.js';
import type { ModelAnswer } from './messages.js';
import type { HubState, ModelBatch } from './state.js';
import type { Timeline } from './timeline.js';

/** Seconds until a line that was put off is tried again. */
const RETRY_S = 20;

export class Recorder {
  /** Items of answers that matched nothing that was sent. */
  setAside = 0;
  /** Every word heard of a line, in the order of hearing, for the checks. */
  readonly words = new Map<string, LineOutcome[]>();

  constructor(
    private readonly hub: HubState,
    private readonly timeline: Timeline,
    private readonly refuse: (batch: ModelBatch) => void,
  ) {}

  /** One transaction: an answer that came by itself or with a call. */
  hear(answer: ModelAnswer): void {
    const batch = this.hub.batches[answer.number - 1];
    const use = batch ? this.hub.rules.useOfAnswer(batch.state, batch.everHanded, batch.suspect) : 'setAside';
    if (!batch || use === 'setAside') {
      this.setAside++;
      return;
    }
    if (answer.receipt === 'refused') this.refuse(batch);
    if (answer.receipt === 'accepted') this.accept(batch);
    if (answer.outcomes) this.merge(batch, answer.outcomes);
    if (use === 'mergeAndRepeat') this.repeatOvertaken(batch);
  }

  /** Gives up waiting: whatever was not heard is uncertain. */
  giveUp(batch: ModelBatch): void {
    batch.suspect = true;
    for (let i = 0; i < batch.heard.length; i++) {
      if (this.hub.resolution(batch, i + 1).word !== 'unknown') continue;
      batch.givenUp[i] = true;
      this.lineChanged(batch, i + 1, { word: 'unknown' });
    }
    // What a full list would have removed has no line of its own.
    if (batch.kind === 'full') {
      for (const [seq, role] of this.hub.roles) {
        const latest = this.hub.log.entryOf(seq).latestSeq === seq;
        if (role.role === 'absent' && role.number === batch.number && latest)
          this.open(batch, seq, { word: 'uncertain', code: 'PROVIDER_ERROR' });
      }
    }
    this.settleIfWhole(batch);
  }

  /** Refused with one line in it: that line is rejected. */
  refuseOnlyLine(batch: ModelBatch): void {
    const [line] = batch.sent.lines;
    if (line) this.merge(batch, { except: [{ n: 1, ref: line.ref, outcome: 'rejected', code: 'INVALID_FORMAT' }] });
  }

  accept(batch: ModelBatch): void {
    const before = batch.state;
    batch.state = this.hub.rules.stateAfter(batch.state, 'accepted', this.heardOf(batch));
    if (before === 'accepted' || batch.state !== 'accepted') return;
    batch.since = this.timeline.now;
    batch.asked = 0;
    this.settleIfWhole(batch);
  }

  /** Entries whose newer state a late application may have overwritten. */
  repeatOvertaken(batch: ModelBatch): void {
    const items = this.hub.rules.overtaken(this.hub.linesNow(batch), this.hub.profile.appliesInOrder);
    this.hub.log.appendAgain(items, 'retried');
  }

  /** Lines with an outcome. */
  heardOf(batch: ModelBatch): number {
    return batch.heard.filter((heard) => this.hub.rules.resolve(heard).word !== 'unknown').length;
  }

  /** Appends what waited for outcomes that are there by now. A state, not an event: a crash before it loses nothing. */
  release(): void {
    for (const omission of this.hub.omissions.values()) {
      if (omission.ended || this.hub.awaited(omission.waitsFor) !== null) continue;
      omission.ended = true;
      if (this.hub.rules.appendsWhatWaited) {
        this.hub.log.appendAgain([{ entryRef: omission.ref, onlyIfSeq: omission.seq }], 'predecessor');
      }
    }
  }

  /** Appends lines whose time to be tried again has come. */
  retryDue(): void {
    for (const exception of this.hub.exceptions.values()) {
      if (exception.ended || exception.kind !== 'retrying' || (exception.nextAt ?? Infinity) > this.timeline.now)
        continue;
      const appended = this.hub.log.appendAgain([{ entryRef: exception.ref, onlyIfSeq: exception.seq }], 'retried');
      exception.ended = appended.has(exception.ref) ? 'retried' : 'superseded';
    }
  }

  /** An operator's act: the current state of what is uncertain is sent once more. */
  replayUncertain(): void {
    for (const exception of this.hub.exceptions.values()) {
      if (exception.ended || exception.kind !== 'uncertain') continue;
      this.hub.log.appendAgain([{ entryRef: exception.ref, onlyIfSeq: exception.seq }], 'replayed');
      exception.ended = 'replayed';
    }
  }

  private merge(batch: ModelBatch, outcomes: Outcomes): void {
    const count = batch.sent.lines.length;
    const first = outcomes.first ?? 1;
    const last = outcomes.last ?? count;
    if (first < 1 || last > count) {
      this.setAside++;
      return;
    }
    const right = outcomes.except.flatMap((item) => {
      const line = batch.sent.lines[item.n - 1];
      return line?.ref === item.ref ? [this.hub.rules.meantFor({ present: line.content !== null }, item)] : [];
    });
    this.setAside += outcomes.except.length - right.length;
    // Shifted references prove that the answer was made from something else: then its default says nothing either.
    if (outcomes.default && right.length === outcomes.except.length) {
      const listed = new Set(right.map((item) => item.n));
      for (let n = first; n <= last; n++)
        if (!listed.has(n)) this.take(batch, { n, ref: '', outcome: outcomes.default });
    }
    for (const item of right) this.take(batch, item);
    if (right.length < outcomes.except.length && right.length === 0) return;
    batch.answered = true;
    this.accept(batch);
    this.settleIfWhole(batch);
    this.coverIfHeard(batch);
  }

  private take(batch: ModelBatch, item: LineOutcome): void {
    const before = this.hub.resolution(batch, item.n);
    const key = `${batch.number}/${item.n}`;
    this.words.set(key, [...(this.words.get(key) ?? []), item]);
    const { rules } = this.hub;
    batch.heard[item.n - 1] = rules.merge(batch.heard[item.n - 1] ?? {}, rules.heardOf(item.outcome, item.code));
    this.lineChanged(batch, item.n, before);
  }

  /** Counts and exception of one line after something was heard of it, or it was given up. */
  private lineChanged(batch: ModelBatch, n: number, before: Resolution): void {
    const after = this.hub.resolution(batch, n);
    const line = batch.sent.lines[n - 1];
    must(line !== undefined, () => `batch ${batch.number} has no line ${n}`);
    batch.counts[before.word]--;
    batch.counts[after.word]++;
    if (this.isOverruled(batch, line.seq)) return;
    if ('code' in after) {
      this.open(batch, line.seq, after);
    } else if (after.word !== 'unknown') {
      const exception = this.hub.exceptions.get(line.seq);
      if (exception) exception.ended ??= 'answered';
    }
  }

  /** What a later full list said of a change is the last word. */
  private isOverruled(batch: ModelBatch, seq: number): boolean {
    return this.hub.batches.some(
      (full) => full.kind === 'full' && full.number > batch.number && full.toSeq >= seq && full.covers,
    );
  }

  private open(batch: ModelBatch, seq: number, after: Extract<Resolution, { code: unknown }>): void {
    const change = this.hub.log.change(seq);
    const old = this.hub.exceptions.get(seq);
    const tries = this.triesOf(seq);
    const exhausted = tries >= this.hub.profile.maxLineTries;
    const kind = after.word === 'retryLater' ? (exhausted ? 'rejected' : 'retrying') : after.word;
    const reopens = !old?.ended || old.ended === 'answered' || old.ended === 'covered';
    this.hub.exceptions.set(seq, {
      seq,
      ref: change.entryRef,
      number: batch.number,
      kind,
      code: after.code,
      tries,
      nextAt: kind === 'retrying' ? this.timeline.now + RETRY_S : null,
      ended: reopens ? null : (old?.ended ?? null),
    });
  }

  /** Tries of the same state in a row, over changes that were only the same again. */
  private triesOf(seq: number): number {
    const change = this.hub.log.change(seq);
    if (change.prevSeq === 0 || (change.cause !== 'retried' && change.cause !== 'predecessor')) return 1;
    const before = this.hub.exceptions.get(change.prevSeq);
    return before ? before.tries + (before.kind === 'retrying' ? 1 : 0) : this.triesOf(change.prevSeq);
  }

  private settleIfWhole(batch: ModelBatch): void {
    if (batch.counts.unknown > 0 || (batch.state !== 'accepted' && batch.state !== 'handed')) return;
    // A full list without lines removes everything: it is settled by outcomes for nobody, not by its receipt.
    if (batch.kind === 'full' && batch.sent.lines.length === 0 && !batch.answered && !batch.suspect) return;
    batch.state = 'settled';
  }

  /** A full list that was heard of from end to end ends what it overrules, and what was uncertain about its absences. */
  private coverIfHeard(full: ModelBatch): void {
    if (full.kind !== 'full' || full.covers || !full.answered || this.heardOf(full) < full.heard.length) return;
    full.covers = true;
    if (!this.hub.rules.fullListCoversExceptions) return;
    for (const exception of this.hub.exceptions.values()) {
      const role = this.hub.roles.get(exception.seq);
      const absent = exception.number === full.number && role?.role === 'absent';
      if (absent || (exception.number < full.number && exception.seq <= full.toSeq)) exception.ended ??= 'covered';
    }
  }
}
