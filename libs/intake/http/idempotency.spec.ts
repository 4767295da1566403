// The key as it comes in the header: a quoted string of RFC 8941, or bare.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '#contracts';
import { idempotencyKeyOf } from './idempotency.js';

test('quoted and bare spellings are one key', () => {
  assert.equal(idempotencyKeyOf('"8e03978e-40d5-43dd-bc93-6894a57f9324"'), '8e03978e-40d5-43dd-bc93-6894a57f9324');
  assert.equal(idempotencyKeyOf(' 8e03978e-40d5-43dd-bc93-6894a57f9324 '), '8e03978e-40d5-43dd-bc93-6894a57f9324');
  assert.equal(idempotencyKeyOf('"a\\"b\\\\c"'), 'a"b\\c');
});

test('what is no key is refused with 400', () => {
  for (const header of ['', '""', '"', 'a"b', 'a b', 'ก', `"${'x'.repeat(256)}"`, '"a" "b"', 'a\u0007']) {
    assert.throws(
      () => idempotencyKeyOf(header),
      (error) => error instanceof Problem && error.status === 400,
      header,
    );
  }
});
