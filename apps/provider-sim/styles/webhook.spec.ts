// The webhook styles over real HTTP: answers, faults, known numbers, order, full lists, callbacks.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type SimulatedProvider, type Simulator, startSimulator } from '../simulator.js';
import {
  addLine,
  addLines,
  ask,
  call,
  control,
  eventBody,
  openHub,
  post,
  refOf,
  removeLine,
  send,
  type TestHub,
  wordsOf,
} from '../sim-test-kit.js';
import { newSecret, signatureHeaders } from '../webhook/signature.js';
import { sha256 } from '../book/book.js';

let simulator: Simulator;
let hub: TestHub;
let ais: SimulatedProvider;
let provider: SimulatedProvider;

const NO_FAULTS = {
  error500Before: 0,
  error500After: 0,
  resetBefore: 0,
  resetAfter: 0,
  hangBefore: 0,
  hangAfter: 0,
  tooMany: 0,
  unavailable: 0,
  unauthorized: 0,
  html: 0,
};

before(async () => {
  hub = await openHub(() => provider.ownSecret);
  simulator = await startSimulator({ providers: ['AIS', 'TRUE'], hub: hub.address, seed: 7 });
  ais = simulator.get('AIS');
  provider = simulator.get('TRUE');
});

after(async () => {
  await simulator.stop();
  await hub.close();
});

beforeEach(async () => {
  // What the test before set going must have come to its end.
  await hub.until(() => (provider.state()['callbacks'] as { waiting: number }).waiting === 0);
  hub.received.length = 0;
  hub.answer = () => 202;
  for (const one of [ais, provider]) {
    one.provider.reset();
    one.turn({
      faults: NO_FAULTS,
      silence: 0,
      reject: { share: 0 },
      retryLater: { share: 0 },
      poison: 0,
      duplicateCheck: 'refuses',
      applyOrder: 'asSent',
      parkLimitMs: 60_000,
      maxLines: 0,
      statusQuery: 'on',
      answer: {
        partSize: 0,
        repeat: 0,
        reorder: 0,
        omit: 0,
        contradict: 0,
        unknownBatch: 0,
        shifted: 0,
        badSignature: 0,
      },
    });
  }
});

function violations(sim: SimulatedProvider): Record<string, number> {
  return sim.provider.observer.state.violations;
}

