// Every adapter passes the conformance suite against the real simulator of its provider.
import { after, afterEach, before, describe, test } from 'node:test';
import { referenceProfile } from '#adapters';
import { conformanceFor } from '../../../libs/adapters/conformance/suite.js';
import { FILE_TEMPERS, ORDER_TEMPERS, simulatedCounterpart, WEBHOOK_TEMPERS, type Simulated } from './simulated.js';

const ADAPTERS = [
  ['AIS', referenceProfile('AIS')!, WEBHOOK_TEMPERS],
  ['TRUE', referenceProfile('TRUE')!, WEBHOOK_TEMPERS],
  ['CAT', referenceProfile('CAT')!, FILE_TEMPERS],
  ['TOT', referenceProfile('TOT')!, FILE_TEMPERS],
  ['DTAC', referenceProfile('DTAC')!, ORDER_TEMPERS],
] as const;

for (const [code, profile, tempers] of ADAPTERS) {
  describe(`${code} conforms`, () => {
    let other: Simulated;
    before(async () => {
      other = await simulatedCounterpart(code, profile);
    });
    afterEach(() => other.turn('good'));
    after(() => other.stop());
    for (const one of conformanceFor(tempers)) test(one.name, () => one.run(other));
  });
}
