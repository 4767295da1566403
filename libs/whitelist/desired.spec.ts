// What should be on the whitelists, against a plain reckoning day by day.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { dayAfter, desiredFor, type Desired, type ValidRegistration } from './desired.js';

const registration = (
  validFrom: string,
  validTo: string | null,
  over: Partial<ValidRegistration> = {},
): ValidRegistration => ({
  providerId: 1,
  package: 'P1',
  validFrom,
  validTo,
  ...over,
});
const never = () => false;
const always = () => true;
const absent = (dueOn: string | null): Desired => ({
  providerId: 1,
  present: false,
  package: null,
  validFrom: null,
  validTo: null,
  dueOn,
});

describe('desiredFor', () => {
  test('no registration names no provider', () => {
    assert.deepEqual(desiredFor([], '2020-04-01', never), []);
  });

  test('both days are included', () => {
    const spring = [registration('2020-03-19', '2020-06-30')];
    const there: Desired = {
      providerId: 1,
      present: true,
      package: 'P1',
      validFrom: '2020-03-19',
      validTo: '2020-06-30',
      dueOn: '2020-07-01',
    };
    assert.deepEqual(desiredFor(spring, '2020-03-18', never), [absent('2020-03-19')]);
    assert.deepEqual(desiredFor(spring, '2020-03-19', never), [there]);
    assert.deepEqual(desiredFor(spring, '2020-06-30', never), [there]);
    assert.deepEqual(desiredFor(spring, '2020-07-01', never), [absent(null)]);
  });

  test('a provider that takes dates gets a future entry at once', () => {
    const [desired] = desiredFor([registration('2020-03-19', null)], '2020-03-01', always);
    assert.deepEqual(desired, {
      providerId: 1,
      present: true,
      package: 'P1',
      validFrom: '2020-03-19',
      validTo: null,
      dueOn: null,
    });
  });

  test('a line registered twice stays until its last registration ends; adjoining spans are one', () => {
    const twice = [
      registration('2020-03-01', '2020-03-31'),
      registration('2020-04-01', '2020-04-30', { package: 'P0' }),
    ];
    const [desired] = desiredFor(twice, '2020-03-15', never);
    assert.deepEqual(desired, {
      providerId: 1,
      present: true,
      package: 'P0',
      validFrom: '2020-03-01',
      validTo: '2020-04-30',
      dueOn: '2020-05-01',
    });
  });

  test('a gap ends the span; the next one is due on its first day', () => {
    const gap = [registration('2020-03-01', '2020-03-10'), registration('2020-03-12', null)];
    assert.equal(desiredFor(gap, '2020-03-10', never)[0]?.validTo, '2020-03-10');
    assert.deepEqual(desiredFor(gap, '2020-03-11', never), [absent('2020-03-12')]);
  });

  test('providers are reckoned by themselves', () => {
    const two = [registration('2020-03-01', null), registration('2020-03-01', '2020-03-02', { providerId: 2 })];
    assert.deepEqual(
      desiredFor(two, '2020-03-03', never).map(({ providerId, present }) => [providerId, present]),
      [
        [1, true],
        [2, false],
      ],
    );
  });

  test('agrees with a reckoning day by day', () => {
    const day = fc.integer({ min: 0, max: 30 });
    const one = fc.record({
      providerId: fc.integer({ min: 1, max: 2 }),
      package: fc.constantFrom('P1', 'P2', 'P3'),
      from: day,
      length: fc.option(fc.nat(12), { nil: null }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 6 }), day, fc.boolean(), (drawn, today, dated) => {
        const registrations = drawn.map(({ providerId, package: code, from, length }) => ({
          providerId,
          package: code,
          validFrom: dayOf(from),
          validTo: length === null ? null : dayOf(from + length),
        }));
        const got = desiredFor(registrations, dayOf(today), () => dated);
        const providers = [...new Set(registrations.map((each) => each.providerId))];
        assert.deepEqual(
          got.toSorted((a, b) => a.providerId - b.providerId),
          providers.toSorted((a, b) => a - b).map((id) => byDays(registrations, id, today, dated)),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('on the day it says, and on no day before, the calendar alone changes what is desired', () => {
    const one = fc.record({ from: fc.nat(20), length: fc.nat(10) });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 4 }), fc.nat(40), fc.boolean(), (drawn, today, dated) => {
        const registrations = drawn.map(({ from, length }) => registration(dayOf(from), dayOf(from + length)));
        const content = (day: number) => {
          const [{ dueOn: _, ...desired } = absent(null)] = desiredFor(registrations, dayOf(day), () => dated);
          return desired;
        };
        const due = desiredFor(registrations, dayOf(today), () => dated)[0]?.dueOn ?? null;
        for (let day = today + 1; day < 60; day++) {
          if (due !== null && dayOf(day) >= due) {
            assert.notDeepEqual(content(day), content(today));
            return;
          }
          assert.deepEqual(content(day), content(today));
        }
      }),
    );
  });
});

describe('dayAfter', () => {
  test('knows months, leap years and the turn of the year', () => {
    assert.equal(dayAfter('2020-02-28'), '2020-02-29');
    assert.equal(dayAfter('2021-02-28'), '2021-03-01');
    assert.equal(dayAfter('2020-12-31'), '2021-01-01');
  });
});

/** Days from 1 March 2020. */
function dayOf(n: number): string {
  return new Date(Date.UTC(2020, 2, 1 + n)).toISOString().slice(0, 10);
}

/** No day of these tests is later: what is still valid then has no end. */
const HORIZON = 80;

function byDays(registrations: ValidRegistration[], providerId: number, today: number, dated: boolean): Desired {
  const own = registrations.filter((each) => each.providerId === providerId);
  const on = (n: number) =>
    own.some((each) => each.validFrom <= dayOf(n) && (each.validTo === null || dayOf(n) <= each.validTo));
  const nothing = { providerId, present: false, package: null, validFrom: null, validTo: null };
  let first = today;
  while (first < HORIZON && !on(first)) first++;
  if (first === HORIZON) return { ...nothing, dueOn: null };
  if (first > today && !dated) return { ...nothing, dueOn: dayOf(first) };
  while (on(first - 1)) first--;
  let last = first;
  while (last < HORIZON && on(last + 1)) last++;
  const begun = own.filter((each) => each.validFrom >= dayOf(first) && each.validFrom <= dayOf(last));
  return {
    providerId,
    present: true,
    package: begun.map((each) => each.package).toSorted()[0] ?? null,
    validFrom: dayOf(first),
    validTo: last === HORIZON ? null : dayOf(last),
    dueOn: last === HORIZON ? null : dayOf(last + 1),
  };
}
