// The examples of docs/providers/3bb.md: what the feed and its event really are, and what the readers take.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { referenceProfile, validateProfile } from '#adapters';
import type { BatchLine, SealedBatch } from '#contracts';
import { readCallback } from '../../../libs/adapters/acknowledgement/callback.js';
import { thin } from '../../../libs/adapters/formats/thin.js';
import { judgeTold } from '../../../libs/adapters/pull/thin-exchange.js';
import { renderThinEvent } from '../../../libs/adapters/pull/thin-event.js';
import { judgeSignature } from '../../../libs/adapters/signing/standard-webhooks.js';
import { parsePage } from '../../../apps/provider-sim/pull/parse-page.js';
import { httpMessage } from '../http-message.js';

/** The secrets of the documents; nobody else has them. */
const HUB_SECRET = 'whsec_c2FwaGFuLWRvY3VtZW50LWV4YW1wbGUtb25seS0wMQ==';
const OWN_SECRET = 'whsec_cHJvdmlkZXItZG9jdW1lbnQtZXhhbXBsZS1vbmx5MQ==';
const AT = new Date('2020-03-18T17:05:10Z');
const HREF = 'https://hub.example/v1/feed/3BB/pages';
const profile = referenceProfile('3BB')!;

const line = (n: number, i: number, seq: number, more: Partial<BatchLine>): BatchLine => ({
  n,
  op: 'ADD',
  ref: `0198f0c2-7a31-7c55-8d2f-0a4be1a5b0c${i}`,
  seq,
  access: 'FB',
  line: `900000000${i}`,
  package: 'WAH-FB',
  from: '2020-03-19',
  to: '2020-06-30',
  ...more,
});

/** Batch 42, whose one page is the document's example. */
export const PAGE = thin.render(
  {
    provider: '3BB',
    number: 42,
    kind: 'delta',
    fromSeq: 40_001,
    toSeq: 40_003,
    part: 1,
    parts: 1,
    count: 3,
    sealedAt: AT,
  },
  [
    line(1, 1, 40_001, {}),
    line(2, 2, 40_002, { op: 'REMOVE', package: null, from: null, to: null }),
    line(3, 3, 40_003, { to: null }),
  ],
);
/** The second of two pages of the full list 43. */
export const FULL = thin.render(
  {
    provider: '3BB',
    number: 43,
    kind: 'full',
    fromSeq: 40_004,
    toSeq: 40_004,
    part: 2,
    parts: 2,
    count: 1,
    sealedAt: AT,
  },
  [line(5_001, 4, 40_004, {})],
);
const sha256 = createHash('sha256').update(PAGE).digest('hex');
export const BATCH: SealedBatch = {
  provider: '3BB',
  number: 42,
  kind: 'delta',
  fromSeq: 40_001,
  toSeq: 40_003,
  lineCount: 3,
  sealedAt: AT,
  sha256,
};

const NEXT = '</v1/feed/3BB/pages?after=42-1>; rel="next"';

function answer(text: string, status: number): ReturnType<typeof httpMessage> {
  const message = httpMessage(text);
  assert.equal(message.status, status);
  return message;
}

function event(text: string, reminder: number): void {
  const { start, headers, body } = httpMessage(text);
  assert.equal(start, 'POST /saphan/whitelist/available HTTP/1.1');
  assert.equal(headers['content-type'], 'application/cloudevents+json; charset=utf-8');
  assert.equal(judgeSignature([HUB_SECRET], headers, body, AT), 'genuine');
  assert.equal(body.toString(), renderThinEvent(BATCH, HREF, reminder).toString());
  assert.equal(headers['webhook-id'], (JSON.parse(body.toString()) as { id: string }).id);
}

function callback(text: string): ReturnType<typeof readCallback> {
  const { start, headers, body } = httpMessage(text);
  assert.equal(start, 'POST /v1/providers/3BB/acknowledgements HTTP/1.1');
  return readCallback(profile, [OWN_SECRET], headers, body, new Date('2020-03-18T17:06:41Z'));
}

export const EXAMPLES: Record<string, (text: string) => void> = {
  '3bb-event': (text) => event(text, 0),
  '3bb-reminder': (text) => event(text, 1),
  '3bb-told': (text) => {
    const { status, headers, body } = answer(text, 204);
    const result = judgeTold({ end: 'answered', status: status!, headers, body }, AT);
    assert.deepEqual(result, { result: 'accepted', outcomes: null, status: 204, receiptAwaited: true });
  },
  '3bb-fetch': (text) => assert.equal(httpMessage(text).start, 'GET /v1/feed/3BB/pages?after=41-1 HTTP/1.1'),
  '3bb-page-answer': (text) => {
    const { headers, body } = answer(text, 200);
    assert.equal(headers['content-type'], thin.contentType);
    assert.equal(headers['link'], NEXT);
    assert.equal(headers['etag'], `"${sha256}"`);
    assert.equal(headers['repr-digest'], `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`);
    assert.equal(body.toString(), PAGE.toString());
    assert.equal(gunzipSync(gzipSync(PAGE)).toString(), body.toString());
  },
  '3bb-full-page': (text) => {
    assert.equal(`${text}\n`, FULL.toString());
    assert.deepEqual(parsePage(FULL, '3BB').next, '43-2');
  },
  '3bb-resume': (text) => {
    const { start, headers } = httpMessage(text);
    assert.equal(start, 'GET /v1/feed/3BB/pages?after=41-1 HTTP/1.1');
    assert.match(headers['range']!, /^bytes=\d+-$/);
    assert.equal(headers['if-range'], `"${sha256}"`);
  },
  '3bb-end': (text) => assert.equal(answer(text, 204).headers['link'], NEXT),
  '3bb-erased': (text) => {
    const problem = JSON.parse(answer(text, 410).body.toString()) as { type: string; detail: string };
    assert.equal(problem.type, 'urn:saphan:problem:bytes-erased');
    assert.match(problem.detail, /full-list/);
  },
  '3bb-callback': (text) => {
    const { number, outcomes } = callback(text);
    assert.equal(number, 42);
    assert.equal(outcomes?.default, 'applied');
    assert.deepEqual(
      outcomes?.except.map((one) => [one.n, one.outcome, one.code]),
      [
        [2, 'already', undefined],
        [3, 'rejected', 'PACKAGE_NOT_ELIGIBLE'],
      ],
    );
  },
  '3bb-callback-answer': (text) => assert.deepEqual(JSON.parse(text), { accepted: 3, setAside: 0 }),
  '3bb-feed': (text) => {
    const names = ['provider', 'read', 'newest', 'pulledAt', 'waiting', 'waitingSince', 'reminders', 'href'];
    assert.deepEqual(Object.keys(JSON.parse(text) as object).toSorted(), names.toSorted());
  },
  '3bb-full-list': (text) => {
    const { newest, underWay } = JSON.parse(text) as { newest: Record<string, unknown>; underWay: unknown };
    const names = ['batch', 'parts', 'toSeq', 'lines', 'sha256', 'sealedAt', 'state', 'kept', 'hrefs', 'after'];
    assert.deepEqual(Object.keys(newest).toSorted(), names.toSorted());
    assert.equal((newest['hrefs'] as string[]).length, newest['parts']);
    assert.equal(underWay, null);
  },
  '3bb-profile': (text) => {
    const { code, format, acknowledgement, environment } = validateProfile(JSON.parse(text));
    assert.deepEqual([code, format, acknowledgement, environment], ['3BB', 'thin', 'pull', 'test']);
  },
};
