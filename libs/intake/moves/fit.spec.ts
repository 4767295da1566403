// Which lines a provider can take over.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { misfitOf } from './fit.js';

describe('misfitOf', () => {
  test('by the kind of line, and by the look of the circuit', () => {
    const both = { accesses: ['MB', 'FB'], circuitPattern: '^\\d{10}$' } as const;
    assert.equal(misfitOf('M:66800000001', both), null);
    assert.equal(misfitOf('F:TOT:1234567890', both), null);
    assert.equal(misfitOf('F:TOT:12345', both), 'CIRCUIT_FORMAT');
    assert.equal(misfitOf('M:66800000001', { accesses: ['FB'], circuitPattern: '^\\d+$' }), 'NO_MOBILE');
    assert.equal(misfitOf('F:TOT:1234567890', { accesses: ['MB'], circuitPattern: null }), 'NO_FIXED');
  });
});
