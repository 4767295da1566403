// The API's outer shell: health, keys, scopes, problems, headers, and a provider's signed callback.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { CALLBACK_SECRET, startApi, type StartedApi } from './testing/started-api.js';

const CALLBACKS = '/v1/providers/TRUE/acknowledgements';

function event(batch: number): string {
  return JSON.stringify({
    specversion: '1.0',
    id: 'e1',
    source: 'urn:provider:TRUE',
    type: 'th.onde.saphan.whitelist.outcomes.v1',
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    data: { contract: '1.0', provider: 'TRUE', batch, outcomes: { default: 'applied', except: [] } },
  });
}

function signed(body: string, secret = CALLBACK_SECRET): Record<string, string> {
  const at = new Date();
  return {
    'content-type': 'application/cloudevents+json',
    'webhook-id': 'm1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('m1', at, body),
  };
}

describe('the api', () => {
  let hub: StartedApi;
  before(async () => {
    hub = await startApi();
  });
  after(() => hub.close());

  test('health needs no key and tells that it is ready', async () => {
    assert.deepEqual((await hub.client(null).get('/health/live')).data, { status: 'live' });
    const ready = await hub.client(null).get('/health/ready');
    assert.equal(ready.status, 200);
    assert.deepEqual(ready.data, { status: 'ready' });
  });

  test('every answer carries an id, and repeats the one that the caller gave', async () => {
    const given = await hub.client(null).get('/health/live', { headers: { 'x-correlator': 'night-run-1' } });
    assert.equal(given.headers['x-correlator'], 'night-run-1');
    const number = await hub.client(null).get('/health/live', { headers: { 'x-correlator': '0812345678' } });
    assert.match(String(number.headers['x-correlator']), /^[0-9a-f-]{36}$/);
    assert.equal(number.headers['x-content-type-options'], 'nosniff');
    assert.equal(number.headers['x-powered-by'], undefined);
  });

  test('an unknown address is a problem that leads on', async () => {
    const answer = await hub.client().get('/v1/nowhere');
    assert.equal(answer.status, 404);
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
    assert.equal(answer.data.type, 'urn:saphan:problem:not-found');
  });

  test('a callback with the provider’s signature is read, and a batch that nobody sent is set aside with what to do', async () => {
    const body = event(9);
    const answer = await hub.client(null).post(CALLBACKS, body, { headers: signed(body) });
    assert.equal(answer.status, 422, JSON.stringify(answer.data));
    assert.equal(answer.data.errors[0].code, 'unknownBatch');
    assert.match(answer.data.errors[0].remedy, /number of the batch that was received/);
  });

  test('a wrong signature is refused and counted', async () => {
    const body = event(9);
    const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
    const answer = await hub.client(null).post(CALLBACKS, body, { headers: signed(body, other) });
    assert.equal(answer.status, 401);
    assert.equal(answer.data.type, 'urn:saphan:problem:callback-not-verified');
    const metrics = await hub.client(null).get('/metrics');
    assert.match(metrics.data, /saphan_refused_requests_total\{reason="wrongSignature",provider="TRUE"\} 1/);
  });

  test('a callback that is too large is refused', async () => {
    const body = ' '.repeat(9 * 1024 * 1024);
    const answer = await hub.client(null).post(CALLBACKS, body, { headers: signed(body) });
    assert.equal(answer.status, 413);
  });
});
