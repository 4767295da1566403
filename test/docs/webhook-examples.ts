// What the examples of the two webhook styles must be: exactly what the project's code writes, and what it reads.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { validateProfile } from '#adapters';
import type { BatchLine, HandOverResult, SealedBatch, SealedPart } from '#contracts';
import { readCallback } from '../../libs/adapters/acknowledgement/callback.js';
import { judgeAsk, judgeHandOver, judgeHighest } from '../../libs/adapters/exchange/judge-answer.js';
import { cloudEvents } from '../../libs/adapters/formats/cloudevents.js';
import { judgeSignature, signatureHeaders } from '../../libs/adapters/signing/standard-webhooks.js';
import type { Exchange } from '../../libs/adapters/transports/webhook.js';
import { httpMessage } from './http-message.js';

export type Examples = Record<string, (text: string) => void | Promise<void>>;

/** The secrets of the documents; nobody else has them. */
const HUB_SECRET = 'whsec_c2FwaGFuLWRvY3VtZW50LWV4YW1wbGUtb25seS0wMQ==';
const OWN_SECRET = 'whsec_cHJvdmlkZXItZG9jdW1lbnQtZXhhbXBsZS1vbmx5MQ==';
const AT = new Date('2020-03-18T17:05:10Z');

const ref = (i: number): string => `0198f0c2-7a31-7c55-8d2f-0a4be1a5b0c${i}`;
const add = (n: number, i: number, seq: number, line: string, more: Partial<BatchLine> = {}): BatchLine => ({
  n,
  op: 'ADD',
  ref: ref(i),
  seq,
  access: 'MB',
  line,
  package: 'WAH-MB',
  from: '2020-03-19',
  to: '2020-06-30',
  ...more,
});
const LINES: BatchLine[] = [
  add(1, 1, 40_001, '+66200000001'),
  { ...add(2, 2, 40_002, '9000000001'), op: 'REMOVE', access: 'FB' },
  add(3, 3, 40_003, '9000000002', { access: 'FB', package: 'WAH-FB', to: null }),
];
const FULL: BatchLine[] = [add(3, 1, 40_001, '+66200000001'), add(4, 4, 40_004, '+66200000002')];

function render(provider: string, number: number, kind: 'delta' | 'full', part: number, parts: number): Buffer {
  const lines = kind === 'delta' ? LINES : FULL;
  const [fromSeq, toSeq] = kind === 'delta' ? [40_001, 40_003] : [1, 40_004];
  return cloudEvents.render(
    { provider, number, kind, fromSeq, toSeq, part, parts, count: lines.length, sealedAt: AT },
    lines,
  );
}

function exchangeOf(text: string): Exchange {
  const { status, headers, body } = httpMessage(text);
  assert.ok(status !== null, 'this is no answer');
  return { end: 'answered', status, headers, body };
}

