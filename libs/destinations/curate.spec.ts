// Curation: what is denied and why, what is collapsed, what may not be proposed; lists and their hashes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Destination } from '#contracts';
import { collapse, curate, joinNeighbours, warningsOf, type ChosenSets } from './curate.js';
import { contentHash, diffLists, inOrder, listHash } from './list.js';
import { ownPolicy } from './policy.js';
import { readSource } from './reading/read-source.js';

const file = (name: string): Buffer => readFileSync(new URL(`./data/sample/${name}`, import.meta.url));
const microsoft = readSource(file('worldwide-2020022800.derived.json'), { version: '2020022800' }, null);
const chosen = (sets: string[], app = 'teams'): ChosenSets => ({
  app,
  vendor: 'microsoft',
  version: '2020022800',
  sets: microsoft.sets.filter((set) => sets.includes(set.set)),
});
const network = (value: string, set = '1'): Destination => ({
  app: 'teams',
  kind: 'cidr',
  value,
  flows: [{ proto: 'any', ports: [] }],
  sources: [{ vendor: 'microsoft', set, version: '1' }],
});

describe('curation', () => {
  test('the deny list takes real members of the vendors’ lists, and says why in both languages', () => {
    const { denied } = curate([chosen(['15', '16', '17', '26', '27'])], ownPolicy());
    const reasons = new Map(denied.map((one) => [one.value, one]));
    for (const name of [
      '*.msecnd.net',
      'ajax.aspnetcdn.com',
      'mlccdn.blob.core.windows.net',
      'aka.ms',
      '*.msedge.net',
      'mlccdnprod.azureedge.net',
      'skypemaprdsitus.trafficmanager.net',
    ])
      assert.ok(reasons.get(name)?.reasonTh, name);
    assert.deepEqual(reasons.get('aka.ms')?.sources, [{ vendor: 'microsoft', set: '17', version: '2020022800' }]);
  });

  test('forms that no name can match are denied, and the list goes on', () => {
    const all = curate(
      [
        chosen(
          microsoft.sets.map((set) => set.set),
          'all',
        ),
      ],
      { ...ownPolicy(), limits: { destinations: 5000, ipv4AddressesPerApp: 2 ** 32 } },
    );
    const denied = new Map(all.denied.map((one) => [one.value, one.reason]));
    assert.match(denied.get('*cdn.onenote.net') ?? '', /without a dot/);
    assert.match(denied.get('*-my.sharepoint.com') ?? '', /without a dot/);
    assert.ok(denied.has('*.microsoft.com'));
    assert.deepEqual(all.faults, []);
  });

  test('one network of several sets is one destination with all of its provenance and ports', () => {
    const { entries } = curate([chosen(['11', '12', '13', '22'])], ownPolicy());
    const range = entries.find((one) => one.value === '52.112.0.0/14');
    assert.deepEqual(range?.flows, [
      { proto: 'tcp', ports: ['80', '443'] },
      { proto: 'udp', ports: ['3478-3481'] },
    ]);
    assert.deepEqual(range?.sources.map((one) => one.set).sort(), ['11', '12', '13', '22']);
    assert.ok(
      entries.some((one) => one.value === '*.teams.microsoft.com'),
      'narrower than what is denied',
    );
  });

  test('overlaps collapse for size: the figures of 2020022800, and the overlap inside Cisco’s list', () => {
    const values = [...new Set(microsoft.sets.flatMap((set) => set.cidrs))];
    const count = (family: (value: string) => boolean): [number, number] => {
      const own = values.filter(family).map((value) => network(value));
      return [own.length, joinNeighbours(collapse(own).kept, ownPolicy()).length];
    };
    const [v4, v4Kept] = count((value) => !value.includes(':'));
    const [v6, v6Kept] = count((value) => value.includes(':'));
    assert.deepEqual([v4, v6], [78, 108]);
    assert.deepEqual([v4Kept, v6Kept], [75, 99], 'halves joined; nothing of it lies inside another');
    assert.equal(collapse(values.map((value) => network(value))).collapsed, 0);
    const cisco = collapse([network('69.26.160.0/19', 'a'), network('69.26.176.0/20', 'b')]);
    assert.deepEqual(
      cisco.kept.map((one) => one.value),
      ['69.26.160.0/19'],
    );
    assert.deepEqual(cisco.kept[0]?.sources[1], {
      vendor: 'microsoft',
      set: 'b',
      version: '1',
      value: '69.26.176.0/20',
    });
  });

  test('other ports are not collapsed: a wider network without them does not free them', () => {
    const wide = { ...network('52.112.0.0/14'), flows: [{ proto: 'udp' as const, ports: ['3478-3481'] }] };
    const narrow = { ...network('52.112.0.0/24'), flows: [{ proto: 'tcp' as const, ports: ['443'] }] };
    assert.equal(collapse([wide, narrow]).collapsed, 0);
    assert.equal(collapse([wide, { ...narrow, flows: [{ proto: 'udp' as const, ports: ['3480'] }] }]).collapsed, 1);
  });

  test('a list that is too large, too wide or empty may not be proposed; it is never cut to fit', () => {
    const policy = ownPolicy();
    assert.match(
      curate([chosen(['11'])], { ...policy, limits: { ...policy.limits, destinations: 1 } }).faults[0] ?? '',
      /at most 1/,
    );
    assert.match(
      curate([chosen(['11'])], { ...policy, limits: { ...policy.limits, ipv4AddressesPerApp: 1000 } }).faults[0] ?? '',
      /teams would free/,
    );
    assert.match(curate([chosen(['16'])], policy).faults[0] ?? '', /nothing is left/);
    assert.match(warningsOf([network('52.112.0.0/14')])[0] ?? '', /no IPv6/);
  });
});

describe('lists', () => {
  const some = curate([chosen(['11', '12', '13'])], ownPolicy()).entries;

  test('property: the hash does not depend on the order, and every change of content shows', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(some, { minLength: some.length }), fc.nat(some.length - 1), (shuffled, at) => {
        assert.equal(listHash(shuffled), listHash(some));
        assert.deepEqual(inOrder(shuffled), some);
        const other = some.map((one, i) =>
          i === at ? { ...one, flows: [{ proto: 'any' as const, ports: [] }] } : one,
        );
        assert.notEqual(listHash(other), listHash(some));
        assert.deepEqual(diffLists(some, other).added, [other[at]]);
        assert.notEqual(listHash(some.filter((_, i) => i !== at)), listHash(some));
      }),
      { numRuns: 50 },
    );
  });

  test('an approval is bound to provenance and date, too', () => {
    const moved = some.map((one, i) => (i === 0 ? { ...one, sources: [] } : one));
    assert.equal(listHash(moved), listHash(some));
    assert.notEqual(contentHash(moved, null), contentHash(some, null));
    assert.notEqual(contentHash(some, new Date(0)), contentHash(some, null));
  });

  test('property: what is added and removed leads from one list to the other', () => {
    fc.assert(
      fc.property(fc.subarray(some), fc.subarray(some), (before, after) => {
        const { added, removed } = diffLists(before, after);
        const kept = before.filter(
          (one) => !removed.includes(one) && !added.some((each) => each.value === one.value && each.kind === one.kind),
        );
        assert.deepEqual(inOrder([...kept, ...added]), inOrder(after));
      }),
    );
  });
});