describe('response', () => {
  test('takes the example of the contract and says what became of it', async () => {
    const lines = [addLine(1, 1, 40_001), removeLine(2, 2, 40_002)];
    const { status, body } = await send(ais, 1, lines, { gzip: true });
    assert.equal(status, 200);
    assert.deepEqual(body, {
      batch: 1,
      receipt: 'accepted',
      outcomes: { default: 'already', except: [{ n: 1, ref: refOf(1), outcome: 'applied' }], first: 1, last: 2 },
    });
    const [held] = (await control(ais, 'GET', '/book')).text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(held, {
      ref: refOf(1),
      line: '+66810000001',
      access: 'MB',
      package: 'WAH-MB',
      from: '2020-03-19',
      to: '2020-06-30',
      seq: 40_001,
    });
    assert.deepEqual(violations(ais), {});
  });

  test('a number it has is refused with the hash of what it has, also when the bytes are others', async () => {
    const first = eventBody('AIS', 1, addLines(1, 5));
    await post(ais, 1, first);
    const again = await post(ais, 1, first);
    assert.equal(again.status, 409);
    assert.equal(again.body.sha256, sha256(first));
    assert.equal(again.body.receipt, 'known');
    assert.equal(again.body.outcomes?.default, 'applied');
    assert.deepEqual(violations(ais), {});
    const other = await post(ais, 1, eventBody('AIS', 1, addLines(1, 6)));
    assert.equal(other.status, 409);
    assert.equal(other.body.sha256, sha256(first));
    assert.deepEqual(violations(ais), { sameNumberOtherBytes: 1 });
    assert.equal(ais.provider.applier.book.count, 5);
  });

  test('without a duplicate check a number is applied again', async () => {
    ais.turn({ duplicateCheck: 'none' });
    await send(ais, 1, addLines(1, 5));
    await send(ais, 2, [removeLine(1, 1, 6)]);
    const again = await send(ais, 1, addLines(1, 5));
    assert.equal(again.status, 200);
    assert.equal(ais.provider.applier.book.count, 5, 'the removed line is back, which is the danger');
    assert.deepEqual(violations(ais), { olderSeqAfterNewer: 1 });
  });

  test('status and highest number', async () => {
    assert.deepEqual((await ask(ais, '/whitelist/state')).body, { provider: 'AIS', highestBatch: 0, appliedSeq: 0 });
    const body = eventBody('AIS', 3, addLines(1, 5, 101));
    await post(ais, 3, body);
    assert.deepEqual((await ask(ais, '/whitelist/state')).body, {
      provider: 'AIS',
      highestBatch: 3,
      sha256: sha256(body),
      appliedSeq: 105,
    });
    const asked = await ask(ais, '/whitelist/batches/3');
    assert.deepEqual(asked.body, {
      batch: 3,
      state: 'applied',
      sha256: sha256(body),
      outcomes: { default: 'applied', except: [], first: 1, last: 5 },
    });
    assert.equal((await ask(ais, '/whitelist/batches/2')).status, 404);
    assert.deepEqual(ais.provider.observer.missing(), [1, 2]);
    ais.turn({ statusQuery: 'off' });
    assert.equal((await ask(ais, '/whitelist/batches/3')).status, 501);
  });

  test('each fault does what its name says, and only the later ones apply', async () => {
    const cases = [
      ['error500Before', 500, 0],
      ['error500After', 500, 1],
      ['tooMany', 429, 0],
      ['unavailable', 503, 0],
      ['unauthorized', 401, 0],
      ['html', 200, 0],
      ['resetBefore', 'ECONNRESET', 0],
      ['resetAfter', 'ECONNRESET', 1],
      ['hangBefore', 'timed out', 0],
      ['hangAfter', 'timed out', 1],
    ] as const;
    let batch = 0;
    for (const [fault, expected, applied] of cases) {
      batch++;
      ais.turn({ faults: { ...NO_FAULTS, [fault]: 1 }, retryAfterSeconds: 3 });
      const held = ais.provider.applier.book.count;
      const outcome = await send(ais, batch, [addLine(batch, 1, batch)], { timeoutMs: 150 }).then(
        (answer) => answer,
        (error: NodeJS.ErrnoException) => error.code ?? error.message,
      );
      assert.equal(typeof outcome === 'string' ? outcome : outcome.status, expected, fault);
      if (typeof outcome !== 'string' && (expected === 429 || expected === 503))
        assert.equal(outcome.headers['retry-after'], '3');
      assert.equal(ais.provider.applier.book.count - held, applied, fault);
      ais.turn({ faults: NO_FAULTS });
      assert.equal((await ask(ais, `/whitelist/batches/${batch}`)).status, applied === 1 ? 200 : 404, fault);
    }
    assert.equal(ais.provider.observer.state.batches.size, cases.length, 'every number that arrived is on record');
  });

  test('silence takes and never answers, and tells when asked', async () => {
    ais.turn({ silence: 1 });
    await assert.rejects(send(ais, 1, addLines(1, 3), { timeoutMs: 100 }), /timed out/);
    assert.equal(ais.provider.applier.book.count, 3);
    assert.equal((await ask(ais, '/whitelist/batches/1')).body.outcomes?.default, 'applied');
  });

  test('rejects the same entries every time, and puts others off as often as it was told', async () => {
    ais.turn({ reject: { share: 0.2, codes: ['PORTED_OUT'] }, retryLater: { share: 0.2, times: 1 } });
    const first = (await send(ais, 1, addLines(1, 1_000))).body.outcomes!;
    const second = (await send(ais, 2, addLines(1, 1_000, 1_001))).body.outcomes!;
    const only = (outcomes: typeof first, word: string): string[] =>
      outcomes.except.filter((one) => one.outcome === word).map((one) => one.ref);
    const rejected = only(first, 'rejected');
    assert.ok(rejected.length > 140 && rejected.length < 260, `${rejected.length} of 1000 rejected at a share of 0.2`);
    assert.deepEqual(only(second, 'rejected'), rejected);
    const putOff = only(first, 'retryLater');
    assert.ok(putOff.length > 90 && putOff.length < 230, `${putOff.length} put off`);
    assert.deepEqual(only(second, 'retryLater'), []);
    assert.deepEqual(only(second, 'applied').length, putOff.length);
    assert.equal(ais.provider.applier.book.count, 1_000 - rejected.length);
    assert.ok(first.except.every((one) => one.outcome !== 'rejected' || one.code === 'PORTED_OUT'));
    assert.ok(first.except.every((one) => one.outcome !== 'retryLater' || one.retryAfter === 1));
  });

  test('poison makes it refuse the whole batch until the batch is small enough to be without it', async () => {
    ais.turn({ poison: 0.01 });
    const whole = await send(ais, 1, addLines(1, 500));
    assert.equal(whole.status, 422);
    assert.equal(whole.body.code, 'INVALID_FORMAT');
    assert.equal(ais.provider.applier.book.count, 0);
    let taken = 0;
    for (let i = 0; i < 500; i++) if ((await send(ais, 2 + i, [addLine(i + 1, 1, i + 1)])).status === 200) taken++;
    assert.ok(taken > 480 && taken < 500, `${taken} of 500 taken one by one`);
    assert.equal(ais.provider.applier.book.count, taken);
    assert.deepEqual(ais.provider.observer.missing(), []);
  });

  test('envelopes that are not what the contract says are refused whole', async () => {
    const lines = addLines(1, 2);
    const cases: [Record<string, unknown>, Record<string, unknown>, string][] = [
      [{ provider: 'TRUE' }, {}, 'WRONG_PROVIDER'],
      [{ contract: '2.0' }, {}, 'UNSUPPORTED_CONTRACT'],
      [{ kind: 'some' }, {}, 'UNKNOWN_KIND'],
      [{ count: 3 }, {}, 'COUNT_MISMATCH'],
      [{ part: 2 }, {}, 'BAD_NUMBER'],
      [{}, { sequence: '1' }, 'SEQUENCE_DIFFERS'],
      [{}, { type: 'x' }, 'NOT_CLOUDEVENT'],
      [{ lines: addLines(1, 2, 1, 2) }, {}, 'POSITION_HOLE'],
    ];
    for (const [data, event, code] of cases) {
      const { status, body } = await send(ais, 1, lines, { data, event });
      assert.equal(status, 422, code);
      assert.equal(body.code, code);
    }
    assert.equal((await post(ais, 1, '{')).body.code, 'NOT_JSON');
    ais.turn({ maxLines: 1 });
    assert.equal((await send(ais, 1, lines)).status, 413);
    assert.equal(ais.provider.applier.book.count, 0);
  });

  test('additions to the contract are ignored', async () => {
    const lines = addLines(1, 2).map((line) => ({ ...line, colour: 'green' }));
    assert.equal(
      (await send(ais, 1, lines, { data: { contract: '1.7', extra: {} }, event: { dataschema: 'x' } })).status,
      200,
    );
  });

  test('a line that cannot be read is rejected alone', async () => {
    const bad = [
      { line: '0812345678' },
      { from: '2563-03-19' },
      { access: 'XX' },
      { ref: '' },
      { op: 'DEL' },
      { package: 'a|b' },
    ];
    const lines = [...bad.map((change, i) => addLine(i, i + 1, i + 1, change)), addLine(99, bad.length + 1, 99)];
    const { body } = await send(ais, 1, lines);
    assert.deepEqual(
      body.outcomes?.except.map((one) => [one.n, one.outcome, one.code]),
      bad.map((_, i) => [i + 1, 'rejected', 'INVALID_FORMAT']),
    );
    assert.equal(ais.provider.applier.book.count, 1);
    assert.equal(violations(ais)['malformedLine'], bad.length);
  });

  test('a wrong, missing or old signature, and a gzip bomb, change nothing', async () => {
    const body = eventBody('AIS', 1, addLines(1, 2));
    const type = { 'content-type': 'application/cloudevents+json' };
    const url = `${ais.address.target}/whitelist/batches`;
    const id = 'AIS-000000001-1';
    assert.equal((await call(url, 'POST', body, type)).status, 401);
    assert.equal(
      (await call(url, 'POST', body, { ...type, ...signatureHeaders(newSecret(), id, body, Date.now()) })).status,
      401,
    );
    assert.equal(
      (
        await call(url, 'POST', body, {
          ...type,
          ...signatureHeaders(ais.hubSecrets[0]!, id, body, Date.now() - 400_000),
        })
      ).status,
      401,
    );
    assert.equal(
      (await call(url, 'POST', `${body} `, { ...type, ...signatureHeaders(ais.hubSecrets[0]!, id, body, Date.now()) }))
        .status,
      401,
    );
    const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024, 32));
    assert.equal((await call(url, 'POST', bomb, { ...type, 'content-encoding': 'gzip' })).status, 413);
    assert.equal((await call(url, 'POST', 'x', { ...type, 'content-encoding': 'gzip' })).status, 400);
    assert.equal(ais.provider.observer.state.batches.size, 0);
  });
});

