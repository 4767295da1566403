import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { FOUNDING_PROVIDERS, type ProviderProfile } from '#contracts';
import { withEndpoint } from './defaults.js';
import { REFERENCE_PROFILES, referenceProfile } from './reference.js';
import { ProfileNotValid, validateProfile } from './validate.js';

const KEY = `SHA256:${'a'.repeat(43)}`;
const ais = referenceProfile('AIS')!;
const cat = withEndpoint(referenceProfile('CAT')!, { hostKeys: [KEY] });

function faults(profile: unknown): string {
  try {
    validateProfile(profile);
    return '';
  } catch (error) {
    assert.ok(error instanceof ProfileNotValid);
    return error.faults.join('\n');
  }
}

describe('profiles', () => {
  test('the six reference profiles are valid at an endpoint, and each is there once', () => {
    assert.deepEqual(
      REFERENCE_PROFILES.map((one) => one.code),
      [...FOUNDING_PROVIDERS],
    );
    for (const profile of REFERENCE_PROFILES) {
      const there = profile.transport.kind === 'sftp' ? withEndpoint(profile, { hostKeys: [KEY] }) : profile;
      assert.equal(faults(there), '', profile.code);
      assert.deepEqual(validateProfile(JSON.parse(JSON.stringify(there))), there);
    }
  });

  test('SFTP without a pinned host key is refused', () => {
    assert.match(
      faults(referenceProfile('CAT')),
      /transport.hostKeys: write at least one fingerprint as ssh-keygen -lf shows it/,
    );
  });

  test('a provider can be switched to another transport, format and acknowledgement by data', () => {
    const switched: ProviderProfile = {
      ...cat,
      code: 'NT',
      destinations: null,
      observe: null,
      format: ais.format,
      transport: ais.transport,
      acknowledgement: 'callback',
      secrets: { signing: ['nt.1'], callback: ['nt.2'], sshKey: null },
    };
    assert.equal(faults(switched), '');
    assert.equal(faults({ ...cat, acknowledgement: 'callback', secrets: { ...cat.secrets, callback: ['cat.2'] } }), '');
  });

  test('each fault says what to write', () => {
    const webhook = ais.transport;
    const cases: [unknown, RegExp][] = [
      [null, /profile is absent/],
      [[], /profile is absent/],
      [{ ...ais, code: 'ais' }, /code: write two to eight capital letters/],
      [{ ...ais, colour: 'green' }, /profile.colour is not a field; known are code/],
      [{ ...ais, circuitPattern: '\\d{10}' }, /write an anchored pattern/],
      [{ ...ais, circuitPattern: '^(\\d$' }, /write an anchored pattern/],
      [{ ...ais, accesses: ['MB'] }, /without fixed lines \(FB\) in accesses, write null/],
      [{ ...ais, accesses: ['MB', 'MB'] }, /accesses: write/],
      [{ ...ais, maxLines: 0 }, /maxLines: write the most lines in one batch/],
      [{ ...ais, releasedBy: 'outcomes' }, /with releasedBy "outcomes" only 1/],
      [{ ...ais, outcomeDeadlineS: 60 }, /outcomes cannot be due before the receipt/],
      [{ ...ais, receiptDeadlineS: 10 }, /a request may not last longer than receiptDeadlineS/],
      [{ ...ais, refusesKnownNumbers: false, canBeAsked: false }, /no safe way on/],
      [{ ...ais, retryScheduleS: [] }, /retryScheduleS: write pauses/],
      [{ ...ais, askEveryS: 90_000 }, /askEveryS: write seconds of silence/],
      [{ ...ais, askEveryS: 60, canBeAsked: false }, /askEveryS: it cannot be asked; write null/],
      [{ ...ais, acknowledgement: 'files' }, /"files" needs transport.kind "sftp"/],
      [{ ...ais, acknowledgement: 'callback' }, /secrets.callback: callbacks are verified/],
      [{ ...ais, format: 'hdt' }, /a webhook carries "cloudevents", "tmf641" or "thin"/],
      [{ ...ais, format: 'tmf641' }, /acknowledged by events; write "callback"/],
      [{ ...ais, secrets: { ...ais.secrets, signing: [] } }, /secrets.signing: a webhook is signed/],
      [
        { ...ais, secrets: { ...ais.secrets, signing: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] } },
        /never a secret itself/,
      ],
      [{ ...ais, transport: { ...webhook, target: 'ftp://x' } }, /write the base address/],
      [{ ...ais, transport: { ...webhook, target: 'https://u:p@x' } }, /no user or password/],
      [{ ...ais, transport: { ...webhook, target: 'https://x/?a' } }, /no "\?"/],
      [{ ...ais, transport: { kind: 'fax' } }, /transport.kind: write "webhook" or "sftp"/],
      [{ ...cat, acknowledgement: 'response' }, /"response" needs transport.kind "webhook"/],
      [{ ...cat, secrets: { ...cat.secrets, sshKey: null } }, /name the private key/],
      [withEndpoint(cat, { root: 'a/../../b' }), /transport.root/],
      [withEndpoint(cat, { hostKeys: ['MD5:aa'] }), /hostKeys/],
      [{ ...cat, secrets: { ...cat.secrets, pgp: { ours: [], theirs: ['x'] } } }, /secrets.pgp.ours: write names/],
      [{ ...ais, secrets: { ...ais.secrets, pgp: { ours: ['x'], theirs: ['x'] } } }, /PGP is for files/],
      [
        { ...cat, transport: { ...cat.transport, charset: 'tis-620' } },
        /transport.charset: write one of "utf-8", "windows-874"/,
      ],
    ];
    for (const [profile, expected] of cases) assert.match(faults(profile), expected);
  });
});
