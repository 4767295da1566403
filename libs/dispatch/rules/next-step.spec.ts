// The one decision: what is due for a provider now.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { afterUnclear, ASKED_ENOUGH, nextStep, type OpenBatch, type StepRules, type StreamView } from './next-step.js';

const rules = (over: Partial<StepRules> = {}): StepRules => ({
  maxInFlight: 2,
  releasedBy: 'receipt',
  refusesKnownNumbers: true,
  canBeAsked: true,
  outcomeDeadlineMs: 1000,
  ...over,
});
const view = (over: Partial<StreamView> = {}): StreamView => ({
  now: 10_000,
  paused: false,
  notBefore: null,
  sealedSeq: 0,
  lastSeq: 0,
  open: [],
  unsealedHalf: false,
  fullListWanted: false,
  ...over,
});
const batch = (number: number, state: OpenBatch['state'], over: Partial<OpenBatch> = {}): OpenBatch => ({
  number,
  kind: 'delta',
  state,
  laterHanded: false,
  since: 10_000,
  asked: 0,
  ...over,
});

describe('afterUnclear, the resend rule', () => {
  test('again only while nothing later was handed over and known numbers are refused; else ask; else a person', () => {
    const cases = [
      [false, true, true, 'resend'],
      [false, true, false, 'resend'],
      [true, true, true, 'ask'],
      [false, false, true, 'ask'],
      [true, false, true, 'ask'],
      [true, true, false, 'giveUp'],
      [false, false, false, 'giveUp'],
      [true, false, false, 'giveUp'],
    ] as const;
    for (const [laterHanded, refusesKnownNumbers, canBeAsked, expected] of cases) {
      assert.equal(afterUnclear({ laterHanded }, rules({ refusesKnownNumbers, canBeAsked })), expected);
    }
  });
});

