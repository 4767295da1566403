// Whatever stands in a profile, the answer is words about that field, never an exception of another kind.
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ProviderProfile, WebhookTransport } from '#contracts';
import { makeAdapter } from '../make-adapter.js';
import { withEndpoint } from './defaults.js';
import { REFERENCE_PROFILES, referenceProfile } from './reference.js';
import { ProfileNotValid, validateProfile } from './validate.js';

const KEY = `SHA256:${'a'.repeat(43)}`;
const ais = referenceProfile('AIS')!;
const full: ProviderProfile = {
  ...ais,
  code: 'NT',
  transport: {
    kind: 'webhook',
    target: 'https://nt.invalid',
    timeoutMs: 1000,
    gzip: true,
    authentication: {
      kind: 'oauth2',
      tokenUrl: 'https://login.invalid/t',
      clientId: 'c',
      secret: 'nt.oauth2.1',
      scope: null,
    },
    mutualTls: { certificate: 'nt.tls.1', key: 'nt.tls.1.key', authority: 'nt.authority.1' },
  },
  testLines: [{ access: 'MB', line: '+66812345678' }],
  contacts: [{ role: 'technical', name: 'Desk', email: 'desk@nt.invalid' }],
  otherNames: ['เอ็นที'],
  successor: null,
};
const VALID: ProviderProfile[] = [
  full,
  {
    ...full,
    transport: {
      ...(full.transport as WebhookTransport),
      authentication: { kind: 'apiKey', header: 'X-Key', secret: 'nt.apiKey.1' },
    },
  },
  ...REFERENCE_PROFILES.map((one) => (one.transport.kind === 'sftp' ? withEndpoint(one, { hostKeys: [KEY] }) : one)),
];

function faultsOf(profile: unknown): string[] {
  try {
    validateProfile(profile);
    return [];
  } catch (error) {
    assert.ok(error instanceof ProfileNotValid, `${String(error)} is no answer for a person`);
    assert.ok(error.faults.length > 0);
    return error.faults;
  }
}

function pathsOf(value: unknown, above: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [above];
  return [above, ...Object.entries(value).flatMap(([name, inner]) => pathsOf(inner, [...above, name]))];
}

function changed(value: unknown, [first, ...rest]: (string | number)[], to: unknown): unknown {
  if (first === undefined) return to;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>;
  copy[first] = changed(copy[first], rest, to);
  return copy;
}

/** JSON is what configuration and API bring; the rest is what a caller in the code could. */
const anyValue = fc.oneof(
  fc.jsonValue(),
  fc.anything(),
  fc.constantFrom('', ' ', null, undefined, -1, 0, 1.5, NaN, [], {}, [null], [[]], 'whsec_x', '(', 'http://[', true),
);

describe('any profile', () => {
  test('the starting points are valid', () => {
    for (const profile of VALID) assert.deepEqual(faultsOf(profile), [], profile.code);
  });

  test('any value anywhere is either right, or words that name a field of its place', () => {
    const places = VALID.flatMap((profile) => pathsOf(profile).map((path) => ({ profile, path })));
    fc.assert(
      fc.property(fc.constantFrom(...places), anyValue, ({ profile, path }, value) => {
        const candidate = changed(profile, path, value);
        const faults = faultsOf(candidate);
        for (const fault of faults)
          assert.match(fault, /write|name |known are|leave|lower|must be true|no user|no "|needs|cannot|PGP is/);
        if (faults.length > 0 || path.length === 0) return;
        // What is valid makes an adapter.
        void makeAdapter(candidate as ProviderProfile, { secrets: { secret: () => undefined } }).close();
      }),
      { numRuns: 3000 },
    );
  });

  test('a field that is missing is asked for by its name', () => {
    const optional = [
      'deliveryWindows',
      'proofOfLifeAt',
      'destinations',
      'testLines',
      'contacts',
      'successor',
      'otherNames',
      'observe',
    ];
    for (const profile of VALID) {
      for (const name of Object.keys(profile)) {
        if (optional.includes(name) || /^(?:maxBytes|reconcileEveryS|askEveryS)$/.test(name)) continue;
        if (name === 'circuitPattern' && !profile.accesses.includes('FB')) continue;
        const { [name as keyof ProviderProfile]: _, ...rest } = profile;
        assert.ok(
          faultsOf(rest).some((fault) => fault.startsWith(name)),
          `${profile.code} without ${name}`,
        );
      }
    }
  });

  test('authentication, mutual TLS, test lines, contacts and names: each fault says what to write', () => {
    const { transport } = full as { transport: Extract<ProviderProfile['transport'], { kind: 'webhook' }> };
    const oauth = transport.authentication!;
    const at = (changes: object): unknown => ({ ...full, transport: { ...transport, ...changes } });
    const cases: [unknown, RegExp][] = [
      [at({ authentication: { kind: 'basic', secret: 'x' } }), /authentication.kind: write one of "apiKey", "oauth2"/],
      [at({ authentication: { ...oauth, tokenUrl: 'login' } }), /tokenUrl: write the address of the token endpoint/],
      [at({ authentication: { ...oauth, tokenUrl: 'https://u:p@x/t' } }), /tokenUrl: no user or password/],
      [
        at({ authentication: { ...oauth, secret: 'whsec_abc' } }),
        /authentication.secret: write the name of the secret/,
      ],
      [at({ authentication: { ...oauth, scope: 7 } }), /scope: write the scope to ask for, or null/],
      [at({ authentication: { kind: 'apiKey', header: 'Host', secret: 'nt.k' } }), /header: this header has a meaning/],
      [
        at({ authentication: { kind: 'apiKey', header: 'a b', secret: 'nt.k' } }),
        /header: write the name of the header/,
      ],
      [
        at({ mutualTls: { certificate: 'a', key: null, authority: null } }),
        /mutualTls.key: write the name of its private key/,
      ],
      [at({ target: 'http://x' }), /mutual TLS needs https/],
      [
        { ...full, testLines: [{ access: 'MB', line: '0812345678' }] },
        /testLines\[0\].line: write a mobile number as \+66/,
      ],
      [{ ...full, testLines: [{ access: 'FB', line: 'x' }] }, /write a circuit number that fits circuitPattern/],
      [{ ...full, testLines: {} }, /testLines: write a list/],
      [{ ...full, testLines: [full.testLines![0], full.testLines![0]] }, /listed twice/],
      [{ ...full, contacts: [{ role: 'boss', name: '', email: 'x' }] }, /contacts\[0\].role: write one of "technical"/],
      [{ ...full, otherNames: ['a', 'a'] }, /otherNames: write names by which files call it, each once/],
      [{ ...full, successor: 'NT' }, /successor: a provider cannot follow itself/],
    ];
    for (const [profile, words] of cases) assert.match(faultsOf(profile).join('\n'), words);
    assert.doesNotMatch(faultsOf({ ...full, testLines: [{ access: 'MB', line: '0812345678' }] }).join(), /0812345678/);
  });
});
