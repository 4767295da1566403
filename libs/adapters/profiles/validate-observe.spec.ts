// What a profile may say about how its provider is observed, and what is said of a wrong one.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProviderProfile } from '#contracts';
import { withEndpoint } from './defaults.js';
import { referenceProfile } from './reference.js';
import { ProfileNotValid, validateProfile } from './validate.js';

const of = (code: string): ProviderProfile => {
  const profile = referenceProfile(code);
  assert.ok(profile);
  return profile.transport.kind === 'sftp'
    ? withEndpoint(profile, { hostKeys: [`SHA256:${'A'.repeat(43)}`] })
    : profile;
};
const faults = (code: string, observe: unknown, more: object = {}): string => {
  try {
    validateProfile({ ...of(code), ...more, observe });
    return '';
  } catch (error) {
    assert.ok(error instanceof ProfileNotValid);
    return error.faults.join('\n');
  }
};
const API = { by: 'api', everyS: null, leastPercent: 90, maxBytes: 1_000_000 };
const FILE = { by: 'file', everyS: 86_400, onRequest: true, waitS: 60, leastPercent: 90, maxBytes: 1_000_000 };

describe('how a provider is observed', () => {
  test('may be left out, and be each of its forms', () => {
    for (const observe of [undefined, null, { digests: true, snapshot: API }, { digests: false, snapshot: null }])
      assert.equal(faults('AIS', observe), '');
    assert.equal(faults('CAT', { digests: false, snapshot: FILE }), '');
  });
  test('says what to write', () => {
    assert.match(faults('AIS', { digests: 'yes', snapshot: null }), /observe\.digests: write true or false/);
    assert.match(faults('3BB', { digests: true, snapshot: null }), /name it in secrets\.digest/);
    assert.match(faults('AIS', { digests: false, snapshot: FILE }), /a webhook has no files; write "api"/);
    assert.match(faults('CAT', { digests: false, snapshot: API }), /over sftp the list is a file; write "file"/);
    assert.match(faults('CAT', { digests: true, snapshot: null }), /write false/);
    assert.match(faults('AIS', { digests: false, snapshot: { ...API, waitS: 5 } }), /waitS: an API answers at once/);
    assert.match(faults('AIS', { digests: false, snapshot: { ...API, leastPercent: 0 } }), /from 1 to 100/);
    assert.match(
      faults('CAT', { digests: false, snapshot: { ...FILE, onRequest: 1 } }),
      /onRequest: write true or false/,
    );
    assert.match(faults('CAT', { digests: false, snapshot: { ...FILE, maxBytes: 10 } }), /longest list in bytes/);
  });
});
