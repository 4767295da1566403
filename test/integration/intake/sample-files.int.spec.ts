// Whole files of every kind, damaged as agencies' sheets are: the import ends with exactly what the generator says it must.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { generateSample, loadAgencies, receiveOriginal, showRun, type SampleOptions } from '#intake';
import { query } from '#platform';
import { faults, startIntake, type TestIntake } from './intake-kit.js';

describe('sample files', () => {
  let intake: TestIntake;
  before(async () => {
    intake = await startIntake();
  });
  after(() => intake.close());

  const kinds: (Pick<SampleOptions, 'format' | 'encoding'> & { seed: number })[] = [
    { format: 'csv', seed: 1 },
    { format: 'csv', encoding: 'windows-874', seed: 2 },
    { format: 'csv', encoding: 'utf-16le', seed: 3 },
    { format: 'xlsx', seed: 4 },
  ];
  for (const kind of kinds) {
    test(`${kind.format} ${kind.encoding ?? ''}: accepted, repaired, drafts and rejected are as foretold`, async () => {
      const out = new PassThrough();
      const made = generateSample({ ...kind, lines: 3000, mess: 0.3, agencies: loadAgencies() }, out);
      const runId = await receiveOriginal(
        intake.source,
        intake.parts.vault,
        { mode: 'add', agencyId: null, dryRun: false, options: {}, actorId: 1, ndjson: false },
        out,
      );
      const { expected, damaged } = await made;
      assert.equal(
        await intake.runner.run(runId, new AbortController().signal),
        'completed',
        JSON.stringify((await showRun(intake.source, runId)).failure),
      );
      const { counts } = await showRun(intake.source, runId);
      assert.deepEqual(
        {
          accepted: counts.created + counts.amended + counts.same,
          repaired: counts.repaired,
          drafts: counts.drafts,
          rejected: counts.rejected,
        },
        expected,
      );
      assert.equal(counts.rows, 3000);
      const reasons = await query<{ code: string }>(
        intake.source,
        `SELECT DISTINCT p ->> 'code' AS code FROM import_problem, jsonb_array_elements(problems) p WHERE run_id = $1`,
        [runId],
      );
      const known = new Set(reasons.map((row) => row.code));
      for (const [name, { expect, code }] of Object.entries(damaged)) {
        if (expect === 'rejected' && code !== null) assert.ok(known.has(code), `${name} must be rejected as ${code}`);
      }
      assert.deepEqual(await faults(intake.source), []);
    });
  }

  // Some minutes of work: `npm run test:long` only.
  const testLong = process.env['SAPHAN_LONG'] ? test : () => undefined;
  void testLong('memory stays flat for a million rows', async () => {
    const out = new PassThrough();
    const made = generateSample(
      { format: 'csv', seed: 9, lines: 1_000_000, mess: 0.02, agencies: loadAgencies() },
      out,
    );
    const runId = await receiveOriginal(
      intake.source,
      intake.parts.vault,
      { mode: 'add', agencyId: null, dryRun: false, options: {}, actorId: 1, ndjson: false },
      out,
    );
    const { expected } = await made;
    let peak = 0;
    const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 100);
    const start = process.memoryUsage().rss;
    await intake.runner.run(runId, new AbortController().signal);
    clearInterval(timer);
    const { counts } = await showRun(intake.source, runId);
    assert.equal(counts.rejected, expected.rejected);
    assert.equal(counts.rows, 1_000_000);
    // The file alone is some 150 MB; what grows here is what the collector has not yet taken away.
    assert.ok(peak - start < 350e6, `${Math.round((peak - start) / 1e6)} MB more than at the start`);
  });
});