describe('order of batches', () => {
  test('asSent lets an older change win and says so', async () => {
    await send(ais, 2, [removeLine(1, 1, 11)]);
    await send(ais, 1, [addLine(1, 1, 10)]);
    assert.equal(ais.provider.applier.book.count, 1);
    assert.equal(violations(ais)['olderSeqAfterNewer'], 1);
  });

  test('newerSeqOnly leaves an older change out', async () => {
    ais.turn({ applyOrder: 'newerSeqOnly' });
    await send(ais, 2, [removeLine(1, 1, 11)]);
    const late = await send(ais, 1, [addLine(1, 1, 10)]);
    assert.deepEqual(late.body.outcomes, { default: 'already', except: [], first: 1, last: 1 });
    assert.equal(ais.provider.applier.book.count, 0);
    assert.deepEqual(violations(ais), {});
  });

  test('inNumberOrder parks what is behind a gap', async () => {
    provider.turn({ applyOrder: 'inNumberOrder' });
    await send(provider, 2, [removeLine(1, 1, 11)]);
    assert.equal((await ask(provider, '/whitelist/batches/2')).body.state, 'received');
    assert.equal(provider.provider.parked, 1);
    await send(provider, 1, [addLine(1, 1, 10)]);
    await hub.until(() => hub.received.length === 2);
    assert.deepEqual(
      hub.received.map((one) => one.batch),
      [1, 2],
    );
    assert.equal(provider.provider.applier.book.count, 0);
    assert.equal(provider.provider.parked, 0);
    assert.deepEqual(violations(provider), {});
  });

  test('a gap that never closes is given up, and a refused number leaves none', async () => {
    provider.turn({ applyOrder: 'inNumberOrder', maxLines: 1, parkLimitMs: 1 });
    await send(provider, 1, addLines(1, 2));
    await send(provider, 2, [addLine(1, 1, 1)]);
    assert.equal(provider.provider.parked, 0, 'number 1 was refused as a whole');
    await send(provider, 4, [addLine(2, 1, 2)]);
    await hub.until(() => hub.received.some((one) => one.batch === 4));
    assert.equal(provider.provider.observer.state.notices['gapGivenUp'], 1);
  });

  test('two changes of one entry in one batch are noticed', async () => {
    await send(ais, 1, [addLine(1, 1, 1), removeLine(1, 2, 2)]);
    assert.equal(violations(ais)['twoChangesOfOneEntry'], 1);
  });
});

