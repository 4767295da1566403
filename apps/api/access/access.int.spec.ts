// Keys and scopes at the door: who passes, who does not, and that refusals are counted.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { query } from '#platform';
import { startApi, type StartedApi } from '../testing/started-api.js';

describe('access', () => {
  let hub: StartedApi;
  before(async () => {
    hub = await startApi();
  });
  after(() => hub.close());

  const refusals = async (reason: string) => {
    const { data } = await hub.client(null).get('/metrics');
    const lines = (data as string)
      .split('\n')
      .filter((line) => line.startsWith(`saphan_refused_requests_total{reason="${reason}"`));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };

  test('without a key, with a wrong one, and with one of another scope: refused, said why, counted', async () => {
    const none = await hub.client(null).get('/v1/providers');
    assert.deepEqual([none.status, none.data.type], [401, 'urn:saphan:problem:key-missing']);
    assert.match(String(none.headers['www-authenticate']), /Bearer/);
    const altered = hub.key.slice(0, -1) + (hub.key.endsWith('A') ? 'B' : 'A');
    for (const wrong of ['sk_nonsense', altered, hub.key.replace('sk_', 'sk_0')]) {
      const answer = await hub.client(wrong).get('/v1/providers');
      assert.deepEqual([answer.status, answer.data.type], [401, 'urn:saphan:problem:key-not-valid']);
    }
    const scope = await hub.client(hub.trueKey).get('/v1/providers');
    assert.deepEqual([scope.status, scope.data.type], [403, 'urn:saphan:problem:scope-missing']);
    assert.match(scope.data.detail, /onde, ops\.read/);
    assert.deepEqual([await refusals('noKey'), await refusals('wrongKey'), await refusals('wrongScope')], [1, 3, 1]);
  });

  test('a key is taken as bearer token and as X-Api-Key', async () => {
    assert.equal((await hub.client(hub.readKey).get('/v1/providers')).status, 200);
    assert.equal((await hub.client(null).get('/v1/providers', { headers: { 'X-Api-Key': hub.readKey } })).status, 200);
  });

  test('a provider’s key speaks for that provider only, in any spelling of its code', async () => {
    assert.equal((await hub.client(hub.trueKey).get('/v1/providers/TRUE')).status, 200);
    assert.equal((await hub.client(hub.trueKey).get('/v1/providers/true')).status, 200);
    assert.equal((await hub.client(hub.trueKey).get('/v1/providers/AIS')).status, 403);
    assert.equal(
      (await hub.client(hub.trueKey).post('/v1/providers/TRUE/pause', { reason: 'just because' })).status,
      403,
    );
  });

  test('the secret is not in the database; the day of the last use is', async () => {
    const [row] = await query<{ text: string; used: string }>(
      hub.source,
      `SELECT k::text AS text, last_used_on AS used FROM api_key k WHERE name = 'first key'`,
    );
    assert.ok(row);
    assert.ok(!row.text.includes(hub.key.split('_').slice(2).join('_')));
    assert.match(row.used, /^\d{4}-\d{2}-\d{2}$/);
  });

  test('a key gives away no more than it may itself, and only scopes that exist', async () => {
    const made = (await hub.client().post('/v1/keys', { name: 'actor', scopes: ['ops.act'] })).data;
    const beyond = await hub.client(made.key).post('/v1/keys', { name: 'more', scopes: ['onde'] });
    assert.deepEqual([beyond.status, beyond.data.type], [403, 'urn:saphan:problem:scope-beyond-own']);
    const unknown = await hub.client().post('/v1/keys', { name: 'odd', scopes: ['everything', 'provider:NOBODY'] });
    assert.equal(unknown.status, 422);
    assert.deepEqual(
      unknown.data.errors.map((each: { code: string }) => each.code),
      ['unknownScope', 'unknownScope'],
    );
    assert.match(unknown.data.errors[0].remedy, /provider:AIS, provider:TRUE/);
    const two = await hub.client().post('/v1/keys', { name: 'two', scopes: ['provider:AIS', 'provider:TRUE'] });
    assert.equal(two.data.errors[0].code, 'twoProviders');
  });

  test('the first approver may be made by whoever makes keys; after that only an approver makes another', async () => {
    const first = await hub.client().post('/v1/keys', { name: 'approver', scopes: ['approve', 'ops.act'] });
    assert.equal(first.status, 201, JSON.stringify(first.data));
    const second = await hub.client().post('/v1/keys', { name: 'my second eyes', scopes: ['approve'] });
    assert.deepEqual([second.status, second.data.type], [403, 'urn:saphan:problem:approver-exists']);
    const byApprover = await hub.client(first.data.key).post('/v1/keys', { name: 'deputy', scopes: ['approve'] });
    assert.equal(byApprover.status, 201);
  });

  test('a revoked key stops working, is revoked once, and who did it is recorded', async () => {
    const made = (await hub.client().post('/v1/keys', { name: 'short-lived', scopes: ['ops.read'] })).data;
    const revoke = () => hub.client().post(`/v1/keys/${made.keyId}/revoke`, { reason: 'no longer needed' });
    assert.deepEqual(
      [(await revoke()).data, (await revoke()).data],
      [{ result: 'revoked' }, { result: 'was revoked' }],
    );
    // Never used before: nothing is remembered of it.
    assert.equal((await hub.client(made.key).get('/v1/providers')).status, 401);
    const acts = await query<{ act: string; reason: string | null }>(
      hub.source,
      'SELECT act, reason FROM audit WHERE subject = $1 ORDER BY audit_id',
      [`key:${made.keyId}`],
    );
    assert.deepEqual(acts, [
      { act: 'key.create', reason: null },
      { act: 'key.revoke', reason: 'no longer needed' },
    ]);
  });

  test('what cannot be read is a problem that says what to do, and repeats nothing of it', async () => {
    const broken = await hub
      .client()
      .post('/v1/lines/search', '{"number": "0812345678"', { headers: { 'content-type': 'application/json' } });
    assert.deepEqual([broken.status, broken.data.type], [400, 'urn:saphan:problem:request-not-readable']);
    const odd = await hub.client().post('/v1/lines/search', { number: '0812345678 or 0898765432' });
    assert.equal(odd.status, 422);
    assert.match(odd.data.errors[0].detailTh, /\p{Script=Thai}/u);
    assert.doesNotMatch(JSON.stringify([broken.data, odd.data]), /081234|089876/);
    const large = await hub.client().post('/v1/syncs', { reason: 'x'.repeat(3e6) });
    assert.equal(large.status, 413);
    assert.equal((await hub.client().get('/v1/lines/AAAAAAAAAAAAAAAAAAAAAA')).status, 404);
    assert.equal((await hub.client().get('/v1/syncs/abc')).status, 400);
    assert.equal((await hub.client().get('/v1/providers/NOBODY')).data.type, 'urn:saphan:problem:unknown-provider');
  });
});
