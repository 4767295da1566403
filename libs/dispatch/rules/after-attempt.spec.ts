// What the end of an attempt means, and how long the next one waits.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { afterAsking, afterHandOver, pauseS, type AttemptContext } from './after-attempt.js';

const context = (over: Partial<AttemptContext> = {}): AttemptContext => ({
  sha256: 'ours',
  failures: 0,
  schedule: [1, 5, 60],
  random: 0,
  laterHanded: false,
  unclearLeastS: 0,
  ...over,
});

describe('pauseS', () => {
  test('follows the schedule, whose last step repeats', () => {
    assert.deepEqual(
      [0, 1, 2, 3, 99].map((failures) => pauseS([1, 5, 60], failures, 0)),
      [1, 5, 60, 60, 60],
    );
  });

  test('has a pause even without a schedule', () => {
    assert.equal(pauseS([], 0, 0), 60);
  });

  test('adds at most a fifth, never takes any away', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1 }),
        fc.nat(20),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (schedule, failures, random) => {
          const bare = pauseS(schedule, failures, 0);
          const pause = pauseS(schedule, failures, random);
          assert.ok(bare <= pause && pause < bare * 1.2 + 1e-9);
        },
      ),
    );
  });
});

describe('afterHandOver', () => {
  test('taken is taken, with or without outcomes', () => {
    assert.deepEqual(afterHandOver({ result: 'accepted', outcomes: null, status: 202 }, context()), {
      verdict: 'accepted',
    });
  });

  test('a number that it knows with our bytes, or without telling, is accepted; with other bytes a person must look', () => {
    const known = (sha256: string | null) =>
      afterHandOver({ result: 'known', sha256, outcomes: null, status: 409 }, context()).verdict;
    assert.equal(known('ours'), 'accepted');
    assert.equal(known(null), 'accepted');
    assert.equal(known('theirs'), 'stop');
  });

  test('a refusal is a refusal, and wrong credentials need a person', () => {
    assert.equal(
      afterHandOver({ result: 'refused', code: 'INVALID_FORMAT', detail: '', status: 422 }, context()).verdict,
      'refused',
    );
    assert.equal(afterHandOver({ result: 'forbidden', detail: 'key', status: 401 }, context()).verdict, 'stop');
  });

  test('to be told to wait is no failure; Retry-After is honoured within bounds', () => {
    const later = (retryAfterS: number | null) =>
      afterHandOver({ result: 'later', retryAfterS, detail: '', status: 429 }, context({ failures: 2 }));
    assert.deepEqual(later(30), { verdict: 'again', afterS: 30, counts: false });
    assert.deepEqual(later(0), { verdict: 'again', afterS: 1, counts: false });
    assert.deepEqual(later(1e9), { verdict: 'again', afterS: 3600, counts: false });
    assert.deepEqual(later(null), { verdict: 'again', afterS: 1, counts: false });
  });

  test('what never left counts as a failure and is tried again', () => {
    assert.deepEqual(afterHandOver({ result: 'notSent', detail: '' }, context({ failures: 1 })), {
      verdict: 'again',
      afterS: 5,
      counts: true,
    });
  });

  test('an unclear end waits at least until the request must be over', () => {
    const unclear = (unclearLeastS: number) =>
      afterHandOver({ result: 'unclear', detail: '', status: 500 }, context({ unclearLeastS }));
    assert.deepEqual(unclear(25), { verdict: 'unclear', afterS: 25 });
    assert.deepEqual(unclear(0), { verdict: 'unclear', afterS: 1 });
  });
});

describe('afterAsking', () => {
  test('each answer', () => {
    assert.equal(afterAsking({ answer: 'has', sha256: 'ours', outcomes: null }, context()).verdict, 'accepted');
    assert.equal(afterAsking({ answer: 'has', sha256: null, outcomes: null }, context()).verdict, 'accepted');
    assert.equal(afterAsking({ answer: 'has', sha256: 'theirs', outcomes: null }, context()).verdict, 'stop');
    assert.equal(afterAsking({ answer: 'hasNot' }, context()).verdict, 'close');
    assert.deepEqual(afterAsking({ answer: 'cannotTell', detail: '' }, context({ failures: 2 })), {
      verdict: 'unclear',
      afterS: 60,
    });
  });
});