describe('full list', () => {
  test('is staged, and removes what is absent when its last part has come', async () => {
    await send(ais, 1, addLines(1, 6));
    const bodies = [addLines(3, 2, 3), addLines(5, 2, 5, 3), addLines(100, 1, 7, 5)].map((lines, i) =>
      eventBody('AIS', 2, lines, { kind: 'full', part: i + 1, parts: 3, fromSeq: 1, toSeq: 10 }),
    );
    const answers = [];
    for (const [i, body] of bodies.entries()) {
      answers.push(await post(ais, 2, body, { part: i + 1 }));
      if (i < 2) assert.equal(ais.provider.applier.book.count, 6, 'nothing is applied before the last part');
    }
    assert.deepEqual(
      answers.map((one) => one.body.outcomes),
      [
        { default: 'already', except: [], first: 1, last: 2 },
        { default: 'already', except: [], first: 3, last: 4 },
        { default: 'applied', except: [], first: 5, last: 5 },
      ],
    );
    assert.deepEqual(ais.provider.applier.book.sortedRefs(), [3, 4, 5, 6, 100].map(refOf));
    const asked = (await ask(ais, '/whitelist/batches/2')).body;
    assert.equal(asked.sha256, sha256(bodies.join('')));
    assert.deepEqual([asked.state, asked.outcomes?.first, asked.outcomes?.last], ['applied', 1, 5]);
    const again = await post(ais, 2, bodies[1]!, { part: 2 });
    assert.deepEqual([again.status, again.body.sha256], [409, sha256(bodies[1]!)]);
    assert.deepEqual(violations(ais), {});
  });

  test('keeps what is held of an entry that it rejects', async () => {
    await send(ais, 1, addLines(1, 50));
    ais.turn({ reject: { share: 0.5 } });
    const { body } = await send(
      ais,
      2,
      addLines(1, 50).map((line) => ({ ...line, package: 'WAH-2' })),
      { kind: 'full', toSeq: 50 },
    );
    const rejected = new Set(body.outcomes?.except.filter((one) => one.outcome === 'rejected').map((one) => one.ref));
    assert.ok(rejected.size > 10);
    for (const line of addLines(1, 50)) {
      assert.equal(ais.provider.applier.book.get(line.ref)?.package, rejected.has(line.ref) ? 'WAH-MB' : 'WAH-2');
    }
  });

  test('parts out of order and missing are noticed', async () => {
    const part = (number: number, lines: ReturnType<typeof addLines>): Promise<unknown> =>
      send(ais, 1, lines, { kind: 'full', part: number, parts: 2, fromSeq: 1, toSeq: 4 });
    await part(2, addLines(3, 2, 3, 3));
    assert.equal(violations(ais)['fullListPartMissing'], 1);
    assert.equal(ais.provider.applier.book.count, 0);
    await part(1, addLines(1, 2));
    assert.equal(ais.provider.applier.book.count, 4);
  });
});

