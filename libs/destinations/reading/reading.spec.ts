// Strict reading of networks and names, and the vendors' real files with all their oddities.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { matchesAll, readName } from './names.js';
import { covers, readNetwork } from './networks.js';
import { readSource, type SourceQuestion } from './read-source.js';
import { portsOf, SourceNotUsable, uniteFlows, type ReadSource } from './source.js';

const RULES = { leastPrefixV4: 8, leastPrefixV6: 19 };
const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../../test/fixtures/destinations/${name}`, import.meta.url));
const sample = (name: string): Buffer => readFileSync(new URL(`../data/sample/${name}`, import.meta.url));
const read = (bytes: Buffer | string, question: SourceQuestion = {}, base: ReadSource | null = null): ReadSource =>
  readSource(Buffer.from(bytes), question, base);

describe('networks', () => {
  const faultOf = (text: string): string => {
    const found = readNetwork(text, RULES);
    return 'fault' in found ? found.fault : `taken as ${found.value}`;
  };

  test('what is taken stands in canonical form', () => {
    for (const [text, value] of [
      ['52.120.0.0/14', '52.120.0.0/14'],
      ['13.107.6.152/31', '13.107.6.152/31'],
      ['2620:1ec:4::152/128', '2620:1ec:4::152/128'],
      ['2603:1006:0000::/40', '2603:1006::/40'],
      ['2A01:111:F400::/48', '2a01:111:f400::/48'],
    ] as const)
      assert.deepEqual(readNetwork(text, RULES), {
        value,
        family: value.includes(':') ? 6 : 4,
        prefix: Number(value.split('/')[1]),
      });
  });

  test('everything else is refused in words', () => {
    for (const [text, words] of [
      ['52.120.0.0', /no network/],
      ['52.120.0.1/14', /host bits; the network is 52\.120\.0\.0\/14/],
      ['0.0.0.0/0', /wider than \/8/],
      ['0.0.0.0/8', /no public network/],
      ['10.0.0.0/8', /no public network/],
      ['172.0.0.0/8', /overlaps 172\.16\.0\.0\/12/],
      ['192.168.4.0/24', /private/],
      ['224.0.0.0/8', /multicast/],
      ['100.64.0.0/10', /no public network/],
      ['127.0.0.0/8', /loopback/],
      ['169.254.0.0/16', /linkLocal/],
      ['::/0', /wider than \/19/],
      ['fe80::/64', /no public network/],
      ['fd00::/20', /no public network/],
      ['ff00::/19', /no public network/],
      ['::ffff:0:0/96', /no public network/],
      ['2001:db8::/32', /no public network/],
      ['52.120.0.0/33', /0 to 32/],
      ['52.120.0.0/014', /leading zero/],
      ['052.120.0.0/14', /no address/],
      ['0x34.120.0.0/14', /no network|no address/],
      ['52.120/14', /no address/],
      ['52.120.0.0/-1', /no network/],
      ['62.109.192.0 - 62.109.255.255', /no network/],
    ] as const)
      assert.match(faultOf(text), words, text);
  });

  test('property: host bits are never taken, and a taken network reads back as itself', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.tuple(byte, byte, byte, byte), fc.integer({ min: 0, max: 32 }), (bytes, prefix) => {
        const number = bytes.reduce((sum, one) => sum * 256 + one, 0);
        const found = readNetwork(`${bytes.join('.')}/${prefix}`, RULES);
        if ('fault' in found) return;
        assert.equal(number % 2 ** (32 - prefix), 0);
        assert.ok(prefix >= 8);
        assert.deepEqual(readNetwork(found.value, RULES), found);
        assert.ok(covers(found.value, found.value));
      }),
      { numRuns: 2_000 },
    );
  });

  test('property: whatever is written, the answer is a network or words', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        const found = readNetwork(text, RULES);
        assert.ok('fault' in found ? found.fault.length > 5 : found.value.includes('/'));
      }),
    );
  });

  test('property: a network covers exactly the narrower ones inside', () => {
    const prefix = fc.integer({ min: 8, max: 28 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), prefix, prefix, (address, a, b) => {
        const at = (length: number): string => {
          const base = Math.floor(address / 2 ** (32 - length)) * 2 ** (32 - length);
          return `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.')}/${length}`;
        };
        assert.equal(covers(at(a), at(b)), a <= b);
      }),
    );
  });
});