describe('nextStep', () => {
  test('nothing to do is idle, something new is sealed at once', () => {
    assert.deepEqual(nextStep(view(), rules()), { step: 'idle' });
    assert.deepEqual(nextStep(view({ lastSeq: 1 }), rules()), { step: 'seal' });
  });

  test('paused stops all, a pause until some moment says until when', () => {
    assert.deepEqual(nextStep(view({ paused: true, lastSeq: 1 }), rules()), { step: 'paused' });
    assert.deepEqual(nextStep(view({ notBefore: 10_001, lastSeq: 1 }), rules()), {
      step: 'notYet',
      until: 10_001,
      why: 'pause',
    });
    assert.deepEqual(nextStep(view({ notBefore: 10_000, lastSeq: 1 }), rules()), { step: 'seal' });
  });

  test('in maintenance nothing is due, not even giving up; its end lets everything go on', () => {
    const overdue = view({
      lastSeq: 9,
      open: [batch(1, 'accepted', { since: 0, asked: 9 })],
      maintenanceUntil: 10_001,
    });
    assert.deepEqual(nextStep(overdue, rules()), { step: 'notYet', until: 10_001, why: 'maintenance' });
    assert.deepEqual(nextStep({ ...overdue, maintenanceUntil: 10_000 }, rules()), { step: 'giveUp', number: 1 });
  });

  test('a profile that disables it stops all', () => {
    assert.deepEqual(nextStep(view({ lastSeq: 9 }), rules({ disabled: true })), { step: 'paused' });
  });

  test('a canary is something small before a full list, and what is open already before anything new', () => {
    const wants = view({ lastSeq: 9, fullListWanted: true, canary: true });
    assert.deepEqual(nextStep(wants, rules()), { step: 'seal' });
    assert.deepEqual(nextStep({ ...wants, lastSeq: 0 }, rules()), { step: 'sealFull' });
    assert.deepEqual(nextStep({ ...wants, open: [batch(1, 'handed')] }, rules()), { step: 'handOver', number: 1 });
  });

  test('a batch whose receipt is overdue is asked about once, long before its outcomes are given up', () => {
    const lies = (since: number, asked = 0) =>
      nextStep(
        view({ open: [batch(1, 'accepted', { since, asked, receiptAwaited: true })] }),
        rules({ receiptDeadlineMs: 100, outcomeDeadlineMs: 100_000 }),
      ).step;
    assert.deepEqual([lies(9_901), lies(9_900), lies(9_900, 1)], ['idle', 'ask', 'idle']);
  });

  test('a fate that is not known comes before everything', () => {
    const busy = {
      open: [batch(1, 'accepted', { since: 0 }), batch(2, 'handed')],
      unsealedHalf: true,
      fullListWanted: true,
      lastSeq: 9,
    };
    assert.deepEqual(nextStep(view(busy), rules()), { step: 'handOver', number: 2 });
    assert.deepEqual(nextStep(view(busy), rules({ refusesKnownNumbers: false })), { step: 'ask', number: 2 });
    assert.deepEqual(nextStep(view(busy), rules({ refusesKnownNumbers: false, canBeAsked: false })), {
      step: 'giveUp',
      number: 2,
    });
  });

  test('a provider whose word may get lost is asked in the silence, at each interval, until the outcomes are overdue', () => {
    const asking = rules({ askEveryMs: 100, outcomeDeadlineMs: 1000 });
    const silent = (ms: number, asked: number): OpenBatch => batch(4, 'accepted', { since: 10_000 - ms, asked });
    const step = (one: OpenBatch): string => nextStep(view({ open: [one] }), asking).step;
    assert.equal(step(silent(99, 0)), 'idle');
    assert.equal(step(silent(100, 0)), 'ask');
    assert.equal(step(silent(150, 1)), 'idle');
    assert.equal(step(silent(200, 1)), 'ask');
    assert.equal(step(silent(999, 8)), 'ask');
    assert.equal(step(silent(999, 9)), 'idle');
    assert.equal(step(silent(1000, 9)), 'giveUp');
    // It keeps nothing from being sent that is due beside it.
    assert.equal(nextStep(view({ open: [silent(150, 1)], lastSeq: 1 }), asking).step, 'seal');
    assert.equal(nextStep(view({ open: [silent(100, 0)] }), rules({ askEveryMs: null })).step, 'idle');
  });

  test('overdue outcomes are asked for, each time a while later, and given up in the end', () => {
    const at = (now: number, asked: number, canBeAsked = true) =>
      nextStep(view({ now, open: [batch(1, 'accepted', { since: 0, asked })] }), rules({ canBeAsked })).step;
    assert.equal(at(999, 0), 'idle');
    assert.equal(at(1000, 0), 'ask');
    assert.equal(at(1000, 1), 'idle', 'not again at once');
    assert.equal(at(1250, 1), 'ask');
    assert.equal(at(1000 + 250 * ASKED_ENOUGH, ASKED_ENOUGH), 'giveUp');
    assert.equal(at(1000, 0, false), 'giveUp');
  });

  test('a sealed batch goes before its followers are made, halves before anything later, a full list before changes', () => {
    const due = { unsealedHalf: true, fullListWanted: true, lastSeq: 9 };
    assert.deepEqual(nextStep(view({ ...due, open: [batch(4, 'sealed')] }), rules()), { step: 'handOver', number: 4 });
    assert.deepEqual(nextStep(view(due), rules()), { step: 'sealHalf' });
    assert.deepEqual(nextStep(view({ ...due, unsealedHalf: false }), rules()), { step: 'sealFull' });
  });

  test('a full list waits until nothing is open, and nothing follows it until it is settled', () => {
    assert.deepEqual(nextStep(view({ fullListWanted: true, lastSeq: 9, open: [batch(1, 'accepted')] }), rules()), {
      step: 'awaitOutcomes',
    });
    assert.deepEqual(nextStep(view({ lastSeq: 9, open: [batch(1, 'accepted', { kind: 'full' })] }), rules()), {
      step: 'awaitOutcomes',
    });
  });

  test('released by outcomes, no more are in flight than the profile says', () => {
    const open = [batch(1, 'accepted'), batch(2, 'accepted')];
    assert.deepEqual(nextStep(view({ lastSeq: 9, open }), rules({ releasedBy: 'outcomes' })), {
      step: 'awaitOutcomes',
    });
    assert.deepEqual(nextStep(view({ lastSeq: 9, open }), rules({ releasedBy: 'outcomes', maxInFlight: 3 })), {
      step: 'seal',
    });
    assert.deepEqual(nextStep(view({ lastSeq: 9, open }), rules({ releasedBy: 'receipt' })), { step: 'seal' });
  });

  test('outside the delivery window everything that would be sent waits for it, and nothing else does', () => {
    // 10 s after midnight UTC is 07:00:10 in Bangkok.
    const shut = rules({ deliveryWindows: [{ from: '08:00', to: '09:00' }], outcomeDeadlineMs: 100_000 });
    const opens = { step: 'notYet', until: 3_600_000, why: 'window' };
    assert.deepEqual(nextStep(view({ lastSeq: 1 }), shut), opens);
    assert.deepEqual(nextStep(view({ open: [batch(1, 'handed')] }), shut), opens, 'a resend');
    assert.deepEqual(nextStep(view({ open: [batch(1, 'accepted', { since: -100_000 })] }), shut), opens, 'a question');
    assert.deepEqual(nextStep(view({ open: [batch(1, 'accepted')] }), shut), { step: 'idle' });
    assert.deepEqual(nextStep(view({ lastSeq: 1, now: 3_600_000 }), shut), { step: 'seal' });
  });

  test('an empty batch is sealed once a day, and only when nothing else is to be sent', () => {
    const daily = rules({ proofOfLifeAt: '07:00' });
    assert.deepEqual(nextStep(view(), daily), { step: 'sealEmpty' });
    assert.deepEqual(nextStep(view({ lastSeq: 1 }), daily), { step: 'seal' });
    assert.deepEqual(nextStep(view({ lastSealedAt: 0 }), daily), { step: 'idle' });
    assert.deepEqual(nextStep(view(), rules({ proofOfLifeAt: '07:01' })), { step: 'idle' });
  });

  test('whatever is open, a number goes again only by the resend rule, and only open batches are named', () => {
    const open = fc.array(
      fc.record({
        state: fc.constantFrom('sealed' as const, 'handed' as const, 'accepted' as const),
        laterHanded: fc.boolean(),
        since: fc.integer({ min: 8000, max: 10_000 }),
        asked: fc.nat(4),
        kind: fc.constantFrom('delta' as const, 'full' as const),
      }),
      { maxLength: 4 },
    );
    const some = fc.record({
      refusesKnownNumbers: fc.boolean(),
      canBeAsked: fc.boolean(),
      releasedBy: fc.constantFrom('receipt' as const, 'outcomes' as const),
    });
    fc.assert(
      fc.property(
        open,
        some,
        fc.boolean(),
        fc.boolean(),
        fc.nat(2),
        (batches, given, unsealedHalf, fullListWanted, lastSeq) => {
          const numbered = batches.map((each, i) => ({ number: i + 1, ...each }));
          const step = nextStep(view({ open: numbered, unsealedHalf, fullListWanted, lastSeq }), rules(given));
          const unclear = numbered.find((each) => each.state === 'handed');
          if ('number' in step) {
            const named = numbered[step.number - 1];
            assert.ok(named);
            if (step.step === 'handOver' && named.state === 'handed')
              assert.ok(given.refusesKnownNumbers && !named.laterHanded);
            if (step.step === 'ask') assert.ok(given.canBeAsked);
            if (unclear) assert.equal(step.number, unclear.number);
          } else {
            assert.equal(unclear, undefined, 'an unclear fate is settled first');
          }
          if (step.step === 'sealFull') assert.equal(numbered.length, 0);
          if (step.step === 'seal') assert.ok(!unsealedHalf && !fullListWanted && lastSeq > 0);
        },
      ),
    );
  });
});