describe('callback', () => {
  test('answers 202 and tells the outcomes later, signed and in parts', async () => {
    provider.turn({ answer: { partSize: 30 }, reject: { share: 0.1 } });
    const { status, body } = await send(provider, 1, addLines(1, 100));
    assert.deepEqual([status, body], [202, { batch: 1, receipt: 'accepted' }]);
    await hub.until(() => hub.received.length === 4);
    assert.ok(hub.received.every((one) => one.verified === 'good' && one.batch === 1));
    const words = wordsOf(hub.received);
    assert.equal(words.size, 100);
    const rejected = [...words.values()].filter((word) => word === 'rejected').length;
    assert.equal(provider.provider.applier.book.count, 100 - rejected);
    assert.ok(rejected > 0);
  });

  test('repeats, reorders and leaves out as dialled', async () => {
    provider.turn({ answer: { partSize: 1, repeat: 0.5, reorder: 0.5, reorderMs: 30, omit: 0.2 } });
    await send(provider, 1, addLines(1, 200));
    await hub.until(() => hub.received.length > 200);
    await hub.until(() => (provider.state()['callbacks'] as { waiting: number }).waiting === 0);
    const order = hub.received.map((one) => one.outcomes.first);
    assert.notDeepEqual(
      order,
      order.toSorted((a, b) => a - b),
      'some overtook others',
    );
    assert.ok(new Set(order).size < order.length, 'some came twice');
    assert.ok(new Set(order).size < 190, 'some never came');
  });

  test('spoilt callbacks: unknown batch, shifted, contradictory, badly signed', async () => {
    provider.turn({
      reject: { share: 1 },
      answer: { unknownBatch: 1, shifted: 1, contradict: 1, badSignature: 1, reorderMs: 1 },
    });
    await send(provider, 1, addLines(1, 3));
    await hub.until(() => hub.received.length === 5);
    assert.deepEqual(
      hub.received.map((one) => one.batch).toSorted((a, b) => a - b),
      [1, 1, 1, 1, 100_001],
    );
    assert.equal(hub.received.filter((one) => one.verified === 'bad').length, 1);
    assert.ok(
      hub.received.some((one) => one.outcomes.except.some((line) => line.n === 4)),
      'shifted by one',
    );
    assert.ok(
      hub.received.some((one) => one.outcomes.except.every((line) => line.outcome === 'applied')),
      'contradicts the rejection',
    );
  });

  test('a callback that the hub does not take is sent again with the same id', async () => {
    let tries = 0;
    hub.answer = () => (++tries < 3 ? 503 : 202);
    await send(provider, 1, addLines(1, 3));
    await hub.until(() => hub.received.length === 1);
    assert.equal(tries, 3);
  });

  test('silence and status query', async () => {
    provider.turn({ silence: 1 });
    await send(provider, 1, addLines(1, 3));
    provider.turn({ silence: 0 });
    await send(provider, 2, addLines(4, 3, 4));
    await hub.until(() => hub.received.length === 1);
    assert.equal(hub.received[0]?.batch, 2);
    assert.equal((await ask(provider, '/whitelist/batches/1')).body.outcomes?.default, 'applied');
  });
});