describe('names', () => {
  test('what can be matched by a name is normalised', () => {
    for (const [text, kind, value] of [
      ['Teams.Microsoft.com', 'domain', 'teams.microsoft.com'],
      ['*.teams.microsoft.com', 'wildcard', '*.teams.microsoft.com'],
      ['.line.me', 'wildcard', '*.line.me'],
      ['https://*.google.com/*', 'wildcard', '*.google.com'],
      ['ประชุม.ไทย', 'domain', 'xn--q3cj7b7ezc.xn--o3cw4h'],
      ['webex.com.', 'domain', 'webex.com'],
    ] as const) {
      const found = readName(text);
      assert.ok(!('fault' in found), `${text}: ${JSON.stringify(found)}`);
      assert.equal(found.kind, kind);
      if (!text.startsWith('ป')) assert.equal(found.value, value);
      else assert.match(found.value, /^xn--.+\.xn--o3cw4h$/);
    }
  });

  test('what cannot be, or would free a public suffix, is refused in words', () => {
    for (const [text, words] of [
      ['*cdn.onenote.net', /without a dot/],
      ['*-my.sharepoint.com', /without a dot/],
      ['autodiscover.*.onmicrosoft.com', /middle/],
      ['msftncsi.com/ncsi.txt', /path/],
      ['*.co.th', /public suffix/],
      ['co.th', /public suffix/],
      ['*.com', /no host name|public suffix/],
      ['com', /no host name/],
      ['*.cloudfront.net', /public suffix/],
      ['*', /no host name|wildcard/],
      ['*.*', /wildcard/],
      ['52.112.0.1', /address/],
      ['webex.com:443', /port/],
      ['web ex.com', /no host name/],
      ['-a.example.com', /no host name/],
      ['', /no host name/],
    ] as const) {
      const found = readName(text);
      assert.match('fault' in found ? found.fault : `taken as ${found.value}`, words, text);
    }
  });

  test('property: a taken name reads back as itself, and its wildcard matches what is below', () => {
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 3 }), fc.boolean(), (labels, wild) => {
        const found = readName(`${wild ? '*.' : ''}${labels.join('.')}.example.com`);
        if ('fault' in found) return;
        assert.deepEqual(readName(found.value), found);
        assert.ok(matchesAll('*.example.com', found.value));
        assert.ok(!matchesAll(found.value, '*.example.com'));
      }),
    );
  });
});

test('ports are joined to ranges, whatever their order', () => {
  assert.deepEqual(portsOf('443,80', 'x'), ['80', '443']);
  assert.deepEqual(portsOf('143, 587, 993, 995', 'x'), ['143', '587', '993', '995']);
  assert.deepEqual(portsOf('3478,3479,3480,3481', 'x'), ['3478-3481']);
  assert.deepEqual(portsOf('3478,19302-19309', 'x'), ['3478', '19302-19309']);
  for (const wrong of ['0', '70000', '9-5', 'http']) assert.throws(() => portsOf(wrong, 'x'), SourceNotUsable);
  assert.deepEqual(
    uniteFlows([
      { proto: 'udp', ports: ['1'] },
      { proto: 'any', ports: [] },
    ]),
    [{ proto: 'any', ports: [] }],
  );
});

