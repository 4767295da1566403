// A worker of the model: takes the provider's lease, takes one step after another, and may die or stop between any two.
import type { AskResult, HandOverResult } from '#contracts';
import type { Hub } from './hub.js';
import { LeaseLost } from './hub.js';
import type { SentBatch } from './messages.js';
import type { ModelAttempt } from './state.js';
import { LOST_AFTER_S } from './temperament.js';
import type { Timeline } from './timeline.js';

/** Where a worker may die or stop. */
export type FaultPoint = 'leased' | 'decided' | 'attemptRecorded' | 'handedOver' | 'asked' | 'recorded' | 'givenUp';

/** What a worker wants of the world: to pass a fault point, or to call the provider. */
export type Wish =
  { wish: 'pass'; point: FaultPoint } | { wish: 'handOver'; batch: SentBatch } | { wish: 'ask'; number: number };

export type Granted = HandOverResult | AskResult | undefined;

/** Works until nothing is due. */
export function* work(hub: Hub, timeline: Timeline, random: () => number): Generator<Wish, void, Granted> {
  const fence = hub.acquire();
  if (fence === null) return;
  try {
    yield pass('leased');
    for (let more = true; more;) more = yield* takeStep(hub, fence, timeline, random);
    hub.release(fence);
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
  }
}

function* takeStep(
  hub: Hub,
  fence: number,
  timeline: Timeline,
  random: () => number,
): Generator<Wish, boolean, Granted> {
  const step = hub.decide(fence);
  yield pass('decided');
  switch (step.step) {
    case 'paused':
    case 'notYet':
    case 'awaitOutcomes':
    case 'idle':
      return false;
    case 'giveUp':
      hub.giveUp(fence, step.number);
      yield pass('givenUp');
      return true;
    case 'seal':
    case 'sealHalf':
    case 'sealEmpty':
    case 'sealFull': {
      const sealed = hub.seal(fence, step.step);
      if (!sealed) return hub.decide(fence).step !== step.step;
      yield* handOver(hub, sealed.batch.sent, sealed.attempt, timeline, random);
      return true;
    }
    case 'handOver': {
      const begun = hub.beginAttempt(fence, step.number, 'handOver');
      if (begun) yield* handOver(hub, begun.batch.sent, begun.attempt, timeline, random);
      return true;
    }
    case 'ask': {
      const begun = hub.beginAttempt(fence, step.number, 'ask');
      if (!begun) return true;
      yield pass('attemptRecorded');
      const result = (yield { wish: 'ask', number: step.number }) as AskResult;
      yield pass('asked');
      hub.endAsking(begun.attempt, result, random());
      yield pass('recorded');
      return true;
    }
  }
}

function* handOver(
  hub: Hub,
  batch: SentBatch,
  attempt: ModelAttempt,
  timeline: Timeline,
  random: () => number,
): Generator<Wish, void, Granted> {
  yield pass('attemptRecorded');
  // Who slept for so long must not begin a call: what it might overtake is counted as settled by now.
  const asleep = timeline.now - attempt.startedAt > LOST_AFTER_S;
  const result = asleep
    ? ({ result: 'notSent', detail: 'the attempt is too old' } satisfies HandOverResult)
    : ((yield { wish: 'handOver', batch }) as HandOverResult);
  yield pass('handedOver');
  hub.endHandOver(attempt, result, random());
  yield pass('recorded');
}

function pass(point: FaultPoint): Wish {
  return { wish: 'pass', point };
}
