// What the contract leaves to no guess: a number after its refusal, and a line older than what is held.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ADAPTERS, type AdapterRegistry } from '#contracts';
import { bangkokDay, query } from '#platform';
import { each, seal, testLines } from '../../../libs/adapters/conformance/batches.js';
import { readBatch } from '../../../libs/dispatch/sealed-bytes.js';
import { registerLines } from '../../support/hub.js';
import { simulatedCounterpart, type Simulated } from '../adapters/simulated.js';
import { movedSince, startCallbackHub, stateOf, type CallbackHub } from '../callbacks/callback-kit.js';

const calm = new AbortController().signal;

describe('a number after its refusal', () => {
  let kit: CallbackHub;
  before(async () => {
    kit = await startCallbackHub({ dials: { TRUE: { dial: { poison: 1 } } } });
    await registerLines(kit.hub.source, 2, [kit.providerId], bangkokDay(new Date()));
    await kit.hub.settled(30);
  });
  after(() => kit.close());

  test('is unknown at the provider, and its halves carry the lines', async () => {
    const batches = await query<{ number: number; state: string; rejected: number }>(
      kit.hub.source,
      'SELECT number, state, n_rejected AS rejected FROM batch ORDER BY number',
    );
    assert.deepEqual(
      batches.map(({ number, state, rejected }) => [number, state, rejected]),
      [
        [1, 'refused', 0],
        [2, 'settled', 1],
        [3, 'settled', 1],
      ],
    );
    const adapter = kit.worker.get<AdapterRegistry>(ADAPTERS, { strict: false }).get('TRUE');
    const refused = await readBatch(kit.hub.source, kit.providerId, 1);
    assert.ok(refused);
    assert.deepEqual(await adapter.ask(refused, calm), { answer: 'hasNot' });
  });

  test('outcomes for it are set aside', async () => {
    const untouched = await stateOf(kit.hub);
    const answer = await kit.say(1, { default: 'applied', except: [] });
    assert.equal(answer.status, 422);
    assert.equal(answer.data.errors[0].code, 'unknownBatch');
    assert.match(answer.data.errors[0].detail, /refused as a whole/);
    assert.deepEqual(await movedSince(kit.hub, untouched), []);
  });
});

describe('a line older than what is held', () => {
  let other: Simulated;
  before(async () => {
    other = await simulatedCounterpart('AIS');
    other.dial({ applyOrder: 'newerSeqOnly' });
  });
  after(() => other.stop());

  test('is answered "already" by a provider that takes only newer seqs, and what is held stays', async () => {
    const [line] = testLines(1, 50, 'MB');
    assert.ok(line);
    const hand = async (number: number, to: string, seq: number) => {
      const made = seal(other.adapter, number, [{ ...line, seq, to }]);
      return other.adapter.handOver(made.batch, each(made.parts), calm);
    };
    const first = other.nextNumber();
    assert.deepEqual((await hand(first, '2020-06-30', 900)).result, 'accepted');
    const stale = await hand(other.nextNumber(), '2020-05-31', 400);
    assert.ok(stale.result === 'accepted' && stale.outcomes);
    const word = stale.outcomes.except[0]?.outcome ?? stale.outcomes.default;
    assert.equal(word, 'already');
    assert.equal(other.simulated.provider.applier.book.get(line.ref)?.to, '2020-06-30');
  });
});
