import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import iconv from 'iconv-lite';
import type { BatchHeader, BatchLine } from '#contracts';
import { batchFileName, formatFileName, parseFileName } from './file-names.js';
import { FieldNotAllowed } from '#contracts';
import { hdt, hdtIn } from './hdt.js';

const header: BatchHeader = {
  provider: 'CAT',
  number: 42,
  kind: 'delta',
  fromSeq: 40_001,
  toSeq: 41_000,
  part: 1,
  parts: 1,
  count: 2,
  sealedAt: new Date('2020-03-18T17:05:10.400Z'),
};
const add: BatchLine = {
  n: 1,
  op: 'ADD',
  ref: '0198f0c2-7a31-7c55-8d2f-0a4be1a5b0c1',
  seq: 40_001,
  access: 'MB',
  line: '+66812345678',
  package: 'WAH-MB',
  from: '2020-03-19',
  to: null,
};
const remove: BatchLine = {
  n: 2,
  op: 'REMOVE',
  ref: '0198f0c2-7a31-7c55-8d2f-0a4be1a5b0c2',
  seq: 40_002,
  access: 'FB',
  line: '8801234567',
  package: null,
  from: null,
  to: null,
};

describe('a batch as an H/D/T file', () => {
  test('is the example of the contract', () => {
    const body =
      'H|WAH|1.0|SUB|ONDE|CAT|000042|2020-03-18T17:05:10Z|from=40001|to=41000|parts=1/1\n' +
      'D|1|ADD|0198f0c2-7a31-7c55-8d2f-0a4be1a5b0c1|40001|MB|+66812345678|WAH-MB|2020-03-19|\n' +
      'D|2|REMOVE|0198f0c2-7a31-7c55-8d2f-0a4be1a5b0c2|40002|FB|8801234567|||\n';
    const sha256 = createHash('sha256').update(body).digest('hex');
    assert.equal(hdt.render(header, [add, remove]).toString(), `${body}T|2|ADD=1|REMOVE=1|sha256=${sha256}\n`);
  });

  test('an empty file proves life', () => {
    assert.match(hdt.render({ ...header, count: 0 }, []).toString(), /\nT\|0\|ADD=0\|REMOVE=0\|sha256=[0-9a-f]{64}\n$/);
  });

  test('refuses what would shift fields or lines, naming the field and never its content', () => {
    for (const bad of ['a|b', 'a\nb', 'a\rb', 'a\u0000b', 'a\u0085b', 'a\u2028b', '\ufeffab', 'a\ud800b']) {
      for (const field of ['ref', 'line', 'package', 'from', 'to'] as const) {
        assert.throws(
          () => hdt.render(header, [{ ...add, [field]: bad }]),
          (error: unknown) =>
            error instanceof FieldNotAllowed && error.field === field && error.n === 1 && !error.message.includes(bad),
        );
      }
    }
    assert.throws(() => hdt.render({ ...header, provider: 'A|B' }, []), FieldNotAllowed);
  });
});

describe('Windows-874', () => {
  const vector: { encode: Record<'text' | 'windows-874-hex', string> } = JSON.parse(
    readFileSync(new URL('../../../test/fixtures/windows-874.json', import.meta.url), 'utf8'),
  );

  test('Thai text has its own bytes, and the hash is over them', () => {
    const bytes = hdtIn('windows-874').render(header, [{ ...add, package: vector.encode.text }]);
    const at = bytes.indexOf(Buffer.from(vector.encode['windows-874-hex'], 'hex'));
    assert.ok(at > 0);
    const trailer = bytes.lastIndexOf('T|');
    assert.ok(bytes.subarray(trailer).includes(createHash('sha256').update(bytes.subarray(0, trailer)).digest('hex')));
  });

  test('what it does not have is an error before sending, never a question mark', () => {
    for (const bad of ['é', '中', '😀', 'ฺ\u0e3b', '\u200b', '\u2212']) {
      assert.throws(
        () => hdtIn('windows-874').render(header, [{ ...add, package: bad }]),
        (error: unknown) => error instanceof FieldNotAllowed && /Windows-874/.test(error.message),
      );
      hdt.render(header, [{ ...add, package: bad }]);
    }
  });

  test('all lines that cannot be written are named at once', () => {
    const bad = [
      { ...add, n: 1 },
      { ...add, n: 2, package: '中' },
      { ...add, n: 3, from: 'é' },
      { ...add, n: 4, ref: 'a|b' },
    ];
    assert.throws(
      () => hdtIn('windows-874').render(header, bad),
      (error: unknown) =>
        error instanceof FieldNotAllowed &&
        [error, ...error.others].map(({ n, field }) => `${n} ${field}`).join() === '2 package,3 from,4 ref',
    );
  });

  test('every character that is let through comes back the same', () => {
    const some = Array.from({ length: 0x10000 }, (_, i) => String.fromCharCode(i)).filter((one) => {
      try {
        hdtIn('windows-874').render(header, [{ ...add, package: one }]);
        return true;
      } catch {
        return false;
      }
    });
    assert.equal(some.length, 94 + 1 + 58 + 29 + 9);
    assert.equal(iconv.decode(iconv.encode(some.join(''), 'windows-874'), 'windows-874'), some.join(''));
  });
});

describe('file names', () => {
  test('carry the day in Bangkok, the number, and the part of several', () => {
    const cat = { code: 'CAT', environment: 'live' as const };
    // 17:05 UTC is past midnight in Bangkok.
    const batch = { number: 42, kind: 'delta' as const, sealedAt: header.sealedAt };
    assert.equal(batchFileName(cat, batch, { part: 1, parts: 1 }), 'WAH_SUB_ONDE_CAT_20200319_000042.csv');
    assert.equal(
      batchFileName({ ...cat, environment: 'test' }, { ...batch, kind: 'full' }, { part: 2, parts: 3 }),
      'TWAH_FUL_ONDE_CAT_20200319_000042-2.csv',
    );
  });

  test('are read back, and nothing else is', () => {
    for (const name of ['WAH_ACK_CAT_ONDE_20200318_000042.csv', 'TWAH_RES_3BB_ONDE_20200318_1000042-10001.csv']) {
      const parsed = parseFileName(name);
      assert.ok(parsed);
      assert.equal(formatFileName(parsed), name);
    }
    for (const name of [
      '../WAH_ACK_CAT_ONDE_20200318_000042.csv',
      'WAH_ACK_CAT_ONDE_20200318_42.csv',
      'WAH_ACK_CAT_ONDE_20200318_000000.csv',
      'WAH_ACK_CAT_ONDE_20200318_000042.csv.part',
      'WAH_ACK_CAT_ONDE_20200318_0000042.csv',
      'WAH_ACK_CAT_ONDE_20200318_000042-0.csv',
      'wah_ack_cat_onde_20200318_000042.csv',
      '',
    ]) {
      assert.equal(parseFileName(name), null, name);
    }
  });
});
