// Which alerts a profile can still raise: what belongs to a former way is ended, the rest is left to who raised it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { referenceProfile } from '#adapters';
import { ALERT_KINDS } from '#contracts';
import { canStillRaise } from './former-alerts.js';

const of = (code: string) => referenceProfile(code)!;

test('alerts of a way that the profile left are over', () => {
  assert.equal(canStillRaise('notPulled', 'feed', of('3BB')), true);
  assert.equal(canStillRaise('notPulled', 'feed', of('AIS')), false);
  assert.equal(canStillRaise('receiptOverdue', 'receipts', of('3BB')), false);
  assert.equal(canStillRaise('receiptOverdue', 'receipts', of('AIS')), true);
  for (const [kind, subject] of [
    ['fileGap', 'receipts'],
    ['answersSetAside', 'files'],
    ['answersSetAside', 'keys'],
  ] as const) {
    assert.equal(canStillRaise(kind, subject, of('CAT')), true);
    assert.equal(canStillRaise(kind, subject, of('TRUE')), false);
  }
  assert.equal(canStillRaise('answersSetAside', 'answers', of('TRUE')), true);
});

test('without digests and snapshots nobody can tell any more whether the list differs', () => {
  const blind = { ...of('AIS'), observe: { digests: false, snapshot: null } };
  const digests = { ...blind, observe: { digests: true, snapshot: null } };
  for (const kind of ['listDiffers', 'dataLost'] as const) {
    assert.equal(canStillRaise(kind, 'list', digests), true);
    assert.equal(canStillRaise(kind, 'list', blind), false);
  }
  assert.equal(canStillRaise('snapshotMissing', 'list', digests), false);
});

test('what is not about the way is never ended here', () => {
  for (const kind of ALERT_KINDS) {
    if (/pull|receiptO|file|SetAside|list|data|snapshot/i.test(kind)) continue;
    for (const code of ['AIS', 'CAT', '3BB', 'DTAC']) assert.equal(canStillRaise(kind, 'any', of(code)), true, kind);
  }
});
