// The generator: what it says of a file is what reading finds in it, row by row, in every format.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { after, describe, test } from 'node:test';
import { agencyResolver, createRowReader, loadAgencies, openRegistrationsFile } from '../reading/index.js';
import type { ProviderRule, ReadRegistration, RowProblem } from '../reading/index.js';
import { circuitFormats } from './circuit-formats.js';
import { DAMAGES } from './damage.js';
import { generateSample } from './generate.js';
import type { SampleOptions } from './generate.js';
import { createRandom, scattered, weighted } from './random.js';

const folder = mkdtempSync(path.join(tmpdir(), 'sample-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const agencies = loadAgencies();
const providers: ProviderRule[] = ['CAT', 'TOT', 'AIS', 'TRUE', 'DTAC', '3BB'].map((code) => {
  const format = circuitFormats[code];
  const accesses = code === 'DTAC' ? (['MB'] as const) : code === '3BB' ? (['FB'] as const) : (['MB', 'FB'] as const);
  return { code, accesses, circuitPattern: format?.pattern ?? null, circuitHint: format?.hint };
});

type Options = Omit<SampleOptions, 'agencies'>;

async function readSample(options: Options) {
  const file = path.join(folder, 'sample');
  const report = await generateSample({ ...options, agencies }, createWriteStream(file));
  const opened = await openRegistrationsFile(file);
  const read = createRowReader({
    header: opened.understood.header,
    agencies: agencyResolver(agencies.map((agency) => ({ ...agency, id: agency.code }))),
    providers,
    dates: opened.understood,
    now: new Date('2020-03-20T00:00:00Z'),
  });
  const taken: ReadRegistration<string>[] = [];
  const problems: RowProblem[][] = [];
  for await (const block of opened.rows()) {
    for (const row of block) {
      const verdict = read(row);
      if (verdict.outcome === 'accepted') taken.push(verdict.registration);
      else problems.push(verdict.problems);
    }
  }
  opened.close();
  return { report, understood: opened.understood, taken, problems };
}

const nowhere = () => new Writable({ write: (_, __, done) => done() });
const broken = () => new Writable({ write: (_, __, done) => done(new Error('disk full')) });

async function hashOf(options: Options): Promise<string> {
  const hash = createHash('sha256');
  await generateSample(
    { ...options, agencies },
    new Writable({ write: (bytes: Buffer, _, done) => (hash.update(bytes), done()) }),
  );
  return hash.digest('hex');
}

const WAYS: Pick<Options, 'format' | 'encoding'>[] = [
  { format: 'csv', encoding: 'utf-8' },
  { format: 'csv', encoding: 'utf-8-bom' },
  { format: 'csv', encoding: 'windows-874' },
  { format: 'csv', encoding: 'utf-16le' },
  { format: 'xlsx' },
];

describe('what the report says is what reading finds', () => {
  for (const way of WAYS) {
    test(`${way.format} ${way.encoding ?? ''}`, async () => {
      const { report, understood, taken, problems } = await readSample({
        ...way,
        lines: 6000,
        seed: 'found',
        mess: 0.5,
      });
      assert.equal(understood.format, way.format);
      assert.equal(taken.length + problems.length, 6000);
      assert.deepEqual(report.expected, {
        accepted: taken.length,
        repaired: taken.filter((registration) => registration.repairs.length > 0).length,
        drafts: taken.filter((registration) => registration.state === 'draft').length,
        rejected: problems.length,
      });
      const damaged = Object.values(report.damaged).reduce((sum, { rows }) => sum + rows, 0);
      assert.equal(report.clean + damaged, 6000);
      assert.deepEqual(
        Object.keys(report.damaged).toSorted(),
        Object.keys(DAMAGES).toSorted(),
        'every kind of damage occurs',
      );
      assert.equal(new Set(taken.map((registration) => registration.lineKey)).size, taken.length);
      assert.equal(new Set(taken.map(({ agencyId, reference }) => `${agencyId} ${reference}`)).size, taken.length);
    });
  }
  test('every kind of damage is found with the code that it names, kind by kind', async () => {
    const { report, taken, problems } = await readSample({ format: 'csv', lines: 4000, seed: 7, mess: 1 });
    const expected = new Map<string, number>();
    for (const { rows, code, expect } of Object.values(report.damaged)) {
      if (code && expect !== 'accepted') expected.set(code, (expected.get(code) ?? 0) + rows);
    }
    const found = new Map<string, number>();
    const add = (code: string) => found.set(code, (found.get(code) ?? 0) + 1);
    for (const [problem, ...others] of problems) {
      assert.equal(others.length, 0);
      add(problem?.code ?? 'none');
    }
    // Repairs come in company: a float has lost its zero, a day in Thai digits has a Buddhist year.
    const rejected = [...found.values()].reduce((sum, count) => sum + count, 0);
    assert.equal(rejected, report.expected.rejected);
    for (const [code, count] of found) assert.equal(count, expected.get(code), code);
    for (const registration of taken)
      for (const code of new Set(registration.repairs.map((repair) => repair.code))) add(code);
    for (const [code, count] of expected) assert.ok((found.get(code) ?? 0) >= count, code);
  });
});

describe('the rows', () => {
  test('without mess every row is accepted, confirmed, and valid today', async () => {
    const { report, taken, problems } = await readSample({ format: 'csv', lines: 5000, seed: 1, mess: 0 });
    assert.deepEqual([report.clean, problems.length], [5000, 0]);
    for (const { state, validFrom, validTo, repairs, name } of taken) {
      assert.ok(state === 'confirmed' && repairs.length === 0 && name !== null);
      assert.ok(validFrom <= '2020-03-19' && (validTo === null || validTo >= '2020-03-19'));
    }
    const share = (test: (row: ReadRegistration<string>) => boolean) => taken.filter(test).length / taken.length;
    assert.ok(Math.abs(share((row) => row.access === 'MB') - 0.8) < 0.03);
    assert.ok(Math.abs(share((row) => row.provider === 'AIS') - 0.8 * 0.45 - 0.2 * 0.12) < 0.03);
    assert.equal(new Set(taken.map((row) => row.provider)).size, 6);
    assert.ok(new Set(taken.map((row) => row.agencyId)).size > 300);
  });
  test('the same seed gives the same bytes, another seed others', async () => {
    for (const way of WAYS) {
      const options: Options = { ...way, lines: 500, seed: 5, mess: 0.3 };
      assert.equal(await hashOf(options), await hashOf(options));
      assert.notEqual(await hashOf(options), await hashOf({ ...options, seed: 6 }));
    }
  });
  test('the days follow the day asked for', async () => {
    const file = path.join(folder, 'today');
    await generateSample(
      { format: 'csv', lines: 10, seed: 1, mess: 0, today: '2026-11-23', agencies },
      createWriteStream(file),
    );
    const opened = await openRegistrationsFile(file);
    for await (const block of opened.rows())
      for (const { cells } of block) assert.match(cells[8] ?? '', /^2026-11-(1[89]|2[0-3])$/);
  });
  test('limits are said before anything is written', async () => {
    const base = { seed: 1, mess: 0, agencies };
    await assert.rejects(generateSample({ ...base, lines: 2_000_000, format: 'xlsx' }, nowhere()), RangeError);
    await assert.rejects(generateSample({ ...base, lines: -1, format: 'csv' }, nowhere()), RangeError);
    await assert.rejects(generateSample({ ...base, lines: 1, mess: 2, format: 'csv' }, nowhere()), RangeError);
    await assert.rejects(generateSample({ ...base, lines: 1, agencies: [], format: 'csv' }, nowhere()), RangeError);
  });
  test('a target that fails ends the work with its error', async () => {
    for (const format of ['csv', 'xlsx'] as const) {
      await assert.rejects(
        generateSample({ lines: 20_000, seed: 1, mess: 0, agencies, format }, broken()),
        /disk full/,
      );
    }
  });
});

describe('numbers', () => {
  test('scattered numbers are all different and all there', () => {
    const next = scattered(10_000, createRandom(3));
    assert.equal(new Set(Array.from({ length: 10_000 }, (_, n) => next(n))).size, 10_000);
  });
  test('weights are kept', () => {
    const random = createRandom('weights');
    const pick = weighted([['a', 3], ['b', 1]] as const); // prettier-ignore
    const picked = Array.from({ length: 10_000 }, () => pick(random));
    assert.ok(Math.abs(picked.filter((letter) => letter === 'a').length / 10_000 - 0.75) < 0.02);
  });
  test('circuit formats fit their own examples and samples', () => {
    for (const { pattern, example, samplePrefix } of Object.values(circuitFormats)) {
      assert.match(example, new RegExp(pattern));
      assert.match(`${samplePrefix}00000000`, new RegExp(pattern));
    }
  });
});