describe('control', () => {
  test('pages the book, gives digest and line, and counts', async () => {
    await send(ais, 1, addLines(1, 25));
    const refs: string[] = [];
    for (let after = ''; ;) {
      const page = (await control(ais, 'GET', `/book?limit=10&after=${after}`)).text.split('\n').filter(Boolean);
      if (page.length === 0) break;
      refs.push(...page.map((line) => (JSON.parse(line) as { ref: string }).ref));
      after = refs.at(-1)!;
    }
    assert.deepEqual(
      refs,
      addLines(1, 25).map((line) => line.ref),
    );
    const digest = JSON.parse((await control(ais, 'GET', '/book/digest')).text) as Record<string, unknown>;
    assert.deepEqual([digest['count'], digest['appliedSeq'], digest['highestBatch']], [25, 25, 1]);
    assert.equal((JSON.parse((await control(ais, 'GET', `/book/line/${refOf(3)}`)).text) as { seq: number }).seq, 3);
    assert.equal((await control(ais, 'GET', '/book/line/none')).status, 404);
    const state = JSON.parse((await control(ais, 'GET', '/state')).text) as Record<string, unknown>;
    assert.deepEqual([state['held'], state['linesReceived'], state['batches']], [25, 25, 1]);
    assert.deepEqual(state['outcomes'], { applied: 25, already: 0, rejected: 0, retryLater: 0 });
  });

  test('turns the dial, and refuses what it does not know', async () => {
    assert.equal((await control(ais, 'PUT', '/dial', { faults: { tooMany: 1 } })).status, 200);
    assert.equal((await send(ais, 1, addLines(1, 1))).status, 429);
    for (const wrong of [
      { fault: {} },
      { faults: { tooMany: 2 } },
      { applyOrder: 'random' },
      { reject: { codes: [] } },
      { delayMs: 5 },
    ]) {
      const { status, body } = await control(ais, 'PUT', '/dial', wrong);
      assert.deepEqual([status, body.code], [400, 'BAD_DIAL'], JSON.stringify(wrong));
    }
    assert.equal((await control(ais, 'PUT', '/hub', { url: 'http://example.com' })).status, 400);
  });

  test('forgets the newest batches, as if restored from a backup, and the observer does not', async () => {
    await send(ais, 1, addLines(1, 10));
    const digest = JSON.parse((await control(ais, 'GET', '/book/digest?seq=1')).text) as Record<string, unknown>;
    await send(ais, 2, [removeLine(1, 1, 11), addLine(2, 2, 12, { package: 'WAH-2' }), addLine(50, 3, 13)]);
    await send(ais, 3, addLines(60, 2, 14), { kind: 'full', fromSeq: 1, toSeq: 15 });
    assert.equal(ais.provider.applier.book.count, 2);
    const forgotten = JSON.parse((await control(ais, 'POST', '/forget', { batches: 2 })).text) as Record<
      string,
      unknown
    >;
    assert.equal(forgotten['forgotten'], 2);
    assert.deepEqual(JSON.parse((await control(ais, 'GET', '/book/digest?seq=1')).text), digest);
    assert.deepEqual((await ask(ais, '/whitelist/state')).body.highestBatch, 1);
    assert.equal((await ask(ais, '/whitelist/batches/3')).status, 404);
    assert.equal(ais.provider.observer.state.batches.get(3)?.fate, 'forgotten');
    assert.equal((await send(ais, 3, [addLine(70, 1, 16)])).status, 200);
    assert.equal(violations(ais)['sameNumberOtherBytes'], 1, 'the observer knows the bytes of before');
    assert.equal((await control(ais, 'POST', '/forget', { batches: 9 })).status, 400);
    await control(ais, 'POST', '/forget', { everything: true });
    assert.equal(ais.provider.applier.book.count, 0);
  });
});
