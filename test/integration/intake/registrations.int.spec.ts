// Single registrations on a real database: idempotence, amendment, cancellation, withdrawal, drafts.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Problem } from '#contracts';
import {
  amendRegistrations,
  cancelRegistrations,
  confirmDrafts,
  findRegistrations,
  register,
  withdrawLine,
  type RegistrationRequest,
} from '#intake';
import { query } from '#platform';
import { changes, endMoves, faults, number, present, startIntake, type TestIntake } from './intake-kit.js';

const confirmation = { confirmedAt: '2020-03-18T10:00:00+07:00', confirmedBy: 'ผอ. สำนัก', document: 'ดศ 1/2563' };

function request(
  reference: string,
  lines: RegistrationRequest['lines'],
  evidence: RegistrationRequest['confirmation'] = confirmation,
): RegistrationRequest {
  return { agency: 'G0001', reference, confirmation: evidence, lines };
}

function mobile(n: number, provider = 'AIS', more: object = {}): RegistrationRequest['lines'][number] {
  return { provider, access: 'MB', number: number(n), validFrom: '2020-03-19', ...more };
}

describe('single registrations', () => {
  let intake: TestIntake;
  before(async () => {
    intake = await startIntake();
  });
  after(() => intake.close());
  beforeEach(async () => {
    assert.deepEqual(await faults(intake.source), []);
    await query(
      intake.source,
      'TRUNCATE registration, registration_history, line, move, suppression, entry, change, exception, removal, removal_hold, audit',
    );
    await query(intake.source, 'UPDATE provider_counter SET last_seq = 0');
    intake.woken.length = 0;
  });

  test('a confirmed registration puts its lines on the lists, wakes the providers and shows no number', async () => {
    const answer = await register(
      intake.parts,
      request('r1', [mobile(1), { provider: 'TOT', access: 'FB', number: '5012345678', validFrom: '2020-03-19' }]),
      1,
    );
    assert.deepEqual(
      answer.lines.map((line) => line.result),
      ['created', 'created'],
    );
    assert.equal(answer.lines[0]?.state, 'confirmed');
    assert.deepEqual(await present(intake.source), ['AIS M:66811000001 WAH-MB', 'TOT F:TOT:5012345678 WAH-FB']);
    assert.equal(intake.woken.length, 2);
    assert.ok(!JSON.stringify(answer).includes('11000001'));
  });

  test('the same again writes nothing, other content is an amendment that keeps what was before', async () => {
    const first = await register(intake.parts, request('r1', [mobile(1, 'AIS', { name: 'สมมติ นามแฝง' })]), 1);
    const second = await register(intake.parts, request('r1', [mobile(1, 'AIS', { name: 'สมมติ นามแฝง' })]), 1);
    assert.equal(second.lines[0]?.result, 'same');
    assert.equal(second.lines[0]?.id, first.lines[0]?.id);
    assert.equal((await changes(intake.source)).length, 1);
    const third = await register(intake.parts, request('r1', [mobile(1, 'TRUE')]), 1);
    assert.equal(third.lines[0]?.result, 'amended');
    // AIS keeps the line until TRUE has it.
    assert.deepEqual(await changes(intake.source), ['AIS true registered', 'TRUE true amended']);
    await endMoves(intake);
    assert.deepEqual(await changes(intake.source), ['AIS true registered', 'AIS false released', 'TRUE true amended']);
    const [kept] = await query<{ name: boolean; history: number }>(
      intake.source,
      `SELECT name_cipher IS NOT NULL AS name, (SELECT count(*) FROM registration_history) AS history FROM registration`,
    );
    assert.deepEqual(kept, { name: true, history: 1 });
  });

  test('a draft is never derived; confirming it sends it; a draft repeated does not take a confirmation back', async () => {
    const draft = { agency: 'G0001', reference: 'r2', lines: [mobile(2)] };
    assert.equal((await register(intake.parts, draft, 1)).lines[0]?.state, 'draft');
    assert.deepEqual(await changes(intake.source), []);
    await confirmDrafts(
      intake.parts,
      { agency: 'G0001', reference: 'r2' },
      { at: confirmation.confirmedAt, by: 'x', document: 'y' },
      1,
    );
    assert.deepEqual(await changes(intake.source), ['AIS true registered']);
    assert.equal((await register(intake.parts, draft, 1)).lines[0]?.result, 'same');
    assert.equal((await present(intake.source)).length, 1);
  });

  test('a line stays on the list until its last registration is cancelled', async () => {
    await register(intake.parts, request('r3', [mobile(3)]), 1);
    await register(intake.parts, { ...request('x3', [mobile(3)]), agency: 'G0002' }, 1);
    assert.equal(await cancelRegistrations(intake.parts, { agency: 'G0001', reference: 'r3' }, 1), 1);
    assert.equal((await present(intake.source)).length, 1);
    assert.equal(await cancelRegistrations(intake.parts, { agency: 'G0001', reference: 'r3' }, 1), 0);
    assert.equal(await cancelRegistrations(intake.parts, { agency: 'G0002', reference: 'x3' }, 1), 1);
    assert.deepEqual(await present(intake.source), []);
    assert.deepEqual((await changes(intake.source)).at(-1), 'AIS false cancelled');
  });

  test('a withdrawal ends all registrations of the line; only a newer confirmation brings it back', async () => {
    await register(intake.parts, request('r4', [mobile(4)]), 1);
    await register(intake.parts, { ...request('x4', [mobile(4)]), agency: 'G0002' }, 1);
    const done = await withdrawLine(intake.source, intake.parts, {
      lineKey: 'M:66811000004',
      at: new Date(),
      reason: null,
      actorId: 1,
    });
    assert.equal(done.registrations, 2);
    assert.deepEqual(await present(intake.source), []);
    assert.equal((await register(intake.parts, request('r4', [mobile(4)]), 1)).lines[0]?.result, 'same');
    const other = await register(intake.parts, request('r5', [mobile(4)]), 1);
    assert.equal(other.lines[0]?.state, 'withdrawn');
    assert.deepEqual(await present(intake.source), []);
    const newer = { ...confirmation, confirmedAt: new Date(Date.now() + 1000).toISOString() };
    assert.equal((await register(intake.parts, request('r4', [mobile(4)], newer), 1)).lines[0]?.state, 'confirmed');
    assert.equal((await present(intake.source)).length, 1);
  });

  test('a withdrawal outlives the erasure of its line', async () => {
    await withdrawLine(intake.source, intake.parts, {
      lineKey: 'M:66811000006',
      at: new Date(),
      reason: 'asked',
      actorId: 1,
    });
    await query(intake.source, 'DELETE FROM line');
    assert.equal((await register(intake.parts, request('r6', [mobile(6)]), 1)).lines[0]?.state, 'withdrawn');
    assert.deepEqual(await present(intake.source), []);
    const [audit] = await query<{ subject: string }>(intake.source, 'SELECT subject FROM audit');
    assert.ok(audit && !audit.subject.includes('11000006'));
  });

  test('an amendment changes what is given; an ended registration needs a new confirmation', async () => {
    const { lines } = await register(intake.parts, request('r7', [mobile(7)]), 1);
    const id = lines[0]!.id;
    await amendRegistrations(intake.parts, { id }, { validTo: '2099-12-31' }, 1);
    const [view] = await findRegistrations(intake.parts, { id });
    assert.equal(view?.validTo, '2099-12-31');
    assert.equal(view?.revision, 2);
    await cancelRegistrations(intake.parts, { id }, 1);
    await assert.rejects(
      amendRegistrations(intake.parts, { id }, { validTo: null }, 1),
      (error) => error instanceof Problem && error.status === 409,
    );
    await assert.rejects(
      findRegistrations(intake.parts, { id: 'nobody' }),
      (error) => error instanceof Problem && error.status === 404,
    );
  });

  test('every wrong field is named with a pointer, in both languages, and nothing is written', async () => {
    const wrong = request('r8', [mobile(8), { provider: 'XYZ', access: 'MB', number: '08', validFrom: '2020-02-31' }]);
    await assert.rejects(register(intake.parts, wrong, 1), (error) => {
      assert.ok(error instanceof Problem && error.status === 422);
      const pointers = error.extra.errors?.map((item) => item.pointer);
      assert.deepEqual(pointers, ['#/lines/1/provider', '#/lines/1/validFrom']);
      assert.ok(error.extra.errors?.every((item) => item.detailTh && item.remedy));
      return true;
    });
    assert.deepEqual(await query(intake.source, 'SELECT 1 FROM registration'), []);
  });
});
