// Bad answers of every kind change nothing, are set aside, and say what to do: callbacks and files of the simulators.
import { after, afterEach, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IncomingAnswer } from '#contracts';
import { each, seal, testLines, type TestBatch } from '../../../libs/adapters/conformance/batches.js';
import { wordsOf } from '../../../libs/adapters/conformance/counterpart.js';
import { simulatedCounterpart, type Simulated } from './simulated.js';

const calm = new AbortController().signal;
const NO_TWISTS = {
  partSize: 0,
  repeat: 0,
  reorder: 0,
  omit: 0,
  contradict: 0,
  unknownBatch: 0,
  shifted: 0,
  badSignature: 0,
};

function make(other: Simulated, count: number): TestBatch {
  const number = other.nextNumber();
  return seal(other.adapter, number, testLines(count, number, 'MB'));
}

describe('callbacks of TRUE', () => {
  let other: Simulated;
  before(async () => {
    other = await simulatedCounterpart('TRUE');
  });
  afterEach(() => other.dial({ answer: NO_TWISTS }));
  after(() => other.stop());

  test('in parts, repeated and reordered, they end in the same words', async () => {
    other.dial({ answer: { partSize: 7, repeat: 0.5, reorder: 0.5, reorderMs: 20 } });
    const made = make(other, 50);
    assert.equal((await other.adapter.handOver(made.batch, each(made.parts), calm)).result, 'accepted');
    await other.until((answers) => wordsOf(answers, made.batch.number, 50).size === 50);
    assert.ok(other.answers().filter((one) => one.number === made.batch.number).length >= 8);
  });

  test('badly signed, they are answered 401 with what to do, and nothing is translated', async () => {
    other.dial({ answer: { badSignature: 1 } });
    const made = make(other, 3);
    await other.adapter.handOver(made.batch, each(made.parts), calm);
    await other.until(() => other.problems.length > 0 && wordsOf(other.answers(), made.batch.number, 3).size === 3);
    assert.equal(other.problems[0]!.status, 401);
    assert.match(other.problems[0]!.detail, /raw body/);
    assert.equal(other.answers().filter((one) => one.number === made.batch.number).length, 1);
  });
});

