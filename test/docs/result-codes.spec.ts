// docs/result-codes.md is the tables of the code; `SAPHAN_WRITE_DOCS=1` writes it anew.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  batchCodeOf,
  BATCH_CODES,
  BATCH_CODE_ORDER,
  refusalOf,
  resultCodeOf,
  resultCodeOfError,
  RESULT_CODES,
  RESULT_CODE_ORDER,
  SET_ASIDE_REASONS,
  type BatchCodeInfo,
  type ResultCodeInfo,
} from '#contracts';
import { codeOf, outcomeOfFailure } from '../../libs/adapters/tmf641/words.js';

const PAGE = 'docs/result-codes.md';

const RETRY = {
  never: 'no, the same again cannot help',
  later: 'yes, on the schedule of the provider',
  reroute: 'no, the line is re-routed',
};
const THEN = {
  halves: 'sends its two halves under new numbers, until the offending line is alone and rejected',
  person: 'stops sending until a person has looked',
};

const CODES: [string, ResultCodeInfo][] = Object.entries(RESULT_CODES);
const BATCH: [string, BatchCodeInfo][] = Object.entries(BATCH_CODES);

function table(heads: string[], rows: string[][]): string[] {
  return [
    `| ${heads.join(' | ')} |`,
    `|${heads.map(() => '---|').join('')}`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ];
}

function page(): string {
  return [
    '# Result codes',
    '',
    'Generated from `libs/contracts/result-codes.ts` and `libs/contracts/set-aside.ts`; a test compares them. The tables are closed: a code is added with a new minor version of the feed contract, and none is ever given another meaning.',
    '',
    '## Of one line',
    '',
    'What a provider may give as `code` with `rejected` or `retryLater`. In answer files either spelling is read, in JSON only the word. Of two codes heard for one line, the first in this table stays.',
    '',
    ...table(
      ['code', 'in files', 'meaning', 'ความหมาย', 'tried again', 'who acts'],
      CODES.map(([code, info]) => [`\`${code}\``, `\`${info.file}\``, info.en, info.th, RETRY[info.retry], info.owner]),
    ),
    '',
    'What is then done:',
    '',
    ...table(
      ['code', 'what to do', 'สิ่งที่ต้องทำ'],
      CODES.map(([code, info]) => [`\`${code}\``, info.remedy.en, info.remedy.th]),
    ),
    '',
    'The same in the words of each protocol. A TMF641 item carries the code in `errorMessage[].code`; the names of CAMARA and the further names are read there too. `applied` is an item that is `completed`; `already` is `completed` too, or `failed` with `ALREADY_APPLIED`, `ALREADY_REMOVED` or `ALREADY_EXISTS`. A code that is in no table counts as `PROVIDER_ERROR`.',
    '',
    ...table(
      ['JSON', 'answer file', 'TMF641 item state', 'CAMARA', 'further names read'],
      CODES.map(([code, info]) => [
        `\`${code}\``,
        `\`${info.file}\``,
        `\`${info.tmf641}\``,
        `${info.camara.status} \`${info.camara.code}\``,
        info.otherNames.map((name) => `\`${name}\``).join(', ') || '–',
      ]),
    ),
    '',
    '## Of a batch or a file as a whole',
    '',
    'What a provider may give as `code` of a 400, 413 or 422 (RFC 9457), or in a `REJECTED` file receipt: nothing of it was applied, and the number counts as never received. Any other code, or none, counts as `NOT_READABLE`.',
    '',
    ...table(
      ['code', 'in files', 'HTTP', 'meaning', 'ความหมาย', 'the hub then'],
      BATCH.map(([code, info]) => [
        `\`${code}\``,
        `\`${info.file}\``,
        String(info.status),
        info.en,
        info.th,
        THEN[info.hubDoes],
      ]),
    ),
    '',
    ...table(
      ['code', 'what to do', 'สิ่งที่ต้องทำ'],
      BATCH.map(([code, info]) => [`\`${code}\``, info.remedy.en, info.remedy.th]),
    ),
    '',
    '## Why an answer is set aside',
    '',
    'An answer that cannot be used moves nothing. It is counted and shown with one of these reasons (`GET /v1/set-aside`, and for a provider `GET /v1/providers/{code}/set-aside`), and a callback is answered with a problem that says what to do.',
    '',
    ...table(
      ['reason', 'meaning', 'ความหมาย', 'what to do', 'สิ่งที่ต้องทำ'],
      Object.entries(SET_ASIDE_REASONS).map(([reason, { th, en, remedy }]) => [
        `\`${reason}\``,
        en,
        th,
        remedy.en,
        remedy.th,
      ]),
    ),
    '',
  ].join('\n');
}

