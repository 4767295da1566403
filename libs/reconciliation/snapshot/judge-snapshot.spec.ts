// Which lists may be believed, by their headers.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SnapshotHead } from '#contracts';
import { judgeHead, type KnownHere } from './judge-snapshot.js';

const NOW = new Date('2020-04-02T02:00:00Z');
const HEAD: SnapshotHead = {
  provider: 'CAT',
  batch: 17,
  appliedSeq: 900,
  count: 1_000,
  takenAt: new Date('2020-04-02T01:00:00Z'),
  request: '31',
};
const KNOWN: KnownHere = {
  provider: 'CAT',
  request: '31',
  by: 'file',
  lastUsed: { asOfSeq: 850, takenAt: new Date('2020-04-01T01:00:00Z') },
  acknowledgedSeq: 900,
  acknowledgedLines: 1_000,
  sealedBatch: 18,
  sealedSeq: 950,
  leastPercent: 90,
  now: NOW,
};
const judged = (head: Partial<SnapshotHead>, known: Partial<KnownHere> = {}, toSeq: number | null = 900): string => {
  const verdict = judgeHead({ ...HEAD, ...head }, toSeq, { ...KNOWN, ...known });
  if (verdict.verdict === 'refused') return verdict.why;
  return verdict.restored ? `restored ${verdict.asOfSeq}` : `usable ${verdict.asOfSeq}`;
};

describe('the header of a list', () => {
  test('a list as it should be', () => {
    assert.equal(judged({}), 'usable 900');
    assert.equal(judged({ request: null }), 'usable 900');
    assert.equal(judged({ appliedSeq: null }), 'usable 900');
  });
  test('nobody else’s, nothing of the future', () => {
    assert.match(judged({ provider: 'TOT' }), /another provider/);
    assert.match(judged({ batch: 19 }), /future/);
    assert.match(judged({}, {}, null), /future/);
    assert.match(judged({ appliedSeq: 951 }), /future/);
    assert.match(judged({ takenAt: new Date('2020-04-04T00:00:00Z') }), /a day in the future/);
  });
  test('an answer to this question, where it was asked', () => {
    assert.match(judged({ request: '30' }, { by: 'api' }), /does not answer this question/);
    assert.match(judged({ request: null }, { by: 'api' }), /does not answer this question/);
  });
  test('less applied than acknowledged means lost data only in an answer to this question', () => {
    assert.equal(judged({ appliedSeq: 700, count: 0 }), 'restored 700');
    assert.equal(judged({ appliedSeq: 0, count: 0, batch: 0 }), 'restored 0');
    assert.match(judged({ appliedSeq: 700, request: null }), /as of change 850 was used before/);
    assert.equal(judged({ appliedSeq: 870, request: null }), 'usable 870', 'it is only a little older than now');
  });
  test('an old one, whatever its name says', () => {
    assert.match(judged({ request: null, takenAt: new Date('2020-04-01T01:00:00Z') }), /an old one/);
  });
  test('suspiciously small, by the percent of the profile', () => {
    assert.match(judged({ count: 899 }), /holds 899 lines of 1000/);
    assert.equal(judged({ count: 900 }), 'usable 900');
    assert.match(judged({ count: 0 }, { acknowledgedLines: 3 }), /holds 0 lines of 3/);
    assert.equal(judged({ count: 2 }, { acknowledgedLines: 3 }), 'usable 900');
    assert.match(judged({ count: 899 }, { leastPercent: 90 }), /90 percent/);
    assert.equal(judged({ count: 899 }, { leastPercent: 80 }), 'usable 900');
  });
});
