// The 50,000 lines meet every dial that the simulators have today: a new one is turned, or a reason is written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultDial, turned } from '../../../apps/provider-sim/dial.js';
import { leavesOf } from '../../../apps/provider-sim/effects.js';
import { CODES, DIALS, unturned, withoutEffect } from './turned.js';

test('every member of the dial is turned at a provider that has it, or a reason says why not', () => {
  assert.ok(leavesOf(defaultDial()).size > 50, 'the dial was really read');
  assert.deepEqual(unturned(), []);
});

test('what they are turned to is a dial', () => {
  for (const code of CODES) assert.ok(turned(defaultDial(), DIALS[code]), code);
});

test('a member that is turned counts as missing until the simulator saw its effect', () => {
  const all = withoutEffect('AIS', {});
  assert.ok(all.includes('faults.unauthorized') && all.includes('statusQuery') && !all.includes('answer.omit'));
  assert.ok(!withoutEffect('AIS', { 'faults.unauthorized': 1 }).includes('faults.unauthorized'));
});
