// The hub of the model: each method is one transaction; whatever happens between two of them is somebody else's fault.
import type { AskResult, HandOverResult } from '#contracts';
import type { Verdict } from '../rules/after-attempt.js';
import { MOST_OFFENDERS } from '../rules/halves.js';
import type { Step } from '../rules/next-step.js';
import { checkSealed } from './checks.js';
import { must } from './fail.js';
import type { ModelAnswer } from './messages.js';
import { Recorder } from './recorder.js';
import type { Rules } from './rules.js';
import { sealEmpty, sealFull, sealHalf, sealNext, type SealStep } from './sealing.js';
import { HubState, type ModelAttempt, type ModelBatch } from './state.js';
import { LEASE_S, LOST_AFTER_S, REQUEST_LIFE_S, type ModelProfile } from './temperament.js';
import { Timeline } from './timeline.js';

/** The lease went to another worker: everything this one still meant to do is void. */
export class LeaseLost extends Error {}

const SEALERS: Record<SealStep, (state: HubState) => ModelBatch | null> = {
  seal: sealNext,
  sealHalf,
  sealFull,
  sealEmpty,
};

export class Hub {
  readonly state: HubState;
  readonly recorder: Recorder;

  constructor(
    private readonly rules: Rules,
    private readonly profile: ModelProfile,
    private readonly timeline: Timeline,
  ) {
    this.state = new HubState(rules, profile, () => Timeline.clockMs(timeline.now));
    this.recorder = new Recorder(this.state, timeline, (batch) => this.refuse(batch));
  }

  /** The lease's fence, or null while somebody else holds it. */
  acquire(): number | null {
    if (this.state.leaseUntil > this.timeline.now) return null;
    this.state.leaseUntil = this.timeline.now + LEASE_S;
    this.state.fence++;
    return this.state.fence;
  }

  release(fence: number): void {
    if (this.state.fence === fence) this.state.leaseUntil = 0;
  }

  /** What is due, under a lease. */
  decide(fence: number): Step {
    this.hold(fence);
    return this.nextStep();
  }

  nextStep(): Step {
    const { batches, log } = this.state;
    const open = batches.flatMap(({ number, kind, state, since, asked }) =>
      state === 'sealed' || state === 'handed' || state === 'accepted'
        ? [
            {
              number,
              kind,
              state,
              since: Timeline.clockMs(since),
              asked,
              laterHanded: batches.some((later) => later.number > number && later.everHanded),
            },
          ]
        : [],
    );
    return this.rules.nextStep(
      {
        now: Timeline.clockMs(this.timeline.now),
        paused: this.state.paused,
        notBefore: this.state.notBefore === null ? null : Timeline.clockMs(this.state.notBefore),
        sealedSeq: this.state.sealedSeq,
        lastSeq: log.lastSeq,
        open,
        unsealedHalf: this.state.refusedRanges.length > 0,
        fullListWanted: this.state.fullListWanted,
        lastSealedAt: batches.at(-1)?.sealedAt ?? null,
      },
      this.profile,
    );
  }

  /** Seals and begins the first attempt in one transaction, so that whoever finds the batch knows that it may be out. */
  seal(fence: number, what: SealStep): { batch: ModelBatch; attempt: ModelAttempt } | null {
    this.hold(fence);
    // Since the decision a refusal may have come in: then its halves are due, and nothing else is sealed.
    if (this.nextStep().step !== what && this.rules.decidesAgainWhenSealing) return null;
    const batch = SEALERS[what](this.state);
    if (!batch) return null;
    checkSealed(this.state, batch, what);
    return { batch, attempt: this.attempt(fence, batch, 'handOver') };
  }

  /** Null when the batch was answered since the decision: then there is nothing to hand over any more. */
  beginAttempt(
    fence: number,
    number: number,
    purpose: ModelAttempt['purpose'],
  ): { batch: ModelBatch; attempt: ModelAttempt } | null {
    this.hold(fence);
    const batch = this.state.batch(number);
    if (purpose === 'handOver' && batch.state !== 'sealed' && batch.state !== 'handed') return null;
    if (purpose === 'handOver') batch.state = 'handed';
    if (purpose === 'ask') batch.asked++;
    return { batch, attempt: this.attempt(fence, batch, purpose) };
  }

  /** Records how a hand-over ended. */
  endHandOver(attempt: ModelAttempt, result: HandOverResult, random: number): void {
    const outcomes = 'outcomes' in result ? result.outcomes : null;
    const answer = { number: attempt.number, receipt: null, outcomes };
    if (this.isLost(attempt)) return this.endLost(attempt, answer, result.result === 'unclear');
    attempt.ended = true;
    const batch = this.state.batch(attempt.number);
    const verdict = this.rules.afterHandOver(result, this.context(batch, random));
    if (verdict.verdict === 'accepted' && outcomes) this.recorder.hear(answer);
    this.follow(batch, verdict);
  }

