// Providers, kinds of line, applications and agencies by the names people write.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { agencyResolver, loadAgencies } from './agencies.js';
import { readApps } from './apps.js';
import { providerReader, readAccess } from './providers.js';
import type { ProviderRule } from './providers.js';

const rules: ProviderRule[] = ['CAT', 'TOT', 'AIS', 'TRUE', 'DTAC', '3BB'].map((code) => ({
  code,
  accesses: ['MB'],
  circuitPattern: null,
}));
rules.push({ code: 'NEW', accesses: ['MB'], circuitPattern: null, otherNames: ['ค่ายใหม่'] });

describe('providers', () => {
  const find = providerReader(rules);
  const names: Record<string, string[]> = {
    CAT: ['CAT', 'กสท', 'my', 'my by CAT', 'กสท โทรคมนาคม'],
    TOT: ['tot', 'ทีโอที', 'บริษัท ทีโอที จำกัด (มหาชน)'],
    AIS: ['AIS', 'เอไอเอส', 'AIS Fibre', 'A.I.S.', ' ais '],
    TRUE: ['TRUE', 'ทรู', 'TrueMove H', 'True Online', 'ทรูมูฟ เอช'],
    DTAC: ['DTAC', 'dtac', 'ดีแทค'],
    '3BB': ['3BB', 'สามบีบี', 'ทริปเปิลทรี', '๓BB'],
    NEW: ['new', 'ค่ายใหม่'],
  };
  for (const [code, written] of Object.entries(names)) {
    for (const name of written) {
      test(`${name}: ${code}`, () => {
        const reading = find(name);
        assert.ok(reading.outcome === 'provider');
        assert.equal(reading.rule.code, code);
      });
    }
  }
  test('a company that came of two is ambiguous', () =>
    assert.deepEqual(find('NT'), { outcome: 'ambiguous', known: 'CAT, TOT' }));
  test('others are unknown', () => assert.equal(find('ค่ายอื่น').outcome, 'unknown'));
});

test('kinds of line', () => {
  for (const name of ['MB', 'มือถือ', 'Mobile', 'โทรศัพท์เคลื่อนที่']) assert.equal(readAccess(name), 'MB');
  for (const name of ['FB', 'เน็ตบ้าน', 'fixed broadband', 'อินเทอร์เน็ตบ้าน']) assert.equal(readAccess(name), 'FB');
  assert.equal(readAccess('ดาวเทียม'), undefined);
});

test('applications', () => {
  assert.deepEqual(readApps('Webex, ไลน์'), { outcome: 'apps', apps: ['webex', 'line'], bits: 0b1001 });
  assert.deepEqual(readApps('MS Teams/Google Meet;LINE'), {
    outcome: 'apps',
    apps: ['teams', 'meet', 'line'],
    bits: 0b1110,
  });
  assert.deepEqual(readApps('LINE และ Cisco Webex'), { outcome: 'apps', apps: ['webex', 'line'], bits: 0b1001 });
  assert.deepEqual(readApps('ทั้งหมด'), { outcome: 'apps', apps: ['webex', 'teams', 'meet', 'line'], bits: 0b1111 });
  assert.deepEqual(readApps(''), { outcome: 'apps', apps: [], bits: 0 });
  assert.deepEqual(readApps('-'), { outcome: 'apps', apps: [], bits: 0 });
  assert.deepEqual(readApps('LINE, Zoom'), { outcome: 'unknown' });
});

describe('agencies', () => {
  const records = loadAgencies();
  const resolve = agencyResolver(records.map((record) => ({ ...record, id: record.code })));
  const onde = 'G0002';
  test('all 494 bodies are there, and each is found by its code and its name', () => {
    assert.equal(records.length, 494);
    for (const record of records) {
      assert.deepEqual(resolve(record.code, ''), { outcome: 'agency', id: record.code });
      assert.deepEqual(resolve(record.nameTh, record.ministryTh), { outcome: 'agency', id: record.code });
    }
  });
  for (const name of [
    'สดช.',
    'สดช',
    'ONDE',
    'สํานักงานคณะกรรมการดิจิทัลเพื่อเศรษฐกิจและสังคมแห่งชาติ',
    'สนง.คณะกรรมการดิจิทัลเพื่อเศรษฐกิจและสังคมแห่งชาติ',
  ]) {
    test(`${name} is ONDE`, () => assert.deepEqual(resolve(name, ''), { outcome: 'agency', id: onde }));
  }
  test('an unknown name offers the nearest', () => {
    const reading = resolve('กรมอุตุนิยมวิทย', '');
    assert.ok(reading.outcome === 'unknown');
    assert.match(reading.known, /^กรมอุตุนิยมวิทยา \(G0003\)/);
  });
  test('one name of two bodies needs the ministry', () => {
    const twins = [
      { id: 1, code: 'A', nameTh: 'กองกลาง', abbrTh: null, nameEn: null, ministryTh: 'กระทรวงหนึ่ง' },
      { id: 2, code: 'B', nameTh: 'กองกลาง', abbrTh: null, nameEn: null, ministryTh: 'กระทรวงสอง' },
    ];
    const find = agencyResolver(twins);
    assert.deepEqual(find('กองกลาง', ''), { outcome: 'ambiguous', known: 'กองกลาง (A), กองกลาง (B)' });
    assert.deepEqual(find('กองกลาง', 'กระทรวงสอง'), { outcome: 'agency', id: 2 });
  });
});
