// A provider that pulls passes the conformance suite, as far as its cases make sense where the hand-over carries no line.
import { after, afterEach, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { conformanceFor } from '../../../libs/adapters/conformance/suite.js';
import { pullingCounterpart, type Pulling } from './pulling.js';

/** Cases of the common suite that have no meaning here, each with its reason. */
const NOT_HERE: Record<string, string> = {
  'repeated: the same batch again is recognised':
    'an event may be told twice; the page is recognised when it is fetched',
  'repeated: the same number with other content is never taken': 'a page lies in the feed and never changes',
  'reordered: two batches in the wrong order are both answered': 'the feed has one order',
  'large: a full list in three parts is one batch': 'it ends with a repetition, see the feed’s own spec for its parts',
  'asked: a number that was never sent is not there': 'it is not asked, its cursor says what it has',
};

describe('3BB conforms', () => {
  let other: Pulling;
  before(async () => {
    other = await pullingCounterpart();
  });
  afterEach(() => other.turn('good'));
  after(() => other.stop());
  const all = conformanceFor(['good', 'rejects', 'busy', 'forbids', 'checksKeys', 'talksNonsense']);
  for (const one of all) {
    if (!(one.name in NOT_HERE)) test(one.name, () => one.run(other));
  }

  test('every case that is left out is one of the suite', () => {
    for (const name of Object.keys(NOT_HERE)) {
      const known = conformanceFor(['good', 'takesFullLists']).some((one) => one.name === name);
      assert.ok(known, `there is no case "${name}" any more`);
    }
  });
});
