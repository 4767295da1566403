// States move forward only, whatever comes in whatever order.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ENDED_STATES, type BatchState } from '#contracts';
import type { Verdict } from './after-attempt.js';
import { stateAfter, useOfAnswer } from './batch-state.js';

const STATES: BatchState[] = ['sealed', 'handed', 'accepted', 'settled', 'refused', 'closed', 'covered'];
const VERDICTS: Verdict['verdict'][] = ['accepted', 'refused', 'again', 'unclear', 'close', 'stop'];

describe('stateAfter', () => {
  test('each verdict from the state in which it is due', () => {
    assert.equal(stateAfter('handed', 'accepted', 0), 'accepted');
    assert.equal(stateAfter('handed', 'again', 0), 'sealed');
    assert.equal(stateAfter('handed', 'refused', 0), 'refused');
    assert.equal(stateAfter('accepted', 'refused', 0), 'refused', 'a refusal may come after the receipt');
    assert.equal(stateAfter('handed', 'close', 0), 'closed');
    assert.equal(stateAfter('accepted', 'close', 0), 'closed', 'the provider lost what it had taken');
    assert.equal(stateAfter('handed', 'unclear', 0), 'handed');
    assert.equal(stateAfter('handed', 'stop', 0), 'handed');
  });

  test('an answer that came first is not undone by how the attempt ended', () => {
    assert.equal(stateAfter('accepted', 'unclear', 0), 'accepted');
    assert.equal(stateAfter('accepted', 'again', 0), 'accepted');
    assert.equal(stateAfter('settled', 'close', 3), 'settled');
  });

  test('a batch of which lines were answered is neither refused nor closed', () => {
    for (const state of ['handed', 'accepted'] as const) {
      assert.equal(stateAfter(state, 'refused', 1), state);
      assert.equal(stateAfter(state, 'close', 1), state);
    }
  });

  test('what has ended stays as it ended', () => {
    for (const state of ENDED_STATES)
      for (const verdict of VERDICTS) assert.equal(stateAfter(state, verdict, 0), state);
  });

  test('the same verdict twice is the same as once', () => {
    fc.assert(
      fc.property(fc.constantFrom(...STATES), fc.constantFrom(...VERDICTS), fc.nat(3), (state, verdict, heard) => {
        const once = stateAfter(state, verdict, heard);
        assert.equal(stateAfter(once, verdict, heard), once);
      }),
    );
  });
});

describe('useOfAnswer', () => {
  test('an answer about what was never handed over, or refused, is set aside', () => {
    assert.equal(useOfAnswer('sealed', false, false), 'setAside');
    assert.equal(useOfAnswer('refused', true, false), 'setAside');
    assert.equal(useOfAnswer('refused', true, true), 'setAside');
  });

  test('an answer about a batch that waits for its next attempt counts: an earlier one arrived', () => {
    assert.equal(useOfAnswer('sealed', true, false), 'merge');
  });

  test('an answer about a suspect batch also repeats what it may have overtaken', () => {
    assert.equal(useOfAnswer('closed', true, true), 'mergeAndRepeat');
    assert.equal(useOfAnswer('settled', true, true), 'mergeAndRepeat');
    assert.equal(useOfAnswer('settled', true, false), 'merge');
  });
});
