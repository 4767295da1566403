// Lines of a stream: any cut between pieces gives the same lines; a monster line stays one line.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { ndjsonLines, type NdjsonLine } from './ndjson.js';

describe('lines of a stream', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'ndjson-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function linesOf(text: string, afterRow = 0): Promise<NdjsonLine[]> {
    const file = path.join(folder, 'lines');
    writeFileSync(file, text);
    const lines: NdjsonLine[] = [];
    for await (const block of ndjsonLines(file, afterRow)) lines.push(...block);
    return lines;
  }

  test('empty lines count and are left out; the last line needs no end; a mark and CRLF are taken off', async () => {
    assert.deepEqual(await linesOf('\uFEFF{"a":1}\r\n\n  \n{"b":2}'), [
      { row: 1, text: '{"a":1}' },
      { row: 4, text: '{"b":2}' },
    ]);
    assert.deepEqual(await linesOf('a\nb\nc\n', 2), [{ row: 3, text: 'c' }]);
    assert.deepEqual(await linesOf(''), []);
  });

  test('a line too long to be a registration is one broken line, and its neighbours are whole', async () => {
    assert.deepEqual(await linesOf(`a\n${'x'.repeat(900_000)}\nb\n`), [
      { row: 1, text: 'a' },
      { row: 2, text: null },
      { row: 3, text: 'b' },
    ]);
  });

  test('Thai text is whole wherever the pieces are cut, and row numbers are those of the file', async () => {
    const line = fc.string({ unit: fc.constantFrom('ก', 'é', '"', 'x', ' ', '😀'), maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 60 }), fc.integer({ min: 0, max: 70 }), async (lines, afterRow) => {
        // Filling that puts the cut of a piece (256 kB) into the text.
        const text = [
          ' '.repeat(60_000),
          ' '.repeat(60_000),
          ' '.repeat(60_000),
          ' '.repeat(60_000),
          ' '.repeat(22_000),
          ...lines,
        ].join('\n');
        const wanted = lines
          .map((each, n) => ({ row: n + 6, text: each }))
          .filter((each) => each.text.trim() !== '' && each.row > afterRow);
        assert.deepEqual(await linesOf(text, afterRow), wanted);
      }),
      { numRuns: 40 },
    );
  });
});
