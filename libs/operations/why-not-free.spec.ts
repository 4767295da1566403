// The sentence at the desk: for every standing one in Thai and one in English, with who acts next, and by when.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RESULT_CODE_ORDER } from '#contracts';
import type { Carried } from './line-entries.js';
import type { EntryStanding } from './line-standing.js';
import { whyLine } from './why-line.js';
import { whyNotFree, type EntryCase } from './why-not-free.js';

const TODAY = '2020-03-20';
const SENT = new Date('2020-03-20T03:00:00Z');

const batch: Carried = {
  providerId: 1,
  seq: 1,
  number: 1,
  kind: 'delta',
  state: 'handed',
  stateReason: null,
  how: 'sent',
  position: 1,
  sealedAt: SENT,
  handedAt: SENT,
  acceptedAt: null,
  endedAt: null,
  word: null,
};

function of(standing: EntryStanding, other: Partial<EntryCase> = {}) {
  return whyNotFree(
    {
      nameTh: 'เอไอเอส',
      nameEn: 'AIS',
      present: true,
      validFrom: '2020-03-19',
      validTo: null,
      dueOn: null,
      standing,
      paused: null,
      notBefore: null,
      receiptDeadlineS: 900,
      outcomeDeadlineS: 86_400,
      ...other,
    },
    TODAY,
  );
}

const exception = (
  kind: 'rejected' | 'retrying' | 'held' | 'uncertain',
  code: Extract<EntryStanding, { code: unknown }>['code'],
): EntryStanding => ({ standing: kind, code, nextAt: kind === 'retrying' ? SENT : null, batch });

const EVERY: EntryStanding[] = [
  { standing: 'never' },
  { standing: 'pending' },
  { standing: 'waiting', waitsFor: 1 },
  { standing: 'applied', batch },
  { standing: 'inFlight', batch },
  ...(['rejected', 'retrying', 'held', 'uncertain'] as const).flatMap((kind) =>
    [null, ...RESULT_CODE_ORDER].map((code) => exception(kind, code)),
  ),
];

describe('why a line is not free', () => {
  test('every standing has one sentence in each language, present or absent, paused or waiting', () => {
    for (const standing of EVERY) {
      for (const present of [true, false]) {
        for (const paused of [null, { reason: 'ผู้ให้บริการขอ' }]) {
          for (const notBefore of [null, SENT]) {
            const said = of(standing, { present, paused, notBefore });
            assert.match(said.th, /\p{Script=Thai}/u);
            assert.match(said.en, /^[A-Z].*\.$/);
            assert.doesNotMatch(`${said.th}${said.en}`, /undefined|null|Invalid|\[object/);
            assert.equal(said.en.split('. ').length, 1, said.en);
          }
        }
      }
    }
  });

  test('only what is applied and has begun is free', () => {
    for (const standing of EVERY)
      assert.equal(of(standing).free === 'yes', standing.standing === 'applied', standing.standing);
    const later = of({ standing: 'applied', batch }, { validFrom: '2020-04-01' });
    assert.deepEqual([later.free, later.en], ['notYet', 'AIS has it; it is free from 1 Apr 2020.']);
    assert.match(later.th, /1 เม\.ย\. 2563/);
  });

  test('the deadline is the receipt’s until it is there, then the outcomes’', () => {
    assert.equal(of({ standing: 'inFlight', batch }).by?.toISOString(), '2020-03-20T03:15:00.000Z');
    assert.equal(
      of({ standing: 'inFlight', batch: { ...batch, acceptedAt: SENT } }).by?.toISOString(),
      '2020-03-21T03:00:00.000Z',
    );
  });

  test('who acts follows the table of result codes', () => {
    assert.equal(of(exception('rejected', 'PORTED_OUT')).next, 'onde');
    assert.equal(of(exception('rejected', 'NOT_SUBSCRIBER')).next, 'agency');
    assert.equal(of(exception('retrying', 'QUOTA')).next, 'hub');
    assert.equal(of({ standing: 'pending' }, { paused: { reason: 'x' } }).next, 'ops');
  });

  test('of several providers the one furthest from free speaks for the line', () => {
    const applied = { present: true, dueOn: null, sentence: of({ standing: 'applied', batch }) };
    const rejected = { present: true, dueOn: null, sentence: of(exception('rejected', 'QUOTA')) };
    assert.equal(whyLine([applied, rejected], [], null, TODAY).free, 'no');
    const removed = { present: false, dueOn: null, sentence: of({ standing: 'applied', batch }, { present: false }) };
    assert.equal(whyLine([removed, applied], [], null, TODAY).free, 'yes');
  });

  test('with nothing desired it says why: withdrawn, draft, ended, cancelled, never registered', () => {
    const registration = { validFrom: '2020-03-01', validTo: null };
    const said = (state: 'draft' | 'confirmed' | 'cancelled', validTo: string | null = null) =>
      whyLine([], [{ ...registration, state, validTo }], null, TODAY);
    assert.match(whyLine([], [{ ...registration, state: 'draft' }], SENT, TODAY).en, /asked out on 20 Mar 2020/);
    assert.match(said('draft').en, /draft; the agency must confirm/);
    assert.match(said('confirmed', '2020-03-10').en, /ended on 10 Mar 2020/);
    assert.match(said('cancelled').en, /took the registration back/);
    assert.match(whyLine([], [], null, TODAY).en, /no registration of this line/);
    assert.equal(said('draft').next, 'agency');
  });
});