describe('files of CAT', () => {
  let other: Simulated;
  let inbound = '';
  before(async () => {
    other = await simulatedCounterpart('CAT');
    inbound = join(other.simulated.address.sftp!.folder, 'inbound');
  });
  afterEach(() => {
    other.dial({ answer: NO_TWISTS });
    other.notices.length = 0;
  });
  after(() => other.stop());

  /** Puts an answer file there as a provider would. */
  function put(name: string, text: string | Buffer, manifest: Record<string, unknown> = {}, number = 7): void {
    const bytes = Buffer.from(text as string);
    writeFileSync(join(inbound, name), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(
      join(inbound, `${name}.manifest.json`),
      JSON.stringify({ name, size: bytes.length, sha256, batch: number, ...manifest }),
    );
  }
  function results(
    number: string,
    lines: string[],
    header = 'default=APPLIED|first=1|last=9',
    time = '18:21:02',
  ): string {
    const body = `H|WAH|1.0|RES|CAT|ONDE|${number}|2020-03-18T${time}Z|${header}\n${lines.map((one) => `${one}\n`).join('')}`;
    return `${body}T|${lines.length}|sha256=${createHash('sha256').update(body).digest('hex')}\n`;
  }
  async function collect(): Promise<{ answers: IncomingAnswer[]; taken: number; setAside: number }> {
    const answers: IncomingAnswer[] = [];
    const { taken, setAside } = await other.adapter.collect!(
      (answer) => Promise.resolve(void answers.push(answer)),
      calm,
    );
    return { answers, taken, setAside };
  }
  const reason = (name: string): string => readFileSync(join(inbound, 'setaside', `${name}.reason.txt`), 'utf8');

  test('an outcomes file in parts, repeated and reordered', async () => {
    other.dial({ answer: { partSize: 7, repeat: 0.5, reorder: 0.5, reorderMs: 20 } });
    const made = make(other, 50);
    assert.equal((await other.adapter.handOver(made.batch, each(made.parts), calm)).result, 'accepted');
    await other.until((answers) => wordsOf(answers, made.batch.number, 50).size === 50);
    const receipt = other.answers().find((one) => one.receipt === 'accepted' && one.number === made.batch.number);
    assert.equal(receipt?.sha256, made.batch.sha256);
    assert.deepEqual(
      other.notices.filter((one) => one.kind !== 'fileGap'),
      [],
    );
  });

  test('a file that was not taken to its end is taken again; one that was, is not', async () => {
    const name = 'TWAH_RES_CAT_ONDE_20200318_000007-1.csv';
    put(name, results('000007', []));
    await assert.rejects(
      other.adapter.collect!(() => Promise.reject(new Error('the database is away')), calm),
      /away/,
    );
    assert.ok(existsSync(join(inbound, name)));
    assert.deepEqual((await collect()).answers, [
      { provider: 'CAT', number: 7, receipt: null, outcomes: { default: 'applied', except: [], first: 1, last: 9 } },
    ]);
    assert.ok(existsSync(join(inbound, 'archive', name)) && !existsSync(join(inbound, name)));
    // The same again, though written at another time, is a copy: ignored, and put away.
    put(name, results('000007', [], undefined, '19:00:00'));
    assert.deepEqual((await collect()).answers, []);
    assert.ok(!existsSync(join(inbound, name)));
    // Other content under the same name is fatal for that file, not for us.
    put(name, results('000007', [], 'default=ALREADY|first=1|last=9'));
    assert.deepEqual(await collect(), { answers: [], taken: 0, setAside: 1 });
    assert.match(reason(name), /taken before with other content/);
    assert.equal(other.notices[0]!.kind, 'fileConflict');
  });

  test('without a manifest, or with one that does not agree, nothing is read', async () => {
    const name = 'TWAH_RES_CAT_ONDE_20200318_000008-1.csv';
    writeFileSync(join(inbound, name), results('000008', []));
    assert.deepEqual(await collect(), { answers: [], taken: 0, setAside: 0 });
    put(name, results('000008', []), { size: 12 }, 8);
    assert.deepEqual(
      await collect(),
      { answers: [], taken: 0, setAside: 0 },
      'it may be in the middle of being written',
    );
    assert.deepEqual(await collect(), { answers: [], taken: 0, setAside: 1 });
    assert.match(reason(name), /has \d+ bytes, its manifest says 12/);
    put(name, results('000008', []), {}, 8);
    assert.equal((await collect()).taken, 1);
  });

  test('what is wrong is said in words, next to the file', async () => {
    const good = results('000009', []);
    const bad: [string, string | Buffer, RegExp][] = [
      ['cut off', good.slice(0, -40), /cut off/],
      ['a number in the file that is not the one in the name', results('000010', []), /another number/],
      ['HTML', '<!doctype html><html></html>\n', /does not begin with H\|WAH/],
      ['Buddhist year', good.replace('2020-03-18T', '2563-03-18T'), /Buddhist year 2563; write the year 2020/],
      ['a BOM', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(good)]), /BOM/],
      ['Windows-874', Buffer.concat([Buffer.from([0xa1]), Buffer.from(good)]), /not UTF-8/],
      ['CR LF', good.replaceAll('\n', '\r\n'), /CR LF/],
      ['changed on the way', good.replace('last=9', 'last=8'), /SHA-256 in the trailer/],
      ['unknown word', results('000009', ['R|1|abc|DONE||']), /none of APPLIED, ALREADY, REJECTED, RETRY/],
      ['no code', results('000009', ['R|1|abc|REJECTED||']), /needs a code/],
      ['twice', results('000009', ['R|1|abc|APPLIED||', 'R|1|abc|ALREADY||']), /a second time/],
      ['nothing', '', /empty/],
    ];
    for (const [what, content, expected] of bad) {
      const name = 'TWAH_RES_CAT_ONDE_20200318_000009-1.csv';
      put(name, content, {}, 9);
      assert.deepEqual(await collect(), { answers: [], taken: 0, setAside: 1 }, what);
      assert.match(reason(name), expected, what);
      assert.match(reason(name), /Nothing of this file was applied/);
      assert.ok(!existsSync(join(inbound, name)), what);
    }
  });

  test('an oversized file is not read', async () => {
    const name = 'TWAH_RES_CAT_ONDE_20200318_000011-1.csv';
    put(name, Buffer.alloc(14_000_000, 'x'), {}, 11);
    assert.deepEqual(await collect(), { answers: [], taken: 0, setAside: 1 });
    assert.match(reason(name), /at most \d+ are read/);
  });

  test('a gap between receipts is a warning, and stops nothing', async () => {
    const receipt = `A|SUB|000900|ACCEPTED|2|${'a'.repeat(64)}\n`;
    put('TWAH_ACK_CAT_ONDE_20200318_000900.csv', receipt, {}, 900);
    assert.equal((await collect()).taken, 1);
    assert.deepEqual(
      other.notices.map((one) => one.kind),
      ['fileGap'],
    );
    assert.match(other.notices[0]!.text, /missing before 900/);
  });

  test('a refusal says its code and keeps numbers of people out', async () => {
    put('TWAH_ACK_CAT_ONDE_20200318_000901.csv', 'A|SUB|000901|REJECTED|E103|+66 81 234 5678 twice\n', {}, 901);
    assert.deepEqual((await collect()).answers, [
      {
        provider: 'CAT',
        number: 901,
        receipt: 'refused',
        code: 'INVALID_FORMAT',
        detail: 'E103 *** twice',
        outcomes: null,
      },
    ]);
  });

  test('live numbering is left alone in a test environment, a file of another provider is set aside', async () => {
    put('WAH_ACK_CAT_ONDE_20200318_000902.csv', `A|SUB|000902|ACCEPTED|2|${'a'.repeat(64)}\n`, {}, 902);
    put('TWAH_ACK_TOT_ONDE_20200318_000902.csv', `A|SUB|000902|ACCEPTED|2|${'a'.repeat(64)}\n`, {}, 902);
    assert.deepEqual(await collect(), { answers: [], taken: 0, setAside: 1 });
    assert.match(reason('TWAH_ACK_TOT_ONDE_20200318_000902.csv'), /here come files from CAT to ONDE/);
    assert.ok(existsSync(join(inbound, 'WAH_ACK_CAT_ONDE_20200318_000902.csv')));
  });
});
