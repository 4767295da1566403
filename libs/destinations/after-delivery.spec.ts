// What follows from a try, word by word; and when a provider lags.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DestinationsResult } from '#contracts';
import { afterDelivery } from './after-delivery.js';
import { judgeLag } from './watch-behind.js';

const now = new Date('2020-03-25T00:00:00Z');
const profile = { retryScheduleS: [1, 10, 60] };
const after = (result: DestinationsResult, failures = 0, wasTold = false, looks = 0): unknown => {
  const { notBefore, ...step } = afterDelivery(result, profile, { failures, wasTold, looks }, now, 0);
  return { ...step, inS: notBefore === null ? null : (notBefore.getTime() - now.getTime()) / 1000 };
};

test('an acknowledgement ends it, and waiting is no failure', () => {
  assert.deepEqual(after({ result: 'acknowledged', enforcedSince: null, status: 200 }, 3), {
    state: 'acknowledged',
    failures: 0,
    detail: null,
    counts: true,
    inS: null,
  });
  assert.deepEqual(after({ result: 'later', retryAfterS: 30, detail: 'busy', status: 429 }, 2), {
    state: 'waiting',
    failures: 2,
    detail: 'busy',
    counts: true,
    inS: 30,
  });
  assert.deepEqual(after({ result: 'told', status: 202 }, 1), {
    state: 'told',
    failures: 0,
    detail: null,
    counts: true,
    inS: 1,
  });
});

test('looking again is spared more and more, and is no try of its own', () => {
  assert.deepEqual(after({ result: 'told', status: 200 }, 0, true, 3), {
    state: 'told',
    failures: 0,
    detail: null,
    counts: false,
    inS: 15,
  });
});

test('failures back off on the schedule; the last pause repeats; credentials need a person', () => {
  const failed = { result: 'unclear', detail: 'status 500', status: 500 } as const;
  assert.deepEqual(
    [0, 1, 2, 9].map((failures) => (after(failed, failures) as { inS: number }).inS),
    [1, 10, 60, 60],
  );
  assert.deepEqual(after({ result: 'refused', detail: 'no', status: 422 }, 0, true), {
    state: 'waiting',
    failures: 1,
    detail: 'no',
    counts: true,
    inS: 1,
  });
  assert.match(
    (after({ result: 'forbidden', detail: 'status 401', status: 401 }) as { detail: string }).detail,
    /a person is needed/,
  );
  assert.equal((after({ result: 'forbidden', detail: 'x', status: 401 }, 5) as { inS: number }).inS, 900);
});

test('who lags is told of after the limit, with the reason', () => {
  const lag = {
    version: 2020032501,
    in_force_at: new Date(now.getTime() - 60_000),
    state: 'waiting',
    detail: 'status 500',
    acknowledged: 2020031801,
  };
  assert.deepEqual(judgeLag({ ...lag, acknowledged: 2020032501 }, 10, now), { behind: 'no' });
  assert.deepEqual(judgeLag(undefined, 10, now), { behind: 'no' });
  assert.deepEqual(judgeLag(lag, 3600, now), { behind: 'withinLimit' });
  const judged = judgeLag(lag, 10, now);
  assert.equal(
    judged.behind === 'yes' && judged.text,
    'version 2020032501 is in force, and it enforces version 2020031801: status 500',
  );
});
