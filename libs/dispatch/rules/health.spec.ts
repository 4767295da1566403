// Health as a table, the worst that is so decides and the sentence says what it is; and as properties.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { HEALTH_TRANSITIONS, STOP_CAUSES, type HealthState } from '#contracts';
import { judgeHealth, type HealthEvidence, type HealthLimits } from './health.js';
import { nextRamp, QUARANTINED_FROM } from './slow-start.js';

const NOW = Date.UTC(2020, 2, 20);
const WELL: HealthEvidence = {
  now: NOW,
  failures: 0,
  waitingFor: null,
  stopped: null,
  ramp: null,
  attempts: { ended: 50, failed: 0 },
  lines: { answered: 1000, rejected: 10 },
  receiptMedianS: 2,
  receiptAwaitedS: null,
  outcomesAwaitedS: null,
  keys: [],
  alerts: [],
};
const LIMITS: HealthLimits = {
  receiptSoftS: 450,
  receiptHardS: 900,
  outcomeSoftS: 3_600,
  outcomeHardS: 7_200,
  disabled: null,
};
const key = (days: number) => [{ purpose: 'tls', name: 'nt.tls.1', endsAt: new Date(NOW + days * 86_400_000 + 1) }];

const CASES: [string, Partial<HealthEvidence>, HealthState, string, RegExp][] = [
  ['nothing to say', {}, 'healthy', 'none', /answered in time$/],
  ['one failure is an accident', { failures: 1, waitingFor: 'status 503' }, 'healthy', 'none', /in time/],
  [
    'several',
    { failures: 4, waitingFor: 'status 503' },
    'degraded',
    'transport',
    /last 4 attempts failed \(status 503\)/,
  ],
  ['away', { failures: QUARANTINED_FROM }, 'quarantined', 'transport', /5 attempts failed in a row; a canary/],
  ['every other attempt', { attempts: { ended: 20, failed: 10 } }, 'degraded', 'transport', /10 of the last 20/],
  ['too few to say', { attempts: { ended: 9, failed: 8 } }, 'healthy', 'none', /in time/],
  ['a fifth rejected', { lines: { answered: 100, rejected: 20 } }, 'degraded', 'rejections', /20 % of the 100 lines/],
  ['a few rejected of few', { lines: { answered: 49, rejected: 49 } }, 'healthy', 'none', /in time/],
  ['slow receipts', { receiptMedianS: 450 }, 'degraded', 'delay', /7 min as a rule, expected within 7 min/],
  ['a receipt is late', { receiptAwaitedS: 451 }, 'degraded', 'delay', /no receipt for 7 min, due within 15 min/],
  ['outcomes in time', { outcomesAwaitedS: 3_599 }, 'healthy', 'none', /in time/],
  ['outcomes late', { outcomesAwaitedS: 3_600 }, 'degraded', 'silence', /no outcomes for 1\.0 h, due within 2\.0 h/],
  ['a key in three weeks', { keys: key(21) }, 'healthy', 'none', /our TLS certificate "nt\.tls\.1" ends on 2020-04-10/],
  ['a key in a week', { keys: key(7) }, 'degraded', 'keyEnds', /ends on 2020-03-27/],
  ['a key that is over', { keys: key(-2) }, 'degraded', 'keyEnds', /ended on 2020-03-18/],
  ['coming back', { ramp: 2 }, 'degraded', 'returning', /step by step \(2 of 6\)/],
  ['alerts', { alerts: ['number 6 is missing', 'x'] }, 'degraded', 'alert', /number 6 is missing \(\+1\)/],
  [
    'a stop by the hub before all else',
    { failures: 9, ramp: 1, stopped: { cause: 'hostKey', reason: 'another key' } },
    'quarantined',
    'hostKey',
    /a person must act and release it: another key/,
  ],
];

describe('judgeHealth', () => {
  for (const [name, change, health, cause, why] of CASES) {
    test(name, () => {
      const judged = judgeHealth({ ...WELL, ...change }, LIMITS);
      assert.deepEqual([judged.health, judged.cause], [health, cause]);
      assert.match(judged.en, why);
      assert.notEqual(judged.th, '');
      assert.equal(judged.needsPerson, change.stopped !== undefined);
    });
  }

  test('a profile that disables it comes first', () => {
    const judged = judgeHealth({ ...WELL, failures: 9 }, { ...LIMITS, disabled: 'merged into AIS' });
    assert.deepEqual([judged.health, judged.cause], ['disabled', 'profile']);
    assert.match(judged.en, /merged into AIS/);
  });

  const evidence: fc.Arbitrary<HealthEvidence> = fc.record({
    now: fc.constant(NOW),
    failures: fc.nat(12),
    waitingFor: fc.option(fc.constant('status 503')),
    stopped: fc.option(fc.record({ cause: fc.constantFrom(...STOP_CAUSES), reason: fc.constant('why') })),
    ramp: fc.option(fc.nat(6)),
    attempts: fc.nat(50).chain((ended) => fc.record({ ended: fc.constant(ended), failed: fc.nat(ended) })),
    lines: fc.nat(500).chain((answered) => fc.record({ answered: fc.constant(answered), rejected: fc.nat(answered) })),
    receiptMedianS: fc.option(fc.nat(2_000)),
    receiptAwaitedS: fc.option(fc.nat(2_000)),
    outcomesAwaitedS: fc.option(fc.nat(9_000)),
    keys: fc.integer({ min: -10, max: 60 }).map(key),
    alerts: fc.array(fc.constant('an alert'), { maxLength: 2 }),
  });

  test('more failures never make it better, and the same evidence gives the same words', () => {
    const rank = { healthy: 0, degraded: 1, quarantined: 2, disabled: 3 };
    fc.assert(
      fc.property(evidence, fc.nat(5), (seen, more) => {
        const now = judgeHealth(seen, LIMITS);
        const worse = judgeHealth({ ...seen, failures: seen.failures + more }, LIMITS);
        assert.ok(rank[worse.health] >= rank[now.health]);
        assert.deepEqual(judgeHealth(structuredClone(seen), LIMITS), now);
      }),
    );
  });

  test('whatever attempts bring, only written transitions happen', () => {
    const event = fc.constantFrom('failed', 'taken', 'stop', 'release', 'disable', 'enable');
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const seen: HealthEvidence = { ...WELL };
        let limits = LIMITS;
        let was: HealthState = 'healthy';
        for (const what of events) {
          if (what === 'failed' && !seen.stopped && !limits.disabled) {
            seen.failures += 1;
            if (seen.ramp !== null) seen.ramp = 0;
          } else if (what === 'taken' && !seen.stopped && !limits.disabled) {
            seen.ramp = nextRamp(seen.failures, seen.ramp);
            seen.failures = 0;
          } else if (what === 'stop' && !limits.disabled) {
            seen.stopped = { cause: 'credentials', reason: 'status 401' };
          } else if (what === 'release' && (seen.stopped || seen.failures >= QUARANTINED_FROM)) {
            Object.assign(seen, { stopped: null, failures: 0, ramp: 0 });
          } else if (what === 'disable') {
            limits = { ...LIMITS, disabled: 'no contract yet' };
            seen.ramp = 0;
          } else if (what === 'enable' && limits.disabled) {
            limits = LIMITS;
          }
          const { health } = judgeHealth(seen, limits);
          if (health !== was) assert.ok(HEALTH_TRANSITIONS[was].includes(health), `${was} -> ${health} by ${what}`);
          was = health;
        }
      }),
    );
  });
});
