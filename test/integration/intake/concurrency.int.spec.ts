// Single registrations, crossed moves between providers, withdrawals and a bulk import at once: no deadlock, nothing lost.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { register, showRun, withdrawLine } from '#intake';
import { query } from '#platform';
import { faults, fileOf, number, present, startIntake, type TestIntake } from './intake-kit.js';

describe('everything at once', () => {
  let intake: TestIntake;
  before(async () => {
    intake = await startIntake();
  });
  after(() => intake.close());

  const confirmation = { confirmedAt: '2020-03-18T10:00:00+07:00', confirmedBy: 'x', document: 'y' };
  const one = (agency: string, reference: string, lines: [number, string][]) =>
    register(
      intake.parts,
      {
        agency,
        reference,
        confirmation,
        lines: lines.map(([n, provider]) => ({ provider, access: 'MB', number: number(n), validFrom: '2020-03-19' })),
      },
      1,
    );

  test('no deadlock is met, no log has a gap, no line is lost', async () => {
    const lines = 6000;
    await intake.import(fileOf(1000));
    const [{ before: deadlocksBefore } = { before: 0 }] = await query<{ before: number }>(
      intake.source,
      'SELECT deadlocks AS before FROM pg_stat_database WHERE datname = current_database()',
    );
    // The same lines in another order and at other providers, while others register, move and withdraw some of them.
    const shuffled = fileOf(lines).split('\n');
    const bulk = `${shuffled[0]}\n${shuffled.slice(1).filter(Boolean).reverse().join('\n')}\n`;
    const runs = await Promise.all([intake.upload(bulk), intake.upload(fileOf(lines))]);
    const singles = Array.from({ length: 20 }, async (_, n) => {
      for (let round = 0; round < 10; round++) {
        const providers = round % 2 === n % 2 ? ['AIS', 'TRUE'] : ['TRUE', 'AIS'];
        await one('G0002', `s${n % 5}`, [
          [n * 40 + round, providers[0]!],
          [(n * 40 + 800 + round) % lines, providers[1]!],
          [lines + n, providers[0]!],
        ]);
        await one('G0003', `t${n}`, [
          [5999 - n, 'DTAC'],
          [n, 'CAT'],
        ]);
      }
    });
    const withdrawals = Array.from({ length: 10 }, (_, n) =>
      withdrawLine(intake.source, intake.parts, {
        lineKey: `M:66${number(3000 + n).slice(1)}`,
        at: new Date(),
        reason: null,
        actorId: 1,
      }),
    );
    const quiet = new AbortController().signal;
    const ends = await Promise.all([
      ...runs.map((runId) => intake.runner.run(runId, quiet)),
      Promise.all(singles),
      Promise.all(withdrawals),
    ]);
    assert.deepEqual(ends.slice(0, 2), ['completed', 'completed']);
    for (const runId of runs) {
      const { counts } = await showRun(intake.source, runId);
      assert.equal(counts.created + counts.amended + counts.same, lines);
    }
    assert.deepEqual(await faults(intake.source), []);
    const keys = new Set((await present(intake.source)).map((text) => text.split(' ')[1]));
    assert.equal(keys.size, lines + 20 - 10);
    const [{ now } = { now: -1 }] = await query<{ now: number }>(
      intake.source,
      'SELECT deadlocks AS now FROM pg_stat_database WHERE datname = current_database()',
    );
    assert.equal(now, deadlocksBefore);
  });
});
