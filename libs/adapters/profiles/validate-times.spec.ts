// Windows and proofs of life that cannot be are told with what to write.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { checkTimes } from './validate-times.js';

function faults(profile: Record<string, unknown>): string[] {
  const said: string[] = [];
  checkTimes({ say: (fault) => void said.push(fault) }, { format: 'hdt', ...profile });
  return said;
}

test('what the reference profiles say is right', () => {
  assert.deepEqual(faults({}), []);
  assert.deepEqual(faults({ deliveryWindows: [], proofOfLifeAt: null }), []);
  assert.deepEqual(faults({ deliveryWindows: [{ from: '22:00', to: '04:00' }], proofOfLifeAt: '22:30' }), []);
  assert.deepEqual(
    faults({ deliveryWindows: [{ from: '22:00', to: '04:00', days: [1, 7] }], proofOfLifeAt: '03:59' }),
    [],
  );
  assert.deepEqual(faults({ deliveryWindows: [{ from: '00:00', to: '24:00' }], proofOfLifeAt: '23:59' }), []);
});

test('everything else is named', () => {
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ deliveryWindows: 'always' }, /deliveryWindows: write a list/],
    [{ deliveryWindows: ['22:00'] }, /deliveryWindows\[0\]: write e\.g\./],
    [{ deliveryWindows: [{ from: '22:00', to: '22:00' }] }, /shuts when it opens/],
    [{ deliveryWindows: [{ from: '24:00', to: '04:00' }] }, /\[0\]\.from: write a time/],
    [{ deliveryWindows: [{ from: '10pm', to: '4:00' }] }, /\[0\]\.to: write a time/],
    [{ deliveryWindows: [{ from: '22:00', to: '04:00', days: [0] }] }, /days: write numbers from 1/],
    [{ deliveryWindows: [{ from: '22:00', to: '04:00', day: 1 }] }, /day is not a field/],
    [{ proofOfLifeAt: '5pm' }, /proofOfLifeAt: write a time/],
    [{ proofOfLifeAt: '12:00', deliveryWindows: [{ from: '22:00', to: '04:00' }] }, /lies in no delivery window/],
    [{ proofOfLifeAt: '04:00', deliveryWindows: [{ from: '22:00', to: '04:00' }] }, /lies in no delivery window/],
    [{ proofOfLifeAt: '12:00', format: 'tmf641' }, /can carry a batch without lines/],
  ];
  for (const [profile, expected] of wrong) assert.match(faults(profile).join('\n'), expected, JSON.stringify(profile));
});
