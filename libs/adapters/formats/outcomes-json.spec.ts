import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { Complaints, AnswerNotUsable } from './reading.js';
import { OUTCOMES_EVENT_TYPE, readCallbackEvent, readObject, readOutcomes } from './outcomes-json.js';

const ref = '0198f0c2-7a31-7c55-8d2f-0a4be1a5b0c1';

function complaints(value: unknown, span: { first: number; last: number } | null = { first: 1, last: 10 }): string {
  const list = new Complaints();
  readOutcomes(value, span, list);
  return list.any ? list.error().message : '';
}

function event(data: Record<string, unknown>, changes: Record<string, unknown> = {}): Buffer {
  return Buffer.from(
    JSON.stringify({
      specversion: '1.0',
      id: 'x',
      source: 'urn:provider:TRUE',
      type: OUTCOMES_EVENT_TYPE,
      time: '2020-03-18T17:05:10Z',
      data: { contract: '1.0', provider: 'TRUE', batch: 42, ...data },
      ...changes,
    }),
  );
}

describe('outcomes', () => {
  test('every word of the contract is read; what is not known is ignored', () => {
    const list = new Complaints();
    const read = readOutcomes(
      {
        default: 'applied',
        first: 2,
        last: 9,
        more: true,
        except: [
          { n: 3, ref, outcome: 'rejected', code: 'PORTED_OUT', note: 'x' },
          { n: 4, ref, outcome: 'already' },
          { n: 5, ref, outcome: 'retryLater', code: 'QUOTA', retryAfter: 1.2 },
        ],
      },
      { first: 1, last: 10 },
      list,
    );
    list.settle();
    assert.deepEqual(read, {
      default: 'applied',
      first: 2,
      last: 9,
      except: [
        { n: 3, ref, outcome: 'rejected', code: 'PORTED_OUT' },
        { n: 4, ref, outcome: 'already' },
        { n: 5, ref, outcome: 'retryLater', code: 'QUOTA', retryAfter: 2 },
      ],
    });
  });

  test('without default only what is listed is answered', () => {
    const list = new Complaints();
    assert.deepEqual(readOutcomes({ except: [] }, null, list), { except: [] });
    assert.equal(readOutcomes(undefined, null, list), null);
    list.settle();
  });

  test('each mistake is named with its place', () => {
    const cases: [unknown, RegExp][] = [
      ['applied', /"outcomes" is a string, an object was expected/],
      [{ default: 'ok' }, /neither "applied" nor "already"/],
      [{ default: 'rejected' }, /neither "applied" nor "already"/],
      [{ default: 'applied', first: 5, last: 2 }, /first" 5 is after "outcomes.last" 2/],
      [{ default: 'applied', last: 11 }, /"outcomes.last" is 11, positions 1 to 10 were sent/],
      [{ except: {} }, /"outcomes.except" is an object, an array/],
      [{ except: [{ n: 11, ref, outcome: 'applied' }] }, /except\[0\].n is 11, positions 1 to 10 were sent/],
      [{ except: [{ n: '1', ref, outcome: 'applied' }] }, /n is no position/],
      [{ except: [{ n: 1, ref: '', outcome: 'applied' }] }, /ref is not the ref/],
      [{ except: [{ n: 1, ref, outcome: 'unknown' }] }, /none of applied, already, rejected, retryLater/],
      [{ except: [{ n: 1, ref, outcome: 'rejected' }] }, /code is absent; rejected needs one of PORTED_OUT/],
      [{ except: [{ n: 1, ref, outcome: 'rejected', code: 'toString' }] }, /code is none of/],
      [{ except: [{ n: 1, ref, outcome: 'retryLater', code: 'QUOTA', retryAfter: -1 }] }, /retryAfter/],
      [
        {
          except: [
            { n: 1, ref, outcome: 'applied' },
            { n: 1, ref, outcome: 'already' },
          ],
        },
        /position 1 a second time/,
      ],
      [{ except: Array(11).fill({ n: 1, ref, outcome: 'applied' }) }, /has 11 items, 10 lines were sent/],
    ];
    for (const [value, expected] of cases) assert.match(complaints(value), expected);
  });

  test('many mistakes are bounded', () => {
    const except = Array.from({ length: 500 }, (_, i) => ({ n: i + 1, ref, outcome: '?' }));
    assert.match(complaints({ except }, null), /and 480 more of the kind$/);
  });
});

describe('bodies', () => {
  test('what came instead of JSON is named', () => {
    const cases: [string | Buffer, RegExp][] = [
      ['<!DOCTYPE html><p>+66812345678', /an HTML page came/],
      ['', /an empty body/],
      ['[1]', /an array, a JSON object/],
      [Buffer.from([0x1f, 0x8b, 8]), /gzip data/],
      ['{"batch":4', /no JSON came/],
    ];
    for (const [body, expected] of cases) {
      assert.throws(
        () => readObject(Buffer.from(body as string)),
        (error: unknown) =>
          error instanceof AnswerNotUsable && expected.test(error.message) && !error.message.includes('812345678'),
      );
    }
  });
});

describe('callbacks', () => {
  const NOW = new Date('2020-03-19T12:00:00Z');

  test('are read', () => {
    assert.deepEqual(readCallbackEvent(event({ outcomes: { default: 'applied', except: [] } }), 'TRUE', NOW), {
      batch: 42,
      outcomes: { default: 'applied', except: [] },
      sha256: null,
    });
  });

  test('all that is wrong is said at once', () => {
    const cases: [Buffer, RegExp][] = [
      [event({ outcomes: { except: [] }, provider: 'AIS' }), /"data.provider" is not "TRUE"/],
      [event({ outcomes: { except: [] }, batch: 0 }), /"data.batch"/],
      [event({}), /"data.outcomes" is absent/],
      [event({ outcomes: null }), /"data.outcomes" is absent/],
      [event({ outcomes: { except: [] }, contract: '2.0' }), /1.x version/],
      [event({ outcomes: { except: [] } }, { type: 'other' }), /"type" is not/],
      [
        event({ outcomes: { except: [] } }, { time: '2563-03-18T17:05:10Z' }),
        /Buddhist year 2563; write the year 2020/,
      ],
      [event({ outcomes: { except: [] } }, { time: 'yesterday' }), /no time of RFC 3339/],
      [event({}, { data: [] }), /"data" is an array/],
      [event({ outcomes: { except: [] } }, { time: '2020-03-19T17:05:10Z' }), /in the future; set your clock/],
      [event({ outcomes: { except: [] }, sha256: 'abc' }), /64 hexadecimal digits/],
    ];
    for (const [body, expected] of cases) assert.throws(() => readCallbackEvent(body, 'TRUE', NOW), expected);
  });
});
