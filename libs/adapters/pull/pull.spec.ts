// Pages and events of a provider that pulls, what its answers mean, and which profiles can work.
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { BatchHeader, BatchLine, SealedBatch } from '#contracts';
import { thin } from '../formats/thin.js';
import { threeBb } from '../profiles/3bb.js';
import { ProfileNotValid, validateProfile } from '../profiles/validate.js';
import type { Exchange } from '../transports/webhook.js';
import { judgeTold } from './thin-exchange.js';
import { renderThinEvent, thinEventId } from './thin-event.js';

const AT = new Date('2020-03-18T17:05:10Z');
const header: BatchHeader = {
  provider: '3BB',
  number: 42,
  kind: 'delta',
  fromSeq: 7,
  toSeq: 9,
  part: 1,
  parts: 1,
  count: 2,
  sealedAt: AT,
};
const add: BatchLine = {
  n: 1,
  op: 'ADD',
  ref: 'r1',
  seq: 7,
  access: 'FB',
  line: '9000000001',
  package: 'WAH-FB',
  from: '2020-03-19',
  to: null,
};
const remove: BatchLine = { ...add, n: 2, op: 'REMOVE', ref: 'r2', seq: 9, line: '9000000002' };

test('a page is a header, a line for each change, and an end line over all before it', () => {
  const page = thin.render(header, [add, remove]).toString();
  const [first, one, two, end, ...rest] = page.split('\n');
  assert.deepEqual(rest, ['']);
  assert.equal(
    first,
    '{"contract":"1.0","provider":"3BB","batch":42,"kind":"delta","part":1,"parts":1,"fromSeq":7,"toSeq":9,"count":2,"sealedAt":"2020-03-18T17:05:10.000Z"}',
  );
  assert.equal(
    one,
    '{"n":1,"op":"ADD","ref":"r1","seq":7,"access":"FB","line":"9000000001","package":"WAH-FB","from":"2020-03-19"}',
  );
  // Whatever an entry has, a removal carries neither package nor dates.
  assert.equal(two, '{"n":2,"op":"REMOVE","ref":"r2","seq":9,"access":"FB","line":"9000000002"}');
  const sha256 = createHash('sha256').update(`${first}\n${one}\n${two}\n`).digest('hex');
  assert.equal(end, `{"end":true,"count":2,"sha256":"${sha256}","next":"42-1"}`);
  assert.equal(thin.render(header, [add, remove]).toString(), page, 'twice the same');
  assert.match(thin.render({ ...header, count: 0 }, []).toString(), /"count":0[^\n]*\n\{"end":true,"count":0/);
});

test('the event says which batch and where, and holds no line; a reminder is a message of its own', () => {
  const batch: SealedBatch = { ...header, lineCount: 2, sha256: 'a'.repeat(64) };
  const event = JSON.parse(renderThinEvent(batch, '/v1/feed/3BB/pages', 0).toString()) as {
    id: string;
    data: Record<string, unknown>;
  };
  assert.equal(event.id, '3BB-000000042-ready');
  assert.deepEqual(Object.keys(event.data), [
    'contract',
    'provider',
    'batch',
    'kind',
    'fromSeq',
    'toSeq',
    'count',
    'sha256',
    'href',
  ]);
  assert.equal(thinEventId(batch, 3), '3BB-000000042-again-3');
  assert.ok(!thinEventId(batch, 3).includes('.'), 'a full stop would end the id in what is signed');
});

describe('what an answer to an event means', () => {
  const answered = (status: number, body = '', headers: Record<string, string> = {}): Exchange => ({
    end: 'answered',
    status,
    headers,
    body: Buffer.from(body),
  });
  const CASES: [string, Exchange, string][] = [
    ['204', answered(204), 'accepted'],
    ['200 with a word', answered(200, '{"ok":true}'), 'accepted'],
    ['409: it knows this event', answered(409), 'accepted'],
    ['200 with a page of HTML', answered(200, '<!doctype html><p>wait'), 'unclear'],
    ['503', answered(503, '', { 'retry-after': '7' }), 'later'],
    ['429', answered(429), 'later'],
    ['401', answered(401), 'forbidden'],
    ['404', answered(404), 'forbidden'],
    ['302', answered(302), 'forbidden'],
    ['408', answered(408), 'unclear'],
    ['500', answered(500), 'unclear'],
    ['no connection', { end: 'notReached', detail: 'refused' }, 'notSent'],
    ['our certificate is refused', { end: 'notReached', detail: 'certificate', forbidden: true }, 'forbidden'],
    ['time-out', { end: 'unclear', detail: 'no answer' }, 'unclear'],
  ];
  for (const [name, exchange, word] of CASES) {
    test(name, () => {
      const result = judgeTold(exchange, AT);
      assert.equal(result.result, word);
      // Told is not received: the receipt comes when it fetches.
      if (result.result === 'accepted') assert.equal(result.receiptAwaited, true);
      if (name === '503') assert.equal(result.result === 'later' && result.retryAfterS, 7);
    });
  }
});

test('a profile that pulls names what must go with it', () => {
  const faults = (change: object): string => {
    try {
      validateProfile({ ...threeBb, ...change });
      return '';
    } catch (error) {
      assert.ok(error instanceof ProfileNotValid);
      return error.faults.join('\n');
    }
  };
  assert.equal(faults({}), '');
  assert.match(faults({ acknowledgement: 'callback' }), /acknowledgement: with format "thin".*write "pull"/);
  assert.match(faults({ format: 'cloudevents' }), /format: a provider that pulls.*write "thin"/);
  assert.match(faults({ canBeAsked: true }), /canBeAsked: a provider that pulls is not asked/);
  assert.match(faults({ secrets: { ...threeBb.secrets, callback: [] } }), /secrets\.callback/);
});
