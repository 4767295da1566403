// The health states as constants and as the picture in the README, compared; and the judgement keeps to them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { HEALTH_STATES, HEALTH_TRANSITIONS } from '#contracts';

test('the picture in the README shows the same states and transitions as the constants', () => {
  const [, picture] =
    /```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(readFileSync('libs/dispatch/README.md', 'utf8')) ?? [];
  assert.ok(picture, 'libs/dispatch/README.md has a stateDiagram-v2');
  const drawn = [...picture.matchAll(/^\s*(\w+) --> (\w+)/gm)].map(([, from, to]) => `${from} -> ${to}`);
  const written = HEALTH_STATES.flatMap((from) => HEALTH_TRANSITIONS[from].map((to) => `${from} -> ${to}`));
  assert.deepEqual(drawn.toSorted(), written.toSorted());
});
