// Health as a table: the worst that is so decides, and the sentence says what it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeHealth, QUARANTINED_FROM, type Health } from './health.js';
import type { StreamState } from './provider-stream.js';

const QUIET: StreamState = {
  provider: 'AIS',
  nameTh: 'เอไอเอส',
  nameEn: 'AIS',
  lastSeq: 10,
  sealedSeq: 10,
  nextNumber: 2,
  unsealed: 0,
  oldestUnsealedS: null,
  oldestUnacknowledgedS: null,
  open: { sealed: 0, handed: 0, accepted: 0 },
  failures: 0,
  notBefore: null,
  waitingFor: null,
  paused: null,
  setAsideItems: 0,
};
const LIMITS = { receiptDeadlineS: 900, outcomeDeadlineS: 7_200 };
const GAP = { kind: 'fileGap', text: 'number 6 is missing' } as const;
const by = (name: string) => ({ at: new Date(0), by: name, reason: 'its certificate' });

const CASES: [string, Partial<StreamState>, (typeof GAP)[], Health, RegExp][] = [
  ['nothing to do', {}, [], 'healthy', /in time/],
  ['a backlog alone is no illness', { unsealed: 50_000, oldestUnsealedS: 9_000 }, [], 'healthy', /in time/],
  ['one failure', { failures: 1, waitingFor: 'status 503' }, [], 'degraded', /last attempt failed \(status 503\)/],
  ['several', { failures: 4 }, [], 'degraded', /last 4 attempts/],
  ['many', { failures: QUARANTINED_FROM }, [], 'quarantined', /5 attempts failed in a row/],
  ['silence within the limit', { oldestUnacknowledgedS: 7_200 }, [], 'healthy', /in time/],
  ['silence beyond it', { oldestUnacknowledgedS: 7_201 }, [], 'degraded', /no outcomes for 2\.0 h, due within 2\.0 h/],
  ['alerts', {}, [GAP, GAP], 'degraded', /number 6 is missing \(\+1\)/],
  [
    'a person paused it, whatever else',
    { paused: by('Malee'), failures: 9 },
    [GAP],
    'paused',
    /by Malee: its certificate/,
  ],
  ['the hub stopped it', { paused: by('system:hub') }, [], 'disabled', /a person must act: its certificate/],
];

for (const [name, change, alerts, health, why] of CASES) {
  test(name, () => {
    const judged = judgeHealth({ ...QUIET, ...change }, alerts, LIMITS);
    assert.equal(judged.health, health);
    assert.match(judged.en, why);
    assert.notEqual(judged.th, '');
  });
}