describe("the vendors' files", () => {
  test('Microsoft: sets of either kind, and five versions', () => {
    const source = read(sample('worldwide-2020022800.derived.json'), { version: '2020022800' });
    assert.equal(source.format, 'microsoft-endpoints');
    assert.equal(source.sets.length, 114);
    assert.ok(source.sets.some((set) => set.cidrs.length === 0) && source.sets.some((set) => set.domains.length === 0));
    assert.equal(new Set(source.sets.flatMap((set) => set.cidrs)).size, 186);
    assert.deepEqual(source.sets.find((set) => set.set === '11')?.flows, [{ proto: 'udp', ports: ['3478-3481'] }]);
    assert.equal(read(fixture('worldwide-sample-2024-04-24.raw.json'), { version: '2024042400' }).sets.length, 72);
  });

  test('Microsoft: changes applied to a version give the next one', () => {
    let now = read(sample('worldwide-2020022800.derived.json'), { version: '2020022800' });
    for (const next of ['2020032500', '2020032700', '2020041400', '2020042800']) {
      const file = fixture(`changes-${now.version}-to-${next}.derived.json`);
      const changed = read(file, {}, now);
      const whole = read(fixture(`worldwide-${next}.derived.json`), { version: next });
      assert.equal(changed.version, next);
      const values = (source: ReadSource): unknown =>
        source.sets.map((set) => [set.set, set.cidrs.toSorted(), set.domains.toSorted(), set.flows]);
      assert.deepEqual(values(changed), values(whole), next);
      now = whole;
    }
    assert.throws(() => read(fixture('changes-2020032500-to-2020032700.derived.json'), {}, now), /no change after/);
    const wrong = read(fixture('webex-circa-2020.json'), { version: '2020' });
    assert.throws(
      () => read(fixture('changes-2020022800-to-2020032500.derived.json'), {}, wrong),
      /no change after|no such set/,
    );
    assert.throws(
      () => read(fixture('changes-2020022800-to-2020032500.derived.json')),
      /import a microsoft-endpoints list/,
    );
  });

  test('Google, Webex, LINE, v2fly', () => {
    assert.equal(read(fixture('goog-2022-08-20.json')).version, '1661015026669');
    assert.ok(
      read(fixture('cloud-2024-04-25.asia-southeast-subset.json')).sets.some(
        (set) => set.set === 'Google Cloud/asia-southeast1',
      ),
    );
    const meet = read(sample('meet-network-requirements.json'), { version: '1' });
    assert.deepEqual(meet.sets[0]?.flows[1], { proto: 'udp', ports: ['443', '3478', '19302-19309'] });
    const webex = read(sample('webex-2026-03-16.json'));
    assert.equal(webex.version, '2026-03-16');
    assert.equal(webex.sets[0]?.cidrs.length, 35);
    assert.equal(read(fixture('webex-circa-2020.json'), { version: '2020' }).sets[0]?.cidrs.length, 14);
    assert.ok(
      read(sample('line-ranges-community-2025-06.json'), { version: '1' }).sets[0]?.domains.includes('*.line.me'),
    );
    const v2fly = { format: 'v2fly', version: '2020-04-01' } as const;
    assert.equal(read(fixture('v2fly-line-2020-04-01.txt'), { ...v2fly, vendor: 'line' }).sets[0]?.domains.length, 14);
    assert.ok(
      read(fixture('v2fly-webex-2026-08-19.txt'), { ...v2fly, vendor: 'cisco' }).sets[0]?.domains.includes(
        'webex.com.cn',
      ),
    );
    assert.throws(() => read('regexp:.*\n', { ...v2fly, vendor: 'line' }), /line 1/);
    assert.throws(() => read('line.me\n', v2fly), /say which/);
  });

  test('a list by hand', () => {
    const text =
      '\ufeffset,kind,value,proto,ports\r\nextra,cidr,203.0.112.0/24,udp,5004;9000\r\nextra,domain,*.example.org,,\r\n';
    const source = read(text, { format: 'manual', version: '1' });
    assert.deepEqual(
      source.sets.map((set) => [set.set, set.cidrs.length, set.domains.length, set.flows[0]?.ports]),
      [
        ['extra', 1, 0, ['5004', '9000']],
        ['extra', 0, 1, []],
      ],
    );
    assert.throws(() => read('set,kind\n1,cidr\n', { format: 'manual', version: '1' }), /columns value/);
    assert.throws(
      () => read('set,kind,value,proto\nx,cidr,1.0.0.0/24,sctp\n', { format: 'manual', version: '1' }),
      /row 2: "proto"/,
    );
  });

  test('property: no bytes whatsoever do anything but give a source or words', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          try {
            read(Buffer.from(bytes), { version: '2020022800' });
          } catch (error) {
            assert.ok(error instanceof SourceNotUsable, String(error));
          }
        },
      ),
    );
  });
});