  /** Records how a question ended. */
  endAsking(attempt: ModelAttempt, result: AskResult, random: number): void {
    attempt.ended = true;
    if (this.isLost(attempt)) return;
    const batch = this.state.batch(attempt.number);
    const verdict = this.rules.afterAsking(result, this.context(batch, random));
    if (result.answer === 'has' && result.outcomes)
      this.recorder.hear({ number: batch.number, receipt: null, outcomes: result.outcomes });
    this.follow(batch, verdict);
  }

  giveUp(fence: number, number: number): void {
    this.hold(fence);
    this.recorder.giveUp(this.state.batch(number));
  }

  /** Attempts whose worker was not heard of for so long that it cannot call any more: what they may have overtaken. */
  findLost(): void {
    for (const attempt of this.state.attempts) {
      if (attempt.ended || attempt.fence >= this.state.fence) continue;
      if (attempt.startedAt + LOST_AFTER_S + REQUEST_LIFE_S > this.timeline.now) continue;
      attempt.ended = true;
      if (attempt.purpose === 'handOver' && this.rules.repeatsWhenFoundOpen)
        this.overtake(this.state.batch(attempt.number));
    }
  }

  /** One that ended unclear may still arrive: it stays open until that can be no more. */
  private endLost(attempt: ModelAttempt, answer: ModelAnswer, unclear: boolean): void {
    attempt.ended = !unclear;
    const batch = this.state.batch(attempt.number);
    if (answer.outcomes) this.recorder.hear(answer);
    if (this.rules.repeatsAtLostEnd) this.overtake(batch);
  }

  private overtake(batch: ModelBatch): void {
    batch.suspect = true;
    this.recorder.repeatOvertaken(batch);
  }

  private follow(batch: ModelBatch, verdict: Verdict): void {
    const { state } = this;
    if (verdict.verdict === 'accepted') {
      this.recorder.accept(batch);
      state.failures = 0;
      state.notBefore = null;
    } else if (verdict.verdict === 'refused') {
      this.refuse(batch);
    } else if (verdict.verdict === 'close') {
      this.close(batch);
    } else {
      batch.state = this.rules.stateAfter(batch.state, verdict.verdict, this.recorder.heardOf(batch));
      if (verdict.verdict === 'stop') {
        must(!verdict.reason.includes('bytes'), () => `batch ${batch.number}: ${verdict.reason}`);
        state.paused = true;
        if (batch.state === 'handed') batch.state = 'sealed';
      } else {
        state.notBefore = this.timeline.now + verdict.afterS;
        if (verdict.verdict === 'unclear' || verdict.counts) state.failures++;
      }
    }
  }

  private refuse(batch: ModelBatch): void {
    const after = this.rules.stateAfter(batch.state, 'refused', this.recorder.heardOf(batch));
    if (after !== 'refused' || batch.state === 'refused') return;
    // A full list has no halves: its range travels as ordinary changes.
    if (batch.kind === 'full') return this.close(batch);
    const { lines } = batch.sent;
    if (lines.length === 1) {
      this.recorder.refuseOnlyLine(batch);
      const guilty = this.state.batches.filter(
        (each) => each.root === batch.root && each.sent.lines.length === 1 && each.counts.rejected === 1,
      );
      if (guilty.length > MOST_OFFENDERS) this.state.paused = true;
      return;
    }
    batch.state = after;
    const halves = this.rules.halve(
      { fromSeq: batch.fromSeq, toSeq: batch.toSeq },
      lines.map((line) => line.seq),
    );
    for (const half of halves) this.state.refusedRanges.push({ ...half, root: batch.root });
    for (const seq of batch.omitted) {
      const omission = this.state.omissions.get(seq);
      if (omission) omission.ended = true;
    }
  }

  private close(batch: ModelBatch): void {
    const after = this.rules.stateAfter(batch.state, 'close', this.recorder.heardOf(batch));
    if (after !== 'closed') return;
    batch.state = after;
    batch.suspect = true;
    const lines = this.state.linesNow(batch).filter((line) => line.seq >= batch.fromSeq);
    this.state.log.appendAgain(this.rules.stillDue(lines), 'retried');
  }

  private attempt(fence: number, batch: ModelBatch, purpose: ModelAttempt['purpose']): ModelAttempt {
    const attempt = { number: batch.number, fence, purpose, startedAt: this.timeline.now, ended: false };
    this.state.attempts.push(attempt);
    return attempt;
  }

  private isLost(attempt: ModelAttempt): boolean {
    return this.rules.checksLease && attempt.fence !== this.state.fence;
  }

  private hold(fence: number): void {
    if (fence !== this.state.fence && this.rules.checksLease) throw new LeaseLost();
    if (fence === this.state.fence) this.state.leaseUntil = this.timeline.now + LEASE_S;
  }

  private context(batch: ModelBatch, random: number) {
    const { batches, failures } = this.state;
    return {
      sha256: batch.sent.bytes,
      failures,
      schedule: this.profile.schedule,
      unclearLeastS: this.profile.unclearLeastS,
      random,
      laterHanded: batches.some((later) => later.number > batch.number && later.everHanded),
    };
  }
}
