// One seed, one run: desires and faults side by side, then calm, then the reckoning.
import type { Outcomes } from '#contracts';
import {
  checkConverged,
  checkCounts,
  checkCovered,
  checkMerging,
  checkProofOfLife,
  checkRanges,
  Watermarks,
} from './checks.js';
import { Broken, must } from './fail.js';
import { Hub } from './hub.js';
import type { ModelAnswer } from './messages.js';
import { Network } from './network.js';
import { Provider } from './provider.js';
import { Random } from './random.js';
import { REAL_RULES, type Rules } from './rules.js';
import {
  DEADLINE_S,
  drawCalendar,
  drawTemperament,
  LEASE_S,
  profileOf,
  type ModelProfile,
  type Temperament,
} from './temperament.js';
import type { RunResult, Setting } from './setting.js';
import { Timeline } from './timeline.js';
import { work, type Granted, type Wish } from './worker.js';

/** How long desires and faults go on, and the most that calm may take, in simulated seconds. */
const TROUBLE_S = 400;
const CALM_AT_MOST_S = 20_000;
const SWEEP_S = 5;

class Run {
  private readonly random: Random;
  private readonly timeline = new Timeline();
  private readonly temperament: Temperament;
  private readonly profile: ModelProfile;
  private readonly network: Network;
  private readonly provider: Provider;
  private readonly hub: Hub;
  private readonly watermarks = new Watermarks();
  private readonly faults: Record<string, number> = {};
  private readonly refs: string[];
  /** Workers that run or are stopped. */
  private alive = 0;
  private version = 0;
  private desiring = true;
  /** Share of desires that are to go now. */
  private readonly pushing: number;

  constructor(
    private readonly seed: number,
    rules: Rules,
    private readonly setting: Setting,
  ) {
    this.random = new Random(seed);
    this.temperament = drawTemperament(this.random, setting.temperament);
    const calendar = drawCalendar(new Random(seed + 1_000_003));
    this.profile = { ...profileOf(this.temperament, this.random), ...calendar, ...setting.profile };
    this.hub = new Hub(rules, this.profile, this.timeline);
    this.network = new Network(this.temperament, this.random, this.timeline, (answer) => this.hear(answer));
    this.provider = new Provider(this.temperament, this.random, this.timeline, (answer) =>
      this.network.callBack(answer),
    );
    this.network.provider = this.provider;
    this.network.answersLost = setting.answersLost ?? this.network.answersLost;
    this.pushing = setting.pushing ?? this.random.pick([0, 0.1, 0.4]);
    this.refs = Array.from({ length: setting.entries ?? this.random.whole(1, 6) }, (_, i) => `e${i + 1}`);
  }

  run(): RunResult {
    if (this.setting.calm) this.calm();
    this.plan();
    this.until(() => this.timeline.now >= TROUBLE_S);
    this.desiring = false;
    this.calm();
    this.until(() => this.isQuiet());
    const named = this.reckon();
    this.nothingMore();
    // An operator sends once more what nobody could tell: without faults all of it gets an answer.
    this.hub.recorder.replayUncertain();
    this.sweep();
    this.until(() => this.isQuiet());
    const { uncertain } = this.reckon();
    must(uncertain === 0, () => `${uncertain} entries are uncertain after calm and replay`);
    this.nothingMore();
    const { batches, log } = this.hub.state;
    const ends: RunResult['ends'] = {};
    for (const { state } of batches) ends[state] = (ends[state] ?? 0) + 1;
    const pushed = batches.filter((batch) => batch.skipped.length > 0).length;
    const empty = batches.filter(({ kind, sent }) => kind === 'delta' && sent.lines.length === 0).length;
    const fullLists = batches.filter((batch) => batch.kind === 'full').length;
    return {
      seed: this.seed,
      temperament: this.temperament,
      batches: batches.length,
      changes: log.lastSeq,
      ...named,
      faults: this.faults,
      ends,
      fullLists,
      pushed,
      empty,
    };
  }

  /** Everything that will happen by itself while there is trouble. */
  private plan(): void {
    const { random, timeline } = this;
    const each = (from: number, to: number, what: () => void) => {
      const again = () => {
        if (!this.desiring) return;
        what();
        timeline.after(random.between(from, to), again);
      };
      timeline.after(random.between(0, to), again);
    };
    const pace = this.setting.pace ?? random.pick([4, 15, 40]);
    each(0.1, pace, () => this.desire());
    const lists = this.setting.fullLists ?? random.pick([0, 300]);
    if (lists > 0) each(lists / 6, lists, () => void (this.hub.state.fullListWanted = true));
    if (random.chance(0.3)) each(50, 300, () => this.setPaused(random.chance(0.5)));
    if (random.chance(0.3)) each(30, 200, () => this.hub.recorder.replayUncertain());
    each(20, 100, () => this.invent());
    const sweeping = () => {
      this.sweep();
      timeline.after(SWEEP_S, sweeping);
    };
    sweeping();
  }

  private desire(): void {
    const ref = this.random.pick(this.refs);
    const content = this.random.chance(0.35) ? null : this.random.chance(0.3) ? 'v0' : `v${++this.version}`;
    this.hub.state.log.desire(ref, content);
    const entry = this.hub.state.log.entries.get(ref);
    if (entry && this.random.chance(this.pushing)) this.hub.state.pushed.add(entry.latestSeq);
    if (this.random.chance(0.5)) this.startWorker();
  }

  private setPaused(paused: boolean): void {
    this.hub.state.paused = paused;
  }