test('the page is the tables', () => {
  if (process.env['SAPHAN_WRITE_DOCS'] === '1') writeFileSync(PAGE, page());
  assert.equal(readFileSync(PAGE, 'utf8'), page());
});

describe('the tables', () => {
  test('no spelling means two codes, and each leads back', () => {
    const spellings = CODES.flatMap(([code, { file, otherNames }]) => [code, file, ...otherNames]);
    assert.equal(new Set(spellings).size, spellings.length);
    const batchSpellings = BATCH.flatMap(([code, { file }]) => [code, file]);
    assert.equal(new Set(batchSpellings).size, batchSpellings.length);
    for (const [code, { file, otherNames }] of CODES) {
      assert.equal(resultCodeOf(code), code);
      assert.equal(resultCodeOf(file), code);
      for (const name of otherNames) assert.equal(resultCodeOfError(name), code);
    }
    for (const [code, { file }] of BATCH) assert.deepEqual([batchCodeOf(code), batchCodeOf(file)], [code, code]);
    assert.equal(resultCodeOf('IDENTIFIER_NOT_FOUND'), undefined, 'names of other systems are not read in files');
    for (const name of ['toString', '__proto__', '']) {
      assert.equal(resultCodeOf(name), undefined);
      assert.equal(batchCodeOf(name), undefined);
    }
  });

  test('the order of precedence stays as it was agreed', () => {
    assert.deepEqual(RESULT_CODE_ORDER, [
      'PORTED_OUT',
      'NOT_SUBSCRIBER',
      'PACKAGE_NOT_ELIGIBLE',
      'INVALID_FORMAT',
      'LINE_SUSPENDED',
      'QUOTA',
      'PROVIDER_ERROR',
    ]);
    assert.deepEqual(
      BATCH_CODE_ORDER.map((code) => BATCH_CODES[code].file),
      ['E101', 'E102', 'E103', 'E104', 'E105', 'E106', 'E107', 'E108', 'E109'],
    );
  });

  test('every code has words in both languages', () => {
    for (const [code, { th, en, remedy }] of [...CODES, ...BATCH, ...Object.entries(SET_ASIDE_REASONS)]) {
      for (const text of [th, remedy.th]) assert.match(text, /[\u0e00-\u0e7f]/, code);
      for (const text of [en, remedy.en]) assert.match(text, /^[A-Z].*\.$/, code);
    }
  });

  test('a refusal as a whole means the same in either spelling, and codes beyond the table by their class', () => {
    for (const [code, { file, line, hubDoes }] of BATCH) {
      assert.deepEqual(refusalOf(code), { code: line, hubDoes });
      assert.deepEqual(refusalOf(file), { code: line, hubDoes });
    }
    assert.equal(refusalOf('E199').code, 'INVALID_FORMAT');
    assert.equal(refusalOf('E399').code, 'QUOTA');
    assert.equal(refusalOf('E301').code, 'QUOTA');
    assert.equal(refusalOf('E950').code, 'PROVIDER_ERROR');
    assert.equal(refusalOf('NOT_JSON').code, 'INVALID_FORMAT');
    assert.equal(refusalOf(undefined).code, 'INVALID_FORMAT');
    assert.equal(refusalOf(42).code, 'INVALID_FORMAT');
  });

  test('an order system’s names lead to the table, and its codes to an outcome', () => {
    assert.equal(codeOf('IDENTIFIER_NOT_FOUND'), 'NOT_SUBSCRIBER');
    assert.equal(codeOf('SERVICE_NOT_APPLICABLE'), 'PACKAGE_NOT_ELIGIBLE');
    assert.equal(codeOf('something'), 'PROVIDER_ERROR');
    for (const [code, { retry }] of CODES) {
      assert.deepEqual(outcomeOfFailure(code), { outcome: retry === 'later' ? 'retryLater' : 'rejected', code });
    }
  });
});
