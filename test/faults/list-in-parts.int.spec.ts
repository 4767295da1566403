// A full list in many parts whose sender is killed after each of the first ones: what the provider answers to some parts is
// no reason to keep the others from it.
import { after, before, describe, test } from 'node:test';
import { startFaultHub, type FaultHub } from './fault-hub.js';
import { Load } from './load.js';

describe('a full list in parts, its sender killed between two of them', () => {
  let kit: FaultHub;
  let load: Load;
  before(async () => {
    kit = await startFaultHub({ providers: ['TRUE'] });
    load = new Load(kit);
    await kit.startApi();
    await load.more(40, ['TRUE']);
    await kit.recovers();
  });
  after(() => kit.close());

  for (const requests of [2, 3, 8]) {
    test(`after ${requests} requests: all of it arrives all the same, and what is newer stays`, async () => {
      await kit.onde.post('/v1/syncs', { kind: 'full', providers: ['TRUE'], reason: 'a test' });
      await kit.diesAt('worker', 'http.requested', undefined, requests);
      await load.more(6, ['TRUE']);
      await kit.recovers();
    });
  }
});
