import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { SealedBatch, SealedPart } from '#contracts';
import type { Exchange } from '../transports/webhook.js';
import { judgeAsk, judgeHandOver, judgeHighest } from './judge-answer.js';

const now = new Date('2020-03-18T17:05:10Z');
const sha256 = 'a'.repeat(64);
const batch: SealedBatch = {
  provider: 'AIS',
  number: 42,
  kind: 'delta',
  fromSeq: 1,
  toSeq: 3,
  lineCount: 3,
  sealedAt: now,
  sha256,
};
const part: SealedPart = { part: 1, parts: 1, first: 1, last: 3, bytes: Buffer.alloc(0), sha256 };
const answer = (status: number, body: unknown, headers: Record<string, string> = {}): Exchange => ({
  end: 'answered',
  status,
  headers,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const judge = (exchange: Exchange): ReturnType<typeof judgeHandOver> => judgeHandOver(exchange, batch, part, now);

describe('the answer to a hand-over', () => {
  test('each status has one meaning', () => {
    const cases: [Exchange, string][] = [
      [{ end: 'notReached', detail: '' }, 'notSent'],
      [{ end: 'unclear', detail: '' }, 'unclear'],
      [answer(200, { batch: 42, receipt: 'accepted', outcomes: { default: 'applied', except: [] } }), 'accepted'],
      [answer(202, { batch: 42, receipt: 'accepted' }), 'accepted'],
      [answer(409, { batch: 42, receipt: 'known', sha256 }), 'known'],
      [answer(400, {}), 'refused'],
      [answer(413, {}), 'refused'],
      [answer(422, 'x'), 'refused'],
      [answer(422, { code: 'E106' }), 'refused'],
      // No other cut of the lines can help.
      [answer(422, { code: 'WRONG_SENDER' }), 'forbidden'],
      [answer(422, { code: 'E108' }), 'forbidden'],
      [answer(200, { batch: 42, receipt: 'accepted' }, { 'content-type': 'text/plain' }), 'unclear'],
      [answer(200, { batch: 42, receipt: 'accepted' }, { 'content-type': 'application/vnd.x+json' }), 'accepted'],
      [answer(401, {}), 'forbidden'],
      [answer(403, {}), 'forbidden'],
      [answer(301, ''), 'forbidden'],
      [answer(404, '<html>'), 'forbidden'],
      [answer(410, ''), 'forbidden'],
      [answer(415, ''), 'forbidden'],
      [answer(429, ''), 'later'],
      [answer(503, ''), 'later'],
      [answer(408, ''), 'unclear'],
      [answer(500, ''), 'unclear'],
      [answer(502, '<html>'), 'unclear'],
      [answer(504, ''), 'unclear'],
    ];
    for (const [exchange, expected] of cases) assert.equal(judge(exchange).result, expected, JSON.stringify(exchange));
  });

  test('a yes that cannot be used is unclear, with what is wrong', () => {
    const cases: [unknown, RegExp][] = [
      ['<!doctype html>', /an HTML page/],
      ['', /an empty body/],
      [{ receipt: 'accepted' }, /"batch" is absent/],
      [{ batch: 41, receipt: 'accepted' }, /"batch" is 41, but 42 was meant/],
      [{ batch: 42 }, /"receipt" is not "accepted"/],
      [
        { batch: 42, receipt: 'accepted', outcomes: { default: 'applied', first: 1, last: 4 } },
        /positions 1 to 3 were sent/,
      ],
    ];
    for (const [body, expected] of cases) {
      const result = judge(answer(200, body));
      assert.equal(result.result, 'unclear');
      assert.match((result as { detail: string }).detail, expected);
    }
  });

  test('codes, waits and words come along; numbers of people do not', () => {
    assert.deepEqual(judge(answer(422, { code: 'PORTED_OUT', title: 'No', detail: 'Line 081-234-5678 moved\u0000' })), {
      result: 'refused',
      code: 'PORTED_OUT',
      detail: 'status 422: No: Line *** moved',
      status: 422,
    });
    assert.deepEqual(judge(answer(400, { code: 'E301' })), {
      result: 'refused',
      code: 'QUOTA',
      detail: 'status 400',
      status: 400,
    });
    assert.equal((judge(answer(400, { code: 'OWN_CODE' })) as { code: string }).code, 'INVALID_FORMAT');
    assert.equal((judge(answer(429, '', { 'retry-after': '7' })) as { retryAfterS: number }).retryAfterS, 7);
  });

  test('a known number: outcomes of other content say nothing of ours', () => {
    const outcomes = { default: 'applied', except: [] };
    assert.deepEqual(judge(answer(409, { batch: 42, receipt: 'known', sha256, outcomes })), {
      result: 'known',
      sha256,
      outcomes,
      status: 409,
    });
    const other = 'b'.repeat(64);
    assert.deepEqual(judge(answer(409, { batch: 42, sha256: other, outcomes })), {
      result: 'known',
      sha256: other,
      outcomes: null,
      status: 409,
    });
    assert.equal(judge(answer(409, { batch: 43, sha256 })).result, 'unclear');
  });
});

describe('asked', () => {
  test('a clear word is needed for has and hasNot', () => {
    assert.deepEqual(judgeAsk(answer(200, { batch: 42, state: 'applied', sha256 }), batch), {
      answer: 'has',
      sha256,
      outcomes: null,
    });
    assert.deepEqual(judgeAsk(answer(404, ''), batch), { answer: 'hasNot' });
    assert.deepEqual(judgeAsk(answer(404, { title: 'Not found' }), batch), { answer: 'hasNot' });
    for (const exchange of [
      answer(404, '<html>no such page'),
      answer(500, ''),
      answer(200, '<html>'),
      answer(200, { batch: 41, state: 'applied' }),
      answer(200, { batch: 42 }),
    ]) {
      assert.equal(judgeAsk(exchange, batch).answer, 'cannotTell');
    }
  });

  test('outcomes that cannot be read do not hide that it has the batch', () => {
    const asked = judgeAsk(answer(200, { batch: 42, state: 'applied', sha256, outcomes: { default: 'x' } }), batch);
    assert.ok(asked.answer === 'has');
    assert.deepEqual([asked.sha256, asked.outcomes, asked.unusable?.reason], [sha256, null, 'notUsable']);
    assert.match(asked.unusable?.detail ?? '', /"outcomes.default" is neither/);
  });

  test('the highest number', () => {
    const none = { said: 'number', number: 0, sha256: null, appliedSeq: null };
    assert.deepEqual(judgeHighest(answer(200, { provider: 'AIS', highestBatch: 0 }), 'AIS'), none);
    const sha256 = 'ab'.repeat(32);
    assert.deepEqual(judgeHighest(answer(200, { provider: 'AIS', highestBatch: 7, sha256, appliedSeq: 90 }), 'AIS'), {
      said: 'number',
      number: 7,
      sha256,
      appliedSeq: 90,
    });
    for (const exchange of [
      answer(200, { provider: 'TRUE', highestBatch: 3 }),
      answer(200, { provider: 'AIS', highestBatch: '3' }),
      answer(200, ''),
      answer(404, ''),
      answer(500, ''),
      answer(501, ''),
    ]) {
      assert.deepEqual(judgeHighest(exchange, 'AIS'), { said: 'cannotTell' });
    }
    for (const status of [401, 403]) assert.equal(judgeHighest(answer(status, ''), 'AIS').said, 'forbidden');
    for (const status of [429, 502, 503]) assert.equal(judgeHighest(answer(status, ''), 'AIS').said, 'notReached');
  });
});
