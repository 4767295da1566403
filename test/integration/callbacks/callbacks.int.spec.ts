// TRUE answers in parts, late, repeated, out of order and against itself: every order ends in the same words.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import axios from 'axios';
import { OUTCOME_RECORDER, type OutcomeRecorder } from '#contracts';
import { query } from '#platform';
import { movedSince, startCallbackHub, stateOf, type CallbackHub, type SentLine } from './callback-kit.js';

/** Deterministic shuffle. */
function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  const result = [...items];
  let state = seed;
  for (let i = result.length - 1; i > 0; i--) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const j = state % (i + 1);
    [result[i], result[j]] = [result[j] as Item, result[i] as Item];
  }
  return result;
}

describe('callbacks of TRUE', () => {
  let kit: CallbackHub;
  before(async () => {
    kit = await startCallbackHub();
  });
  after(() => kit.close());

  const exceptions = async (number: number) =>
    query<{ n: number; kind: string; code: string; end_reason: string | null }>(
      kit.hub.source,
      'SELECT n, kind, code, end_reason FROM exception WHERE provider_id = $1 AND number = $2 ORDER BY n',
      [kit.providerId, number],
    );
  /** Parts of ten lines; every tenth line is rejected. */
  const partsOf = (lines: SentLine[]): object[] =>
    Array.from({ length: Math.ceil(lines.length / 10) }, (_, i) => {
      const part = lines.slice(10 * i, 10 * i + 10);
      return {
        default: 'applied',
        first: 10 * i + 1,
        last: 10 * i + part.length,
        except: part
          .filter(({ n }) => n % 10 === 7)
          .map(({ n, ref }) => ({ n, ref, outcome: 'rejected', code: 'PACKAGE_NOT_ELIGIBLE' })),
      };
    });

  test('in parts, repeated, in three orders: the same words on each batch', async () => {
    const ends: unknown[] = [];
    for (const seed of [1, 2, 3]) {
      const [number = 0] = await kit.send(100);
      const parts = partsOf(await kit.lines(number));
      const order = shuffled([...parts, ...parts.slice(2, 6)], seed);
      await Promise.all(order.map((part) => kit.say(number, part)));
      ends.push([await kit.batch(number), await exceptions(number)]);
    }
    assert.deepEqual(ends[1], ends[0]);
    assert.deepEqual(ends[2], ends[0]);
    const [batch] = ends[0] as [Record<string, unknown>];
    assert.deepEqual([batch['state'], batch['n_applied'], batch['n_rejected']], ['settled', 90, 10]);
  });

  test('late, after all is settled, a repeat moves nothing', async () => {
    const [number = 0] = await kit.send(20);
    const parts = partsOf(await kit.lines(number));
    for (const part of parts) await kit.say(number, part, `late-${JSON.stringify(part).length}-${number}`);
    assert.equal((await kit.batch(number))['state'], 'settled');
    const { callback: _ids, ...settled } = await stateOf(kit.hub);
    for (const part of parts) assert.equal((await kit.say(number, part)).status, 202);
    assert.deepEqual(
      (await movedSince(kit.hub, settled)).filter((name) => name !== 'callback'),
      [],
    );
  });

  test('late, after the hub gave up: what was uncertain gets its answer', async () => {
    const [number = 0] = await kit.send(30);
    const lines = await kit.lines(number);
    await kit.say(number, { default: 'applied', except: [], first: 1, last: 10 });
    const recorder = kit.worker.get<OutcomeRecorder>(OUTCOME_RECORDER, { strict: false });
    await recorder.giveUp(kit.providerId, number, 'no outcomes within the deadline');
    assert.deepEqual(await kit.batch(number).then((b) => [b['state'], b['n_applied'], b['n_uncertain']]), [
      'settled',
      10,
      20,
    ]);
    const { ref } = lines[29] as SentLine;
    await kit.say(number, {
      default: 'applied',
      first: 11,
      last: 30,
      except: [{ n: 30, ref, outcome: 'rejected', code: 'PORTED_OUT' }],
    });
    assert.deepEqual(
      await kit.batch(number).then((b) => [b['n_applied'], b['n_rejected'], b['n_uncertain']]),
      [29, 1, 0],
    );
    assert.deepEqual(
      (await exceptions(number))
        .filter((one) => one.end_reason !== 'answered')
        .map(({ n, kind, code }) => [n, kind, code]),
      [[30, 'rejected', 'PORTED_OUT']],
    );
  });

  test('against itself: applied and rejected is uncertain in either order, and only a new change resolves it', async () => {
    const said: unknown[] = [];
    for (const rejectedFirst of [true, false]) {
      const [number = 0] = await kit.send(3);
      const { n, ref } = (await kit.lines(number))[1] as SentLine;
      const words = [
        { except: [{ n, ref, outcome: 'rejected', code: 'NOT_SUBSCRIBER' }] },
        { default: 'applied', except: [] },
      ];
      for (const outcomes of rejectedFirst ? words : words.toReversed()) await kit.say(number, outcomes);
      // Saying one of the two once more decides nothing: nobody knows which came last.
      for (const outcomes of words) await kit.say(number, outcomes);
      const batch = await kit.batch(number);
      assert.deepEqual([batch['state'], batch['n_applied'], batch['n_uncertain']], ['settled', 2, 1]);
      said.push((await exceptions(number)).map(({ kind, code }) => [kind, code]));
    }
    assert.deepEqual(said[0], [['uncertain', 'NOT_SUBSCRIBER']]);
    assert.deepEqual(said[1], said[0]);

    // A person replays both, and what the provider says then counts.
    const ask = axios.create({ baseURL: kit.address, headers: { authorization: `Bearer ${kit.key}` } });
    const { data: replay } = await ask.post<{ replayId: number; lines: number }>('/v1/providers/TRUE/replays', {
      kind: 'uncertain',
    });
    assert.equal(replay.lines, 2);
    await ask.post(`/v1/replays/${replay.replayId}/start`, { reason: 'the provider was asked by telephone' });
    const open = () =>
      query<{ number: number; lines: number }>(
        kit.hub.source,
        `SELECT number, line_count AS lines FROM batch WHERE state = 'accepted' ORDER BY number`,
      );
    let sent = await open();
    while (sent.reduce((sum, each) => sum + each.lines, 0) < 2) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      sent = await open();
    }
    for (const { number } of sent) await kit.say(number, { default: 'applied', except: [] });
    const left = await query(
      kit.hub.source,
      `SELECT 1 FROM exception WHERE kind = 'uncertain' AND ended_at IS NULL AND provider_id = $1`,
      [kit.providerId],
    );
    assert.deepEqual(left, []);
  });

  test('lines that are listed may lie beside the span of the default', async () => {
    const [number = 0] = await kit.send(12);
    const { n, ref } = (await kit.lines(number))[9] as SentLine;
    const except = [{ n, ref, outcome: 'already' }];
    const answer = await kit.say(number, { default: 'applied', first: 2, last: 5, except });
    assert.deepEqual([answer.status, answer.data], [202, { accepted: 5, setAside: 0 }]);
    const batch = await kit.batch(number);
    assert.deepEqual([batch['n_applied'], batch['n_already'], batch['heard']], [4, 1, 5]);
  });

  test('put off first and applied later is applied, and the other way round too', async () => {
    for (const order of [0, 1]) {
      const [number = 0] = await kit.send(2);
      const { n, ref } = (await kit.lines(number))[0] as SentLine;
      const words = [
        { except: [{ n, ref, outcome: 'retryLater', code: 'QUOTA', retryAfter: 3600 }] },
        { default: 'applied', except: [] },
      ];
      for (const outcomes of order === 0 ? words : words.toReversed()) await kit.say(number, outcomes);
      const batch = await kit.batch(number);
      assert.deepEqual([batch['n_applied'], batch['n_retrying'], batch['state']], [2, 0, 'settled']);
    }
  });

  test('of two reasons for one line the first in the table stays, whatever came first', async () => {
    for (const codes of [
      ['PORTED_OUT', 'PACKAGE_NOT_ELIGIBLE'],
      ['PACKAGE_NOT_ELIGIBLE', 'PORTED_OUT'],
    ]) {
      const [number = 0] = await kit.send(1);
      const { n, ref } = (await kit.lines(number))[0] as SentLine;
      for (const code of codes) await kit.say(number, { except: [{ n, ref, outcome: 'rejected', code }] });
      assert.deepEqual(
        (await exceptions(number)).map((one) => one.code),
        ['PORTED_OUT'],
      );
    }
  });

  test('one id posted many times at once counts once, and each time gets the same answer', async () => {
    const [number = 0] = await kit.send(5);
    const body = kit.event(number, { default: 'applied', except: [] });
    const answers = await Promise.all(Array.from({ length: 12 }, () => kit.post({ id: `same-${number}`, body })));
    for (const answer of answers) assert.deepEqual([answer.status, answer.data], [202, { accepted: 5, setAside: 0 }]);
    const [row] = await query<{ n: number }>(kit.hub.source, 'SELECT count(*) AS n FROM set_aside');
    assert.equal(row?.n, 0);
  });

  test('1,000 parts of one batch in random order settle it', async (context) => {
    const [number = 0] = await kit.send(5000);
    const lines = await kit.lines(number);
    const parts = Array.from({ length: 1000 }, (_, i) => ({
      default: 'applied',
      first: 5 * i + 1,
      last: 5 * i + 5,
      except: i % 50 === 0 ? [{ ...lines[5 * i], outcome: 'rejected', code: 'PORTED_OUT' }] : [],
    }));
    const order = shuffled(parts, 7);
    const begun = performance.now();
    const senders = Array.from({ length: 4 }, async () => {
      for (let part = order.pop(); part; part = order.pop()) {
        const answer = await kit.say(number, part);
        assert.equal(answer.status, 202, JSON.stringify(answer.data));
      }
    });
    await Promise.all(senders);
    const ms = performance.now() - begun;
    context.diagnostic(
      `1,000 parts of 5 lines over 4 connections: ${Math.round(ms)} ms, ${(ms / 1000).toFixed(1)} ms a part`,
    );
    const batch = await kit.batch(number);
    assert.deepEqual([batch['state'], batch['n_applied'], batch['n_rejected']], ['settled', 4980, 20]);
  });
});
