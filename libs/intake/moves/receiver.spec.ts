// Who gets a line that is registered with a provider: itself, or whoever its lines were handed over to.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { receiverOf, type Catalogue, type KnownProvider } from '../catalogue.js';
import { agencyResolver } from '../reading/index.js';

const provider = (code: string, providerId: number, over: Partial<KnownProvider> = {}): KnownProvider => ({
  code,
  providerId,
  accesses: ['MB', 'FB'],
  circuitPattern: '^\\d{10}$',
  ...over,
});

function catalogueOf(providers: KnownProvider[]): Catalogue {
  return {
    providers: new Map(providers.map((each) => [each.code, each])),
    providersById: new Map(providers.map((each) => [each.providerId, each])),
    agencies: new Map(),
    agenciesById: new Map(),
    resolveAgency: agencyResolver([]),
  };
}

describe('receiverOf', () => {
  test('follows successors as far as they take the line', () => {
    const tot = provider('TOT', 1, { successor: 'NT' });
    const nt = provider('NT', 2, { successor: 'LATER' });
    const later = provider('LATER', 3, { accesses: ['MB'], circuitPattern: null });
    const catalogue = catalogueOf([tot, nt, later]);
    assert.equal(receiverOf(catalogue, tot, 'M:66800000001').code, 'LATER');
    assert.equal(receiverOf(catalogue, tot, 'F:TOT:1234567890').code, 'NT');
    assert.equal(receiverOf(catalogue, tot, 'F:TOT:12345').code, 'TOT');
    assert.equal(receiverOf(catalogue, later, 'M:66800000001').code, 'LATER');
  });

  test('a circle ends', () => {
    const a = provider('AA', 1, { successor: 'BB' });
    const b = provider('BB', 2, { successor: 'AA' });
    assert.equal(receiverOf(catalogueOf([a, b]), a, 'M:66800000001').code, 'BB');
  });
});
