// Circuit numbers against a provider's pattern.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { readCircuit } from './circuit.js';

const digits = /^[1-9][0-9]{9}$/;
const letters = /^C[0-9]{9}$/;

describe('readCircuit', () => {
  const repaired: [string, RegExp, string, string][] = [
    ['77 0000-0123', digits, '7700000123', 'separators'],
    ['๗๗๐๐๐๐๐๑๒๓', digits, '7700000123', 'thaiDigits'],
    ['7700000123.0', digits, '7700000123', 'floatExport'],
    ['7.700000123E+09', digits, '7700000123', 'scientific'],
    ["'7700000123", digits, '7700000123', 'textMarker'],
    ['c100000123', letters, 'C100000123', 'upperCase'],
  ];
  for (const [cell, pattern, circuit, repair] of repaired) {
    test(`${cell}: ${repair}`, () =>
      assert.deepEqual(readCircuit(cell, pattern), { outcome: 'circuit', circuit, repairs: [repair] }));
  }
  test('what fits is taken as it is', () => {
    fc.assert(
      fc.property(fc.stringMatching(digits), (circuit) =>
        assert.deepEqual(readCircuit(circuit, digits), { outcome: 'circuit', circuit, repairs: [] }),
      ),
    );
    assert.deepEqual(readCircuit(' 7700000123 ', digits), { outcome: 'circuit', circuit: '7700000123', repairs: [] });
  });
  test('a missing digit is never guessed', () => {
    assert.deepEqual(readCircuit('770000012', digits), { outcome: 'rejected', code: 'CIRCUIT_FORMAT' });
    assert.deepEqual(readCircuit('123456789', /^[0-9]{10}$/), { outcome: 'rejected', code: 'CIRCUIT_FORMAT' });
  });
  test('rounded numbers are refused', () =>
    assert.deepEqual(readCircuit('7.7E+09', digits), { outcome: 'rejected', code: 'CIRCUIT_DIGITS_LOST' }));
  test('what is accepted always has the form', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('0123456789 -.E+๗c')), maxLength: 14 }), (cell) => {
        const reading = readCircuit(cell, digits);
        return reading.outcome === 'rejected' || digits.test(reading.circuit);
      }),
      { numRuns: 3000 },
    );
  });
});
