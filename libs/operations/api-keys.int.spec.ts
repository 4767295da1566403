// API keys on a real database: one first key, what is believed for how long, and what a revocation ends.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { DataSource } from 'typeorm';
import { dataSource, HUB_ACTOR_ID } from '#platform';
import { freshDatabase, type TestDatabase } from '../../test/support/database.js';
import { createApiKey, firstKey, KeyVerifier, listApiKeys, revokeApiKey } from './api-keys.js';

describe('api keys', () => {
  let database: TestDatabase;
  let source: DataSource;
  before(async () => {
    database = await freshDatabase();
    source = await dataSource(database.url, 4).initialize();
  });
  after(async () => {
    await source.destroy();
    await database.drop();
  });

  test('processes that start together make one first key', async () => {
    const made = (await Promise.all([firstKey(source), firstKey(source), firstKey(source)])).filter(
      (each) => each !== null,
    );
    assert.equal(made.length, 1);
    assert.match(made[0]?.key ?? '', /^sk_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    assert.equal(await firstKey(source), null);
    assert.deepEqual(
      (await listApiKeys(source)).map((key) => [key.name, key.createdBy, key.lastUsedOn]),
      [['first key', 'system:hub', null]],
    );
  });

  test('a verified key costs no query for five seconds; then the database is asked again', async () => {
    const { key } = await createApiKey(source, { name: 'reader', scopes: ['ops.read'] }, HUB_ACTOR_ID);
    const own = await dataSource(database.url, 2).initialize();
    const verifier = new KeyVerifier(own);
    const now = new Date('2020-03-18T10:00:00Z');
    assert.deepEqual((await verifier.verify(key, now))?.scopes, ['ops.read']);
    // Without a database only what is remembered can answer.
    await own.destroy();
    assert.ok(await verifier.verify(key, new Date(now.getTime() + 4_999)));
    assert.equal(await verifier.verify(`${key.slice(0, -1)}${key.endsWith('A') ? 'E' : 'A'}`, now), null);
    await assert.rejects(verifier.verify(key, new Date(now.getTime() + 5_000)));
    assert.equal((await listApiKeys(source)).find((each) => each.name === 'reader')?.lastUsedOn, '2020-03-18');
  });

  test('a revoked key works nowhere once it is no longer believed', async () => {
    const { key, keyId } = await createApiKey(source, { name: 'short', scopes: ['onde'] }, HUB_ACTOR_ID);
    const verifier = new KeyVerifier(source);
    const now = new Date();
    assert.ok(await verifier.verify(key, now));
    assert.equal(await revokeApiKey(source, keyId, HUB_ACTOR_ID, 'lost'), 'revoked');
    assert.equal(await verifier.verify(key, new Date(now.getTime() + 5_000)), null);
    await assert.rejects(revokeApiKey(source, '000000000000', HUB_ACTOR_ID, 'lost'), /Unknown key/);
  });

  test('two keys of one name are two actors', async () => {
    const make = () => createApiKey(source, { name: 'same', scopes: ['onde'] }, HUB_ACTOR_ID);
    assert.notEqual((await make()).actorId, (await make()).actorId);
  });
});
