// JSON registrations are read by the rules of files: same repairs, same reasons, pointers instead of columns.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Catalogue, KnownProvider } from './catalogue.js';
import { createJsonReader, problemItem } from './read-json.js';
import { lineKeyIn } from './read-line-key.js';
import { agencyResolver } from './reading/index.js';

const ais: KnownProvider = { providerId: 1, code: 'AIS', accesses: ['MB', 'FB'], circuitPattern: '^\\d{10}$' };
const dtac: KnownProvider = { providerId: 2, code: 'DTAC', accesses: ['MB'], circuitPattern: null };
const agency = { agencyId: 7, code: 'G0001', nameTh: 'สำนักงานตัวอย่าง', nameEn: null, abbrTh: null, ministryTh: null };
const catalogue: Catalogue = {
  providers: new Map([
    ['AIS', ais],
    ['DTAC', dtac],
  ]),
  providersById: new Map([
    [1, ais],
    [2, dtac],
  ]),
  agencies: new Map([['G0001', agency]]),
  agenciesById: new Map([[7, agency]]),
  resolveAgency: agencyResolver([{ ...agency, id: 7 }]),
};
const now = new Date('2020-03-20T12:00:00+07:00');
const read = createJsonReader(catalogue, now);
const whole = {
  agency: 'G0001',
  reference: 'r1',
  provider: 'ais',
  access: 'MB',
  number: '081-234-5678',
  validFrom: '2020-03-19',
  apps: ['teams', 'meet'],
  confirmation: { confirmedAt: '2020-03-18T10:00:00+07:00', confirmedBy: 'x', document: 'y' },
};

describe('registrations as JSON', () => {
  test('a whole one is confirmed, in canonical form', () => {
    const verdict = read(1, whole);
    assert.ok(verdict.outcome === 'accepted');
    const { lineKey, access, state, appBits, agencyId } = verdict.registration;
    assert.deepEqual(
      { lineKey, access, state, appBits, agencyId },
      { lineKey: 'M:66812345678', access: 'MB', state: 'confirmed', appBits: 6, agencyId: 7 },
    );
  });

  test('without evidence it is a draft; a national ID is never looked at', () => {
    const verdict = read(1, { ...whole, confirmation: undefined, ...{ nationalId: { any: 'thing' } } });
    assert.ok(verdict.outcome === 'accepted');
    assert.equal(verdict.registration.state, 'draft');
  });

  test('what cannot be read is named by pointer and never repeated', () => {
    const verdict = read(1, {
      ...whole,
      number: '08123',
      validFrom: '31/02/2563',
      confirmation: { ...whole.confirmation, confirmedAt: '2021-01-01' },
    });
    assert.ok(verdict.outcome === 'rejected');
    const items = verdict.problems.map((problem) => problemItem(problem, '#/lines/0'));
    assert.deepEqual(items.map((item) => item.pointer ?? '').sort(), [
      '#/confirmation/confirmedAt',
      '#/lines/0/number',
      '#/lines/0/validFrom',
    ]);
    assert.doesNotMatch(JSON.stringify(items), /08123|2563/);
  });

  test('values of the wrong kind are missing values, not crashes', () => {
    for (const number of [null, {}, [], true]) assert.equal(read(1, { ...whole, number }).outcome, 'rejected');
    assert.equal(read(1, {}).outcome, 'rejected');
  });
});

test('a line by itself: mobile by any spelling, fixed by its provider', () => {
  assert.deepEqual(lineKeyIn(catalogue, { access: 'MB', number: '+66 81 234 5678' }), {
    outcome: 'line',
    lineKey: 'M:66812345678',
  });
  assert.deepEqual(lineKeyIn(catalogue, { access: 'FB', provider: 'AIS', number: '1234567890' }), {
    outcome: 'line',
    lineKey: 'F:AIS:1234567890',
  });
  for (const [line, code] of [
    [{ access: 'MB', number: '021234567' }, 'PHONE_NOT_MOBILE'],
    [{ access: 'FB', number: '1' }, 'MISSING'],
    [{ access: 'FB', provider: 'DTAC', number: '1' }, 'PROVIDER_LACKS_ACCESS'],
    [{ access: 'FB', provider: 'X', number: '1' }, 'PROVIDER_UNKNOWN'],
    [{ access: 'FB', provider: 'AIS', number: 'abc' }, 'CIRCUIT_FORMAT'],
  ] as const) {
    const reading = lineKeyIn(catalogue, line);
    assert.ok(reading.outcome === 'rejected');
    assert.equal(reading.problem.code, code);
  }
});
