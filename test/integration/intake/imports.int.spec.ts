// Imports of files and streams on a real database: counts that add up, dry run, roster, undo, stop, files that go back.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { text } from 'node:stream/consumers';
import {
  askForUndo,
  cancelRegistrations,
  eraseOld,
  findRun,
  makeExtension,
  register,
  runErrorFile,
  runReturnFile,
  showRun,
  startRun,
  stopRun,
  withdrawLine,
} from '#intake';
import { query } from '#platform';
import { changes, csv, endMoves, faults, fileOf, number, present, startIntake, type TestIntake } from './intake-kit.js';

const quiet = new AbortController().signal;

function adds(counts: Record<string, number>): boolean {
  return counts['rows'] === counts['created']! + counts['amended']! + counts['same']! + counts['rejected']!;
}

describe('imports', () => {
  let intake: TestIntake;
  let agencyId: number;
  before(async () => {
    intake = await startIntake();
    const [agency] = await query<{ agency_id: number }>(
      intake.source,
      `SELECT agency_id FROM agency WHERE code = 'G0001'`,
    );
    agencyId = agency!.agency_id;
  });
  after(() => intake.close());
  beforeEach(async () => {
    assert.deepEqual(await faults(intake.source), []);
    await query(
      intake.source,
      'TRUNCATE registration, registration_history, line, suppression, entry, change, exception, removal, removal_hold, import_run, import_file, import_problem',
    );
    await query(intake.source, 'UPDATE provider_counter SET last_seq = 0');
  });

  const undo = async (runId: number) => {
    await askForUndo(intake.source, runId, 1, 400);
    assert.equal(await intake.runner.run(runId, quiet), 'undone');
    return (await showRun(intake.source, runId)).counts.undone;
  };

  test('a file of several chunks is written once; the same file again changes nothing', async () => {
    const file = fileOf(4500);
    const first = await intake.import(file);
    assert.equal(first.end, 'completed');
    assert.equal(first.counts['created'], 4500);
    assert.ok(adds(first.counts));
    assert.equal((await present(intake.source)).length, 4500);
    const second = await intake.import(file);
    assert.equal(second.counts['same'], 4500);
    assert.equal((await changes(intake.source)).length, 4500);
    assert.equal(await intake.runner.run(second.runId, quiet), 'notMine');
  });

  test('rejected rows are told apart by row, the error file holds them and only them, and no reason holds a number', async () => {
    const file = csv([
      { reference: 'a', number: number(1) },
      { reference: 'b', number: '0812' },
      { reference: 'c', number: number(3), provider: 'NOBODY' },
      { reference: 'd', number: number(4), agency: 'กรมที่ไม่มีอยู่จริง' },
      { reference: 'e', number: number(5), confirmedAt: '' },
    ]);
    const { runId, counts } = await intake.import(file);
    assert.deepEqual(
      { created: counts['created'], rejected: counts['rejected'], drafts: counts['drafts'] },
      { created: 2, rejected: 3, drafts: 1 },
    );
    assert.ok(adds(counts));
    const kept = await query<{ row_no: number; problems: unknown }>(
      intake.source,
      'SELECT row_no, problems FROM import_problem ORDER BY row_no',
    );
    assert.deepEqual(
      kept.map((row) => row.row_no),
      [3, 4, 5],
    );
    assert.doesNotMatch(JSON.stringify(kept), /0812|1000003/);
    const errors = await text(
      await runErrorFile(intake.source, intake.parts.vault, await findRun(intake.source, runId)),
    );
    assert.match(errors, /^หน่วยงาน,เลขอ้างอิง/);
    assert.equal(errors.match(/G0001,b,|G0001,c,|กรมที่ไม่มีอยู่จริง,d,/g)?.length, 3);
    assert.doesNotMatch(errors, /G0001,a,/);
    assert.match(errors, /PROVIDER_UNKNOWN/);
  });

  test('the error file, corrected, is imported as it is', async () => {
    const { runId } = await intake.import(csv([{ reference: 'b', number: '0812' }]));
    const errors = await text(
      await runErrorFile(intake.source, intake.parts.vault, await findRun(intake.source, runId)),
    );
    const { counts, end } = await intake.import(errors.replace(',0812,', `,${number(2)},`));
    assert.equal(end, 'completed');
    assert.equal(counts['created'], 1);
  });

  test('a dry run writes nothing, counts like the real run, and can be started', async () => {
    await intake.import(fileOf(10));
    const file = fileOf(20, 5) + csv([{ reference: 'zz', number: '1' }]).split('\n')[1] + '\n';
    const { runId, counts } = await intake.import(file, { dryRun: true });
    assert.equal((await query(intake.source, 'SELECT 1 FROM registration')).length, 10);
    assert.equal((await query(intake.source, 'SELECT 1 FROM import_problem')).length, 1);
    await startRun(intake.source, runId, 1);
    assert.equal(await intake.runner.run(runId, quiet), 'completed');
    const real = (await showRun(intake.source, runId)).counts;
    assert.deepEqual(real, counts);
    assert.equal(real.rows, 21);
    await assert.rejects(startRun(intake.source, runId, 1), /complete/);
  });

  test('rows of one key: the later one wins as an amendment, within a chunk and across chunks', async () => {
    const twice = csv([
      { reference: 'a', number: number(1) },
      { reference: 'a', number: number(1), provider: 'TRUE' },
      { reference: 'a', number: number(1), provider: 'TRUE' },
    ]);
    const { counts } = await intake.import(twice);
    assert.deepEqual([counts['created'], counts['amended'], counts['same']], [1, 1, 1]);
    assert.deepEqual(await present(intake.source), ['TRUE M:66811000001 WAH-MB']);
    const across = fileOf(2100) + csv([{ reference: 'r0', number: number(0), provider: 'CAT' }]).split('\n')[1] + '\n';
    const run = await intake.import(across);
    assert.ok(adds(run.counts));
    assert.equal(run.counts['amended'], 1);
    assert.deepEqual(await undo(run.runId), { cancelled: 2100, restored: 0, kept: 0 });
    assert.deepEqual(await present(intake.source), ['TRUE M:66811000001 WAH-MB']);
  });

  test('a roster cancels what the file no longer has, of its agency only, after a preview', async () => {
    await intake.import(fileOf(10));
    await intake.import(csv([{ agency: 'G0002', reference: 'other', number: number(0) }]));
    const file = fileOf(7, 3).split('\n').slice(0, 5).join('\n');
    const dry = await intake.import(file, { mode: 'roster', agencyId, dryRun: true });
    assert.equal(dry.counts['removed'], 6);
    assert.equal((await present(intake.source)).length, 10);
    await startRun(intake.source, dry.runId, 1);
    assert.equal(await intake.runner.run(dry.runId, quiet), 'completed');
    assert.equal((await query(intake.source, `SELECT 1 FROM registration WHERE state = 'confirmed'`)).length, 5);
    assert.equal(
      (await changes(intake.source)).filter((change) => change.endsWith('false cancelled')).length >= 5,
      true,
    );
    assert.equal((await undo(dry.runId))?.restored, 6 + (dry.counts['amended'] ?? 0));
    assert.equal((await query(intake.source, `SELECT 1 FROM registration WHERE state = 'confirmed'`)).length, 11);
  });

  test("a roster with another agency's rows is refused whole; with rejected rows it removes nothing", async () => {
    await intake.import(fileOf(5));
    const foreign = await intake.import(
      fileOf(3) + csv([{ agency: 'G0002', reference: 'x', number: number(99) }]).split('\n')[1] + '\n',
      { mode: 'roster', agencyId },
    );
    assert.equal(foreign.end, 'failed');
    const { failure } = await showRun(intake.source, foreign.runId);
    assert.deepEqual(
      (failure as { errors: { row: number }[] }).errors.map((item) => item.row),
      [5],
    );
    assert.equal((await query(intake.source, `SELECT 1 FROM registration WHERE state = 'confirmed'`)).length, 5);
    const damaged = await intake.import(fileOf(3) + csv([{ reference: 'bad', number: '1' }]).split('\n')[1] + '\n', {
      mode: 'roster',
      agencyId,
    });
    assert.equal(damaged.counts['removed'], 0);
    assert.equal(damaged.counts['removalsWithheld'], 2);
  });

  test('undo cancels what the import made, restores what it changed, and leaves what was changed since', async () => {
    await intake.import(
      csv([
        { reference: 'old', number: number(1) },
        { reference: 'gone', number: number(2) },
      ]),
    );
    const wrong = await intake.import(
      csv([
        { reference: 'old', number: number(1), provider: 'TRUE' },
        { reference: 'gone', number: number(2), provider: 'TRUE' },
        { reference: 'new', number: number(3) },
        { reference: 'later', number: number(4) },
      ]),
    );
    await withdrawLine(intake.source, intake.parts, {
      lineKey: 'M:66811000002',
      at: new Date(),
      reason: null,
      actorId: 1,
    });
    const confirmation = { confirmedAt: '2020-03-18T10:00:00+07:00', confirmedBy: 'x', document: 'y' };
    await register(
      intake.parts,
      {
        agency: 'G0001',
        reference: 'later',
        confirmation,
        lines: [{ provider: 'CAT', access: 'MB', number: number(4), validFrom: '2020-03-19' }],
      },
      1,
    );
    assert.deepEqual(await undo(wrong.runId), { cancelled: 1, restored: 1, kept: 2 });
    await endMoves(intake);
    assert.deepEqual(await present(intake.source), ['AIS M:66811000001 WAH-MB', 'CAT M:66811000004 WAH-MB']);
    await assert.rejects(askForUndo(intake.source, wrong.runId, 1, 400), /undone/);
  });

  test('a run that is stopped goes on after its last row, with the same counts in the end', async () => {
    const runId = await intake.upload(fileOf(9000));
    const running = intake.runner.run(runId, quiet);
    for (;;) {
      const { rowsDone, state } = await showRun(intake.source, runId);
      if (rowsDone > 0 || state === 'completed') break;
    }
    await stopRun(intake.source, runId, 1);
    assert.equal(await running, 'stopped');
    const { counts } = await showRun(intake.source, runId);
    assert.ok(counts.created > 0 && counts.created < 9000);
    await startRun(intake.source, runId, 1);
    assert.equal(await intake.runner.run(runId, quiet), 'completed');
    assert.equal((await showRun(intake.source, runId)).counts.created, 9000);
  });

  test('a stream of JSON lines goes the same way; a broken line stays a broken line', async () => {
    const line = (n: number) =>
      JSON.stringify({
        agency: 'G0001',
        reference: `j${n}`,
        provider: 'AIS',
        access: 'MB',
        number: number(n),
        validFrom: '2020-03-19',
        nationalId: '1101700230708',
        confirmation: { confirmedAt: '2020-03-18T10:00:00+07:00', confirmedBy: 'x', document: 'y' },
        apps: ['teams', 'line'],
      });
    const { runId, counts } = await intake.import(
      [line(1), '{"agency":', '', line(2), '[]', 'x'.repeat(200_000), line(3)].join('\n'),
      { ndjson: true },
    );
    assert.equal(counts['created'], 3);
    assert.equal(counts['rejected'], 3);
    const [row] = await query<{ apps: number }>(intake.source, 'SELECT apps FROM registration LIMIT 1');
    assert.equal(row?.apps, 10);
    const rows = await query<{ row_no: number }>(
      intake.source,
      'SELECT row_no FROM import_problem WHERE run_id = $1 ORDER BY 1',
      [runId],
    );
    assert.deepEqual(
      rows.map((each) => each.row_no),
      [2, 5, 6],
    );
    const errors = await text(
      await runErrorFile(intake.source, intake.parts.vault, await findRun(intake.source, runId)),
    );
    assert.match(errors, /JSON_INVALID/);
  });

  test('the return file says of each row where it stands, and can be sent back in', async () => {
    const { runId } = await intake.import(
      csv([
        { reference: 'a', number: number(1) },
        { reference: 'b', number: number(2), confirmedAt: '' },
        { reference: 'c', number: '1' },
      ]),
    );
    const standings = {
      of: async (asked: { registrationId: string }[]) =>
        new Map(
          asked.map(({ registrationId }) => [
            registrationId,
            { state: 'applied', stateTh: 'ใช้ได้แล้ว', reason: '', reasonTh: '', remedy: '', remedyTh: '' },
          ]),
        ),
    };
    const file = await text(
      await runReturnFile(intake.source, intake.parts.vault, await findRun(intake.source, runId), standings),
    );
    const rows = file.trim().split('\r\n');
    assert.match(rows[1]!, /AIS,ใช้ได้แล้ว \(applied\)/);
    assert.match(rows[2]!, /รอการยืนยัน \(draft\)/);
    assert.match(file, /ไม่รับ \(rejected\)/);
    const again = await intake.import(file);
    assert.deepEqual([again.counts['same'], again.counts['rejected']], [2, 1]);
  });

  test('the end of the programme is moved by one run: previewed, bound to what was seen, and undone', async () => {
    const confirmation = { confirmedAt: '2020-03-18T10:00:00.123456+07:00', confirmedBy: 'x', document: 'y' };
    const line = (n: number, validTo?: string) => ({
      provider: 'AIS',
      access: 'MB',
      number: number(n),
      validFrom: '2020-03-19',
      validTo,
      name: 'สมมติ',
      apps: ['line'],
    });
    for (const [n, end] of [
      [1, '2090-04-30'],
      [2, '2090-04-30'],
      [3, '2090-04-30'],
      [4, '2090-05-31'],
      [5, undefined],
    ] as const) {
      await register(intake.parts, { agency: 'G0001', reference: `e${n}`, confirmation, lines: [line(n, end)] }, 1);
    }
    await register(
      intake.parts,
      {
        agency: 'G0001',
        reference: 'e6',
        confirmation,
        lines: [
          { provider: 'TOT', access: 'FB', number: '5012345678', validFrom: '2020-03-19', validTo: '2090-04-30' },
        ],
      },
      1,
    );
    const runId = await makeExtension(intake.source, intake.parts.vault, {
      endingOn: '2090-04-30',
      to: '2090-06-30',
      agencyId: null,
      actorId: 1,
    });
    assert.equal(await intake.runner.run(runId, quiet), 'completed');
    const seen = (await showRun(intake.source, runId)).counts;
    assert.deepEqual([seen.rows, seen.amended], [4, 4]);
    // Between the look and the start one is cancelled, and one is erased.
    await cancelRegistrations(intake.parts, { agency: 'G0001', reference: 'e2' }, 1);
    await query(intake.source, `DELETE FROM registration WHERE reference = 'e3'`);
    await query(
      intake.source,
      `DELETE FROM entry WHERE line_id = (SELECT line_id FROM line WHERE line_key = 'M:66811000003')`,
    );
    await query(intake.source, `DELETE FROM line WHERE line_key = 'M:66811000003'`);
    await startRun(intake.source, runId, 1);
    assert.equal(await intake.runner.run(runId, quiet), 'completed');
    const counts = (await showRun(intake.source, runId)).counts;
    assert.deepEqual([counts.amended, counts.same], [2, 2]);
    const state = () =>
      query<{ text: string }>(
        intake.source,
        `SELECT reference || ' ' || state || ' ' || coalesce(valid_to::text, '') || ' ' || (name_cipher IS NOT NULL) AS text FROM registration ORDER BY reference`,
      );
    const moved = [
      'e1 confirmed 2090-06-30 true',
      'e2 cancelled 2090-04-30 true',
      'e4 confirmed 2090-05-31 true',
      'e5 confirmed  true',
      'e6 confirmed 2090-06-30 false',
    ];
    assert.deepEqual(
      (await state()).map((row) => row.text),
      moved,
    );
    assert.deepEqual(await undo(runId), { cancelled: 0, restored: 2, kept: 0 });
    assert.deepEqual(
      (await state()).map((row) => row.text),
      moved.map((text) => text.replace('2090-06-30', '2090-04-30')),
    );
    await assert.rejects(
      makeExtension(intake.source, intake.parts.vault, {
        endingOn: '2090-01-01',
        to: '2090-06-30',
        agencyId: null,
        actorId: 1,
      }),
      /Nothing ends/,
    );
    await query(intake.source, `DELETE FROM change`);
    await query(intake.source, 'UPDATE entry SET last_seq = 0');
    await query(intake.source, 'UPDATE provider_counter SET last_seq = 0');
  });

  test('an original is erased after its time; the run remains and says so', async () => {
    const { runId } = await intake.import(fileOf(3));
    assert.deepEqual(await eraseOld(intake.source, new Date(Date.now() + 29 * 86_400_000)), {
      originals: 0,
      uploads: 0,
      answers: 0,
    });
    assert.deepEqual(await eraseOld(intake.source, new Date(Date.now() + 31 * 86_400_000)), {
      originals: 1,
      uploads: 0,
      answers: 0,
    });
    await assert.rejects(
      async () => runErrorFile(intake.source, intake.parts.vault, await findRun(intake.source, runId)),
      /erased/,
    );
    assert.equal((await showRun(intake.source, runId)).counts.created, 3);
  });

  test('what cannot be read fails as a whole with its reason; nothing at all is refused at once', async () => {
    const { runId, end } = await intake.import('nothing that is a table\n');
    assert.equal(end, 'failed');
    assert.match(JSON.stringify((await showRun(intake.source, runId)).failure), /header-not-found/);
    await assert.rejects(intake.upload(''), /empty/);
    assert.equal((await query(intake.source, 'SELECT 1 FROM import_run')).length, 1);
  });
});
