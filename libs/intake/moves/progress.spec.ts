// Which step a hand-over takes next, and when somebody is called.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MOST_OPEN, nextHandOverStep, standstillOf, type HandOverView } from './progress.js';

const view = (over: Partial<HandOverView>): HandOverView => ({
  round: 1,
  roundOver: false,
  open: 0,
  succeededS: null,
  olderImport: false,
  removing: [],
  paused: null,
  quietS: 0,
  quietLimitS: 900,
  ...over,
});

describe('nextHandOverStep', () => {
  test('goes from lines to successor, to those that came late, to the end', () => {
    const steps: [Partial<HandOverView>, string][] = [
      [{}, 'moveLines'],
      [{ roundOver: true, open: 5 }, 'nameSuccessor'],
      [{ roundOver: true, succeededS: 1 }, 'wait'],
      [{ roundOver: true, succeededS: 9, olderImport: true }, 'wait'],
      [{ roundOver: true, succeededS: 9 }, 'lastRound'],
      [{ round: 2, succeededS: 9 }, 'moveLines'],
      [{ round: 2, succeededS: 9, roundOver: true }, 'awaitAnswers'],
      [{ round: 3, succeededS: 9, open: 1 }, 'wait'],
      [{ round: 3, succeededS: 9, removing: ['TOT'] }, 'wait'],
      [{ round: 3, succeededS: 9 }, 'complete'],
    ];
    for (const [over, step] of steps) assert.equal(nextHandOverStep(view(over)), step, JSON.stringify(over));
  });

  test('moves no more lines than may wait, and none while the new provider is not sent to', () => {
    assert.equal(nextHandOverStep(view({ open: MOST_OPEN })), 'wait');
    assert.equal(nextHandOverStep(view({ open: MOST_OPEN - 1 })), 'moveLines');
    assert.equal(nextHandOverStep(view({ paused: 'maintenance' })), 'wait');
  });
});

describe('standstillOf', () => {
  test('speaks up when the new provider is paused, or quiet for too long', () => {
    assert.equal(standstillOf(view({})), null);
    assert.equal(standstillOf(view({ open: MOST_OPEN, quietS: 60 })), null);
    assert.match(standstillOf(view({ open: MOST_OPEN, quietS: 960 })) ?? '', /16 minutes: 8000 lines/);
    assert.match(standstillOf(view({ paused: 'bad credentials' })) ?? '', /bad credentials/);
    const removing = view({ round: 3, succeededS: 9, removing: ['CAT'], quietS: 1000 });
    assert.match(standstillOf(removing) ?? '', /CAT/);
  });
});
