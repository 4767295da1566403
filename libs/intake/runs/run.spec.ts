// The states of a run: every one can be reached, ended ones stay ended, and a worker's states lead somewhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RUN_MOVES, WORKED_STATES, type RunState } from './run.js';

test('every state is reached from the upload, and a run can always end', () => {
  const reached = new Set<RunState>(['uploading']);
  for (const state of reached) for (const next of RUN_MOVES[state]) reached.add(next);
  assert.deepEqual([...reached].sort(), Object.keys(RUN_MOVES).sort());
  for (const state of WORKED_STATES) assert.ok(RUN_MOVES[state].length > 0, `${state} leads nowhere`);
  assert.deepEqual(RUN_MOVES.undone, []);
});

test('nothing is undone while it is being written, and nothing is written while it is being undone', () => {
  for (const [state, next] of Object.entries(RUN_MOVES)) {
    if (next.includes('undoing')) assert.ok(!WORKED_STATES.includes(state as RunState), `${state} may be at work`);
  }
  assert.deepEqual(RUN_MOVES.undoing, ['undone']);
});