/** The examples of one provider, whose document names them `<code>-<name>`. */
export function webhookExamples(provider: 'AIS' | 'TRUE', mode: 'response' | 'callback'): Examples {
  const code = provider.toLowerCase();
  const bytes = render(provider, 42, 'delta', 1, 1);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const part: SealedPart = { part: 1, parts: 1, first: 1, last: 3, bytes, sha256 };
  const batch: SealedBatch = {
    provider,
    number: 42,
    kind: 'delta',
    fromSeq: 40_001,
    toSeq: 40_003,
    lineCount: 3,
    sealedAt: AT,
    sha256,
  };
  const judged = (text: string): HandOverResult => judgeHandOver(exchangeOf(text), batch, part, AT);
  const outcomes = {
    default: 'applied',
    except: [
      { n: 2, ref: ref(2), outcome: 'already' },
      { n: 3, ref: ref(3), outcome: 'rejected', code: 'PORTED_OUT' },
    ],
  };
  const verify = (text: string, secret: string, now: Date): ReturnType<typeof httpMessage> => {
    const message = httpMessage(text);
    assert.equal(judgeSignature([secret], message.headers, message.body, now), 'genuine');
    return message;
  };
  const callback = (text: string): ReturnType<typeof readCallback> => {
    const now = new Date('2020-03-18T17:06:41Z');
    const { start, headers, body } = verify(text, OWN_SECRET, now);
    assert.equal(start, `POST /v1/providers/${provider}/acknowledgements HTTP/1.1`);
    return readCallback(profile(mode), [OWN_SECRET], headers, body, now);
  };
  const profile = (acknowledgement: 'response' | 'callback'): ReturnType<typeof validateProfile> =>
    ({ code: provider, acknowledgement }) as ReturnType<typeof validateProfile>;

  const common: Examples = {
    batch(text) {
      const { start, headers, body } = verify(text, HUB_SECRET, AT);
      assert.equal(start, 'POST /whitelist/batches HTTP/1.1');
      assert.equal(headers['content-type'], cloudEvents.contentType);
      assert.equal(body.toString(), bytes.toString());
    },
    known(text) {
      const result = judged(text);
      assert.equal(result.result, 'known');
      assert.equal(result.result === 'known' && result.sha256, sha256);
    },
    refused: (text) => assert.equal(judged(text).result, 'refused'),
    busy(text) {
      const result = judged(text);
      assert.equal(result.result === 'later' && result.retryAfterS, 30);
    },
    'full-list-part': (text) => assert.equal(text, render(provider, 43, 'full', 2, 3).toString()),
    ask: (text) => assert.equal(verify(text, HUB_SECRET, AT).start, 'GET /whitelist/batches/42 HTTP/1.1'),
    status: (text) => assert.deepEqual(judgeAsk(exchangeOf(text), batch), { answer: 'has', sha256, outcomes }),
    'status-unknown': (text) => assert.deepEqual(judgeAsk(exchangeOf(text), batch), { answer: 'hasNot' }),
    state(text) {
      const highest = judgeHighest(exchangeOf(text), provider);
      assert.equal(highest.said === 'number' && highest.number, 42);
    },
    signature(text) {
      const { secret, id, timestamp, bodySha256, signature } = JSON.parse(text) as Record<string, string>;
      assert.equal(bodySha256, sha256);
      const headers = signatureHeaders([secret!], id!, new Date(Number(timestamp) * 1000), bytes);
      assert.equal(headers['webhook-signature'], signature);
    },
    profile(text) {
      const { acknowledgement, code: written, environment, transport } = validateProfile(JSON.parse(text));
      assert.deepEqual([written, acknowledgement, environment, transport.kind], [provider, mode, 'test', 'webhook']);
    },
    secrets(text) {
      const named = [`${code}.signing.1`, ...(mode === 'callback' ? [`${code}.callback.1`] : [])];
      assert.deepEqual(Object.keys(JSON.parse(text) as object), named);
    },
  };
  const own: Examples =
    mode === 'response'
      ? {
          answer: (text) =>
            assert.deepEqual(judged(text), {
              result: 'accepted',
              status: 200,
              outcomes: { ...outcomes, first: 1, last: 3 },
            }),
        }
      : {
          accepted: (text) => assert.deepEqual(judged(text), { result: 'accepted', status: 202, outcomes: null }),
          'callback-first': (text) =>
            assert.deepEqual(callback(text).outcomes, {
              default: 'applied',
              first: 1,
              last: 2,
              except: outcomes.except.slice(0, 1),
            }),
          'callback-second': (text) => assert.deepEqual(callback(text).outcomes, { except: outcomes.except.slice(1) }),
          'callback-answer': (text) =>
            assert.deepEqual(Object.keys(JSON.parse(httpMessage(text).body.toString()) as object), [
              'accepted',
              'setAside',
            ]),
          'callback-refused'(text) {
            const { status, body } = httpMessage(text);
            try {
              readCallback(profile(mode), [OWN_SECRET], {}, Buffer.from('{}'), AT);
              assert.fail('a callback without signature was read');
            } catch (error) {
              const problem = JSON.parse(JSON.stringify(error)) as Record<string, unknown>;
              const said = JSON.parse(body.toString()) as Record<string, unknown>;
              assert.equal(said['status'], status);
              assert.deepEqual(Object.fromEntries(Object.keys(said).map((name) => [name, problem[name]])), said);
            }
          },
        };
  return Object.fromEntries(Object.entries({ ...common, ...own }).map(([name, check]) => [`${code}-${name}`, check]));
}
