// Folding, tidying and remembering of Thai text.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { fold, mapThaiDigits, remembered, tidy } from './text.js';

describe('fold', () => {
  const same: [string, string][] = [
    ['น้ำ', 'นํ้า'],
    ['น้ำ', 'น\u0E49\u0E4D\u0E32'],
    ['แพร่', 'เเพร่'],
    ['ที่ทำการ', 'ท\u0E48\u0E35ทำการ'],
    ['สำนักงาน ก.พ.', 'สํานักงาน\u200Bกพ'],
    ['กรม\u00A0ที่ดิน', 'กรมที่ดิน'],
    ['มาตรา ๓๕', 'มาตรา 35'],
    ['True Move H', 'truemoveh'],
  ];
  for (const [a, b] of same) test(`${a} is ${b}`, () => assert.equal(fold(a), fold(b)));
  test('different names stay different', () => {
    assert.notEqual(fold('กรมทางหลวง'), fold('กรมทางหลวงชนบท'));
    assert.notEqual(fold('เพร'), fold('แพร'));
    assert.notEqual(fold('ปา'), fold('ป่า'));
  });
  test('folding twice changes nothing', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => fold(fold(text)) === fold(text)));
  });
});

const slow = (text: string) =>
  text
    .replace(/[\u00AD\u200B-\u200F\u2028-\u202E\u2060-\u2064\uFEFF]/g, '')
    .replace(/[\s\u00A0\u2000-\u200A\u202F\u205F\u3000]+/g, ' ')
    .trim();

describe('tidy', () => {
  test('removes what cannot be seen and makes white space one space', () => {
    assert.equal(tidy(' \uFEFFกรม\u00A0\u200Bที่ดิน \t'), 'กรม ที่ดิน');
    assert.equal(tidy('a\nb'), 'a b');
    assert.equal(tidy('   '), '');
    assert.equal(tidy('a\u00ADb'), 'ab');
  });
  test('the quick look says what the slow way says, for every text', () => {
    const unit = fc.constantFrom(
      'ก',
      'า',
      'a',
      '1',
      ' ',
      '\t',
      '\n',
      '\u00A0',
      '\u00AD',
      '\u200B',
      '\u2003',
      '\u3000',
      '\uFEFF',
      '\u0085',
      'é',
      '–',
      '\u1680',
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (text) => assert.equal(tidy(text), slow(text))),
      { numRuns: 2000 },
    );
  });
});

test('Thai digits become digits and nothing else changes', () =>
  assert.equal(mapThaiDigits('๐๑๒๓๔๕๖๗๘๙ ก'), '0123456789 ก'));

test('a remembered look-up gives the same answers, also after it started anew', () => {
  let asked = 0;
  const plain = (text: string) => {
    asked++;
    return { length: text.length };
  };
  const quick = remembered(plain, 3);
  const words = ['', 'a', 'bb', 'ccc', 'a long text that is cut from a piece of a file', 'a', '', 'dddd', 'bb', ''];
  for (const word of [...words, ...words]) assert.equal(quick(word).length, word.length);
  assert.ok(asked < words.length * 2);
});