  private sweep(): void {
    if (!this.network.faulty || this.random.chance(0.1)) this.setPaused(false);
    this.hub.findLost();
    this.hub.recorder.release();
    this.hub.recorder.retryDue();
    this.startWorker();
    this.check();
    // Trouble pauses now and then: whenever nothing is under way, everything must be right.
    if (this.isQuiet()) checkConverged(this.hub.state, this.provider);
  }

  private calm(): void {
    this.network.faulty = false;
    this.provider.mayErr = false;
    this.hub.state.paused = false;
  }

  /** Somebody's answer to something that was never asked: it must move nothing. */
  private invent(): void {
    const { batches } = this.hub.state;
    const before = JSON.stringify(batches.map((batch) => [batch.state, batch.counts]));
    const setAside = this.hub.recorder.setAside;
    const some = batches.length > 0 ? this.random.pick(batches) : null;
    if (!some || some.suspect || this.random.chance(0.3)) {
      this.hub.recorder.hear({
        number: batches.length + 1,
        receipt: null,
        outcomes: { default: 'applied', except: [] },
      });
    } else {
      const { sent } = some;
      const wrong: Outcomes =
        some.state === 'refused'
          ? { default: 'applied', except: [] }
          : this.random.chance(0.5)
            ? { default: 'applied', except: [], first: 1, last: sent.lines.length + 1 }
            : { except: [{ n: 1, ref: 'somebody else', outcome: 'rejected' }] };
      if (some.state !== 'handed' && some.state !== 'sealed')
        this.hub.recorder.hear({ number: some.number, receipt: null, outcomes: wrong });
      else this.hub.recorder.setAside++;
    }
    const after = JSON.stringify(batches.map((batch) => [batch.state, batch.counts]));
    must(
      before === after && this.hub.recorder.setAside === setAside + 1,
      () => 'an answer to nothing that was sent moved something',
    );
  }

  private hear(answer: ModelAnswer): void {
    this.hub.recorder.hear(answer);
    // Between recording and what follows from it the process may die; the sweeper does the rest.
    if (!this.dies(0.2)) this.hub.recorder.release();
    this.check();
    if (!this.dies(0.2)) this.startWorker();
  }

  private startWorker(): void {
    this.alive++;
    this.go(
      work(this.hub, this.timeline, () => this.random.next()),
      undefined,
    );
  }

  /** Lets a worker go on to its next wish, unless it dies there or is stopped for longer than its lease. */
  private go(worker: Generator<Wish, void, Granted>, granted: Granted): void {
    const next = worker.next(granted);
    if (next.done) {
      this.alive--;
      return;
    }
    const wish = next.value;
    if (wish.wish === 'handOver') return this.network.handOver(wish.batch, (result) => this.go(worker, result));
    if (wish.wish === 'ask') return this.network.ask(wish.number, (result) => this.go(worker, result));
    if (this.dies(this.setting.killed?.[wish.point] ?? 0.03)) {
      this.count(`killed ${wish.point}`);
      this.alive--;
      return;
    }
    const stops = this.dies(this.setting.stopped?.[wish.point] ?? 0.03);
    if (stops) this.count(`stopped ${wish.point}`);
    this.timeline.after(stops ? this.random.between(LEASE_S, 6 * LEASE_S) : 0.01, () => this.go(worker, undefined));
  }

  private dies(probability: number): boolean {
    return this.network.faulty && this.random.chance(probability);
  }

  private count(fault: string): void {
    this.faults[fault] = (this.faults[fault] ?? 0) + 1;
  }

  private check(): void {
    this.watermarks.check(this.hub.state);
    checkCounts(this.hub.state);
  }

  private isQuiet(): boolean {
    const { state } = this.hub;
    if (this.alive > 0 || this.network.underWay > 0 || this.provider.working > 0 || this.hub.nextStep().step !== 'idle')
      return false;
    if (state.batches.some((batch) => batch.state === 'accepted')) return false;
    if (state.attempts.some((attempt) => !attempt.ended)) return false;
    for (const omission of state.omissions.values()) if (!omission.ended) return false;
    for (const exception of state.exceptions.values())
      if (!exception.ended && exception.kind === 'retrying') return false;
    return true;
  }

  private reckon(): { rejected: number; uncertain: number } {
    this.check();
    checkRanges(this.hub.state);
    checkCovered(this.hub.state);
    checkProofOfLife(this.hub.state, Boolean(this.profile.proofOfLifeAt));
    checkMerging(this.hub.state, this.hub.recorder);
    return checkConverged(this.hub.state, this.provider);
  }

  /** A further full cycle sends nothing and writes nothing. */
  private nothingMore(): void {
    const { received } = this.provider;
    const { lastSeq } = this.hub.state.log;
    const end = this.timeline.now + 5 * DEADLINE_S;
    this.until(() => this.timeline.now >= end);
    must(
      this.provider.received === received,
      () => `${this.provider.received - received} batches were sent though nothing was due`,
    );
    must(
      this.hub.state.log.lastSeq === lastSeq,
      () => `${this.hub.state.log.lastSeq - lastSeq} changes were appended though nothing was due`,
    );
  }

  private until(reached: () => boolean): void {
    const end = this.timeline.now + CALM_AT_MOST_S;
    while (!reached()) {
      must(this.timeline.step(), () => 'nothing happens any more');
      must(this.timeline.now < end, () => `no end: the next step is still ${this.hub.nextStep().step}`);
    }
  }
}

/** Runs one seed. Throws Broken, with the seed in its message, when a property does not hold. */
export function runSeed(seed: number, rules: Rules = REAL_RULES, setting: Setting = {}): RunResult {
  try {
    return new Run(seed, rules, setting).run();
  } catch (error) {
    if (error instanceof Broken) throw new Broken(`seed ${seed}: ${error.message}`);
    throw error;
  }
}
