// Plays the dial's faults on an HTTP answer.
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultKind, faultOf } from '../dial.js';
import type { Provider } from '../provider.js';
import { between } from '../random.js';
import { answer, problem } from './http.js';

const HTML = '<!doctype html><title>Please wait</title><p>กรุณารอสักครู่';

export class FaultPlayer {
  readonly injected: Partial<Record<FaultKind, number>> = {};

  constructor(private readonly provider: Provider) {}

  /** Waits as long as the dial says, then draws what happens to this request. */
  async draw(): Promise<FaultKind | 'none'> {
    const { dial, random, effects } = this.provider;
    if (dial.delayMs.max > 0) {
      await sleep(between(random, dial.delayMs.min, dial.delayMs.max));
      effects.count('delayMs.max');
      if (dial.delayMs.min > 0) effects.count('delayMs.min');
    }
    return faultOf(dial.faults, random());
  }

  /** Plays a fault that comes before anything is applied; `toCome` for one that comes after. */
  before(fault: FaultKind, response: ServerResponse): 'played' | 'toCome' {
    this.injected[fault] = (this.injected[fault] ?? 0) + 1;
    const later = { 'retry-after': String(this.provider.dial.retryAfterSeconds) };
    if (fault === 'error500Before') problem(response, 500, 'INTERNAL', 'something went wrong');
    else if (fault === 'tooMany') problem(response, 429, 'TOO_MANY', 'too many requests', later);
    else if (fault === 'unavailable') problem(response, 503, 'UNAVAILABLE', 'closed for a moment', later);
    else if (fault === 'unauthorized') problem(response, 401, 'CREDENTIALS', 'credentials are not accepted');
    else if (fault === 'html') answer(response, 200, HTML, { 'content-type': 'text/html; charset=utf-8' });
    else if (fault === 'resetBefore') response.socket?.resetAndDestroy();
    else if (fault !== 'hangBefore') return 'toCome';
    // A request that hangs is simply never answered; it ends when the caller gives up or the simulator stops.
    this.provider.effects.count(`faults.${fault}`);
    if (fault === 'tooMany' || fault === 'unavailable') this.provider.effects.count('retryAfterSeconds');
    return 'played';
  }

  /** Plays a fault that comes after everything was applied; `none` when there is none of this kind. */
  after(fault: FaultKind | 'none', response: ServerResponse): 'played' | 'none' {
    if (fault === 'error500After') problem(response, 500, 'INTERNAL', 'something went wrong');
    else if (fault === 'resetAfter') response.socket?.resetAndDestroy();
    else if (fault !== 'hangAfter') return 'none';
    this.provider.effects.count(`faults.${fault}`);
    return 'played';
  }
}
