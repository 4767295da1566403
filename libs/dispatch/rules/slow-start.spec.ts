// Canaries and the way back: what is sent grows from batch to batch, and what is waited never shrinks below the schedule.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CANARY_LINES, canaryPauseS, nextRamp, paceOf, QUARANTINED_FROM, RAMP_STEPS } from './slow-start.js';

const SCHEDULE = [1, 5, 15, 60, 300, 900];

test('a provider that was never away has full pace', () => {
  assert.deepEqual(paceOf(0, null, 5_000, SCHEDULE), { maxLines: 5_000, gapS: 0 });
  assert.deepEqual(paceOf(QUARANTINED_FROM - 1, null, 5_000, SCHEDULE), { maxLines: 5_000, gapS: 0 });
  assert.equal(nextRamp(0, null), null);
});

test('from canary to full pace: lines grow fourfold, pauses halve, and it ends', () => {
  const steps = [];
  for (let ramp = nextRamp(QUARANTINED_FROM, null); ramp !== null; ramp = nextRamp(0, ramp))
    steps.push(paceOf(0, ramp, 5_000, SCHEDULE));
  assert.deepEqual(paceOf(QUARANTINED_FROM, null, 5_000, SCHEDULE).maxLines, CANARY_LINES);
  assert.deepEqual(
    steps.map((step) => step.maxLines),
    [40, 160, 640, 2_560, 5_000, 5_000],
  );
  assert.deepEqual(
    steps.map((step) => step.gapS),
    [5, 2.5, 1.25, 0.625, 0.3125, 0.15625],
  );
  assert.equal(steps.length, RAMP_STEPS);
});

test('pauses between canaries double up to an hour, and are jittered by at most a half', () => {
  assert.deepEqual(
    [5, 6, 7, 8, 50].map((failures) => canaryPauseS(SCHEDULE, failures, 0)),
    [900, 1_800, 3_600, 3_600, 3_600],
  );
  fc.assert(
    fc.property(fc.integer({ min: 5, max: 60 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, random) => {
      const bare = canaryPauseS(SCHEDULE, failures, 0);
      const pause = canaryPauseS(SCHEDULE, failures, random);
      assert.ok(bare <= pause && pause < bare * 1.5);
      assert.ok(bare <= canaryPauseS(SCHEDULE, failures + 1, 0));
    }),
  );
});
