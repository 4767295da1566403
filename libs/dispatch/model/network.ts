// The network of the model: loses requests and answers, delivers late, repeats and reorders callbacks.
import type { AskResult, HandOverResult } from '#contracts';
import type { ModelAnswer, SentBatch } from './messages.js';
import type { Provider } from './provider.js';
import type { Random } from './random.js';
import { REQUEST_LIFE_S, TIME_OUT_S, type Temperament } from './temperament.js';
import type { Timeline } from './timeline.js';

export class Network {
  /** While true, things go wrong. */
  faulty = true;
  /** Requests and callbacks under way. */
  underWay = 0;
  provider: Provider | null = null;
  /** Share of answers to hand-overs that are lost. */
  answersLost = 0.1;

  constructor(
    private readonly temperament: Temperament,
    private readonly random: Random,
    private readonly timeline: Timeline,
    /** Brings a callback to the hub; false means that the hub did not take it. */
    private readonly hear: (answer: ModelAnswer) => void,
  ) {}

  /** `done` is called once, when the hub knows how the call ended. */
  handOver(batch: SentBatch, done: (result: HandOverResult) => void): void {
    if (this.goesWrong(0.05)) return this.answer(0.1, () => done({ result: 'notSent', detail: 'connection refused' }));
    if (this.goesWrong(0.04))
      return this.answer(0.2, () =>
        done({ result: 'later', retryAfterS: this.random.whole(0, 20), detail: 'busy', status: 429 }),
      );
    if (this.goesWrong(0.01))
      return this.answer(0.2, () => done({ result: 'forbidden', detail: 'key refused', status: 401 }));
    const unclear = () => done({ result: 'unclear', detail: 'time-out', status: null });
    if (this.goesWrong(0.07)) return this.answer(TIME_OUT_S, unclear);
    const late = this.goesWrong(0.05);
    const answerLost = this.goesWrong(this.answersLost);
    if (late || answerLost) this.answer(TIME_OUT_S, unclear);
    this.answer(late ? this.random.between(TIME_OUT_S, REQUEST_LIFE_S) : this.random.between(0.01, 1), () => {
      const result = this.at.receive(batch);
      if (!late && !answerLost) this.answer(this.random.between(0.01, 1), () => done(result));
    });
  }

  ask(number: number, done: (result: AskResult) => void): void {
    if (this.goesWrong(0.2)) return this.answer(TIME_OUT_S, () => done({ answer: 'cannotTell', detail: 'time-out' }));
    this.answer(this.random.between(0.01, 1), () => {
      const result = this.at.ask(number);
      this.answer(this.random.between(0.01, 1), () => done(result));
    });
  }

  callBack(answer: ModelAnswer): void {
    if (this.goesWrong(0.2)) {
      if (this.temperament.persistent) this.answer(this.random.between(10, 60), () => this.callBack(answer));
      return;
    }
    const copies = this.goesWrong(0.25) ? 2 : 1;
    for (let i = 0; i < copies; i++)
      this.answer(this.random.between(0.01, this.faulty ? 20 : 1), () => this.hear(answer));
  }

  private get at(): Provider {
    if (!this.provider) throw new Error('no provider is connected');
    return this.provider;
  }

  private goesWrong(probability: number): boolean {
    return this.faulty && this.random.chance(probability);
  }

  private answer(afterS: number, what: () => void): void {
    this.underWay++;
    this.timeline.after(afterS, () => {
      this.underWay--;
      what();
    });
  }
}
