import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { Webhook } from 'standardwebhooks';
import { judgeSignature, keyOf, SecretNotUsable, signatureHeaders } from './standard-webhooks.js';

// From the specification's own library (webhook.test.ts).
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const BODY = Buffer.from('{"test": 2432232314}');
const AT = new Date(1_614_265_330_000);
const OTHER = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

describe('Standard Webhooks', () => {
  test('gives the published signature', () => {
    assert.deepEqual(signatureHeaders([SECRET], 'msg_p5jXN8AQM9LWM0D4loKWxJek', AT, BODY), {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  test('agrees with the official library in both directions', () => {
    const now = new Date();
    const body = Buffer.from('{"ก":"ข"}');
    const headers = signatureHeaders([SECRET, OTHER], 'id-1', now, body);
    new Webhook(OTHER).verify(body, headers);
    const theirs = {
      'webhook-id': 'id-2',
      'webhook-timestamp': String(Math.floor(+now / 1000)),
      'webhook-signature': new Webhook(OTHER).sign('id-2', now, body),
    };
    assert.equal(judgeSignature([SECRET, OTHER], theirs, body, now), 'genuine');
  });

  test('judges what is wrong', () => {
    const headers = signatureHeaders([SECRET], 'id', AT, BODY);
    const at = (seconds: number): Date => new Date(AT.getTime() + seconds * 1000);
    assert.equal(judgeSignature([OTHER, SECRET], headers, BODY, at(299)), 'genuine');
    assert.equal(judgeSignature([SECRET], headers, BODY, at(301)), 'clockWrong');
    assert.equal(judgeSignature([SECRET], headers, BODY, at(-301)), 'clockWrong');
    assert.equal(judgeSignature([OTHER], headers, BODY, AT), 'signatureWrong');
    assert.equal(judgeSignature([SECRET], headers, Buffer.from('{}'), AT), 'signatureWrong');
    assert.equal(judgeSignature([SECRET], { ...headers, 'webhook-id': 'other' }, BODY, AT), 'signatureWrong');
    assert.equal(
      judgeSignature([SECRET], { ...headers, 'webhook-timestamp': '1614265331' }, BODY, AT),
      'signatureWrong',
    );
    assert.equal(judgeSignature([SECRET], { ...headers, 'webhook-timestamp': 'soon' }, BODY, AT), 'headersMissing');
    assert.equal(judgeSignature([SECRET], {}, BODY, AT), 'headersMissing');
    assert.equal(
      judgeSignature([SECRET], { ...headers, 'webhook-signature': 'v2,abc v1, v1a,abc' }, BODY, AT),
      'signatureWrong',
    );
    assert.equal(
      judgeSignature(
        [SECRET],
        { ...headers, 'webhook-signature': `v1a,xyz ${headers['webhook-signature']}` },
        BODY,
        AT,
      ),
      'genuine',
    );
  });

  test('refuses secrets that are none, without showing them', () => {
    for (const secret of [
      '',
      'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'whsec_',
      'whsec_abc',
      'whsec_***',
      `whsec_${Buffer.alloc(65).toString('base64')}`,
    ]) {
      assert.throws(
        () => keyOf(secret),
        (error: unknown) =>
          error instanceof SecretNotUsable && (secret.length < 8 || !error.message.includes(secret.slice(6))),
      );
    }
    assert.throws(() => signatureHeaders([], 'id', AT, BODY), SecretNotUsable);
  });
});
