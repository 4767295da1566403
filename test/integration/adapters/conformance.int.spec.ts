// Every adapter passes the conformance suite against the real simulator of its provider.
import { after, afterEach, before, describe, test } from 'node:test';
import { conformanceFor } from '../../../libs/adapters/conformance/suite.js';
import { FILE_TEMPERS, simulatedCounterpart, WEBHOOK_TEMPERS, type Simulated } from './simulated.js';

for (const code of ['AIS', 'TRUE', 'CAT'] as const) {
  describe(`${code} conforms`, () => {
    let other: Simulated;
    before(async () => {
      other = await simulatedCounterpart(code);
    });
    afterEach(() => other.turn('good'));
    after(() => other.stop());
    for (const one of conformanceFor(code === 'CAT' ? FILE_TEMPERS : WEBHOOK_TEMPERS)) test(one.name, () => one.run(other));
  });
}
