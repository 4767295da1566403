// The removal brake on real PostgreSQL: exact beside concurrent appenders, and what is held waits, changes, goes or stays.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { createLogger, inTransaction, query } from '#platform';
import {
  approveHeld,
  approvePlanned,
  brakeStates,
  closeMoves,
  countForBrake,
  CurrentAppender,
  dailyBudget,
  keepHeld,
  listHeld,
  proposePlanned,
  releaseHeld,
  watchBrake,
  withdrawPlanned,
} from '#whitelist';
import { AlertBook, countProviders, listAlerts } from '#operations';
import { Problem } from '#contracts';
import { startBrakeKit, TODAY, type BrakeKit } from './brake-kit.js';

const AIS = 1;
const TRUE = 2;
const forever = new AbortController().signal;

const refused = (status: number, code: string) => (error: unknown) =>
  error instanceof Problem && error.status === status && error.type.endsWith(code);

describe('removal brake', () => {
  let kit: BrakeKit;
  before(async () => {
    kit = await startBrakeKit();
  });
  after(() => kit.close());

  const openPlan = async () =>
    (await listHeld(kit.source, { state: 'open', limit: 100 })).find((plan) => plan.state === 'open');
  /** Everything that was removed so far happened longer ago. */
  const age = (hours: number) =>
    query(kit.source, `UPDATE removal SET at = at - make_interval(hours => $1::int)`, [hours]);

  test('is exact beside eight appenders at two providers, whatever they remove at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            lines: fc.integer({ min: 1, max: 90 }),
            both: fc.boolean(),
            side: fc.integer({ min: 0, max: 1 }),
          }),
          { minLength: 8, maxLength: 24 },
        ),
        fc.integer({ min: 0, max: 220 }),
        async (chunks, spent) => {
          await query(kit.source, `UPDATE removal SET at = at - interval '25 hours'`);
          if (spent > 0) {
            // What was removed 23 hours ago still counts, what was removed 25 hours ago does not.
            await query(
              kit.source,
              `INSERT INTO removal (provider_id, at, kind, lines) VALUES (1, now() - interval '23 hours', 'budget', $1), (1, now() - interval '25 hours', 'budget', 500)`,
              [spent],
            );
          }
          const before = { 1: await kit.counts(AIS), 2: await kit.counts(TRUE) };
          const wanted = { 1: 0, 2: 0 };
          const work = [];
          for (const { lines, both, side } of chunks) {
            const at = both ? [AIS, TRUE] : [side === 0 ? AIS : TRUE];
            const ids = await kit.register(lines, at);
            for (let i = 0; i < lines; i++) wanted[at[i % at.length] as 1 | 2] += 1;
            // Lines are locked in key order by everybody; the caller may name them as it likes.
            work.push(ids);
          }
          await Promise.all(work.map((ids) => kit.remove(ids)));
          for (const id of [AIS, TRUE] as const) {
            const now = await kit.counts(id);
            const room = Math.max(0, 200 - (id === AIS ? spent : 0));
            assert.equal(now.removed - before[id].removed, Math.min(wanted[id], room), 'as many as there is room for');
            assert.equal(now.held - before[id].held, Math.max(0, wanted[id] - room), 'all others are held');
          }
        },
      ),
      { numRuns: 15 },
    );
    const [gaps] = await query<{ bad: number }>(
      kit.source,
      `SELECT count(*) AS bad FROM (SELECT seq - row_number() OVER (PARTITION BY provider_id ORDER BY seq) AS gap FROM change) c WHERE gap <> 0`,
    );
    assert.equal(gaps?.bad, 0);
    const [stat] = await query<{ deadlocks: number }>(
      kit.source,
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    assert.equal(stat?.deadlocks, 0);
    // At no moment were there more than the budget in the 24 hours before it.
    const [worst] = await query<{ most: number }>(
      kit.source,
      `SELECT max(n)::int AS most FROM (SELECT sum(lines) FILTER (WHERE subject IS NULL) OVER (PARTITION BY provider_id ORDER BY at
         RANGE BETWEEN interval '23 hours 59 minutes' PRECEDING AND CURRENT ROW) AS n FROM removal WHERE kind = 'budget' AND at > now() - interval '1 hour') w`,
    );
    assert.ok((worst?.most ?? 0) <= 200, `${worst?.most}`);
  });

  /** Removes `over` lines more than may go, and returns all that were to be removed, and those whose removal is held. */
  async function holdSome(over: number, actorId: number): Promise<{ all: number[]; held: number[] }> {
    await age(25);
    const all = await kit.register(200 + over, [AIS]);
    await kit.acknowledgeAll();
    await kit.remove(all, { actorId });
    const rows = await query<{ line_id: number }>(
      kit.source,
      `SELECT e.line_id FROM exception x JOIN entry e ON e.provider_id = x.provider_id AND e.entry_ref = x.entry_ref AND e.last_seq = x.seq
       WHERE x.kind = 'held' AND x.ended_at IS NULL AND e.line_id = ANY($1::bigint[]) ORDER BY 1`,
      [all],
    );
    return { all, held: rows.map((row) => row.line_id) };
  }
  const removedOf = async (lineIds: number[]) => {
    const [row] = await query<{ n: number }>(
      kit.source,
      'SELECT count(*) AS n FROM change WHERE NOT present AND line_id = ANY($1::bigint[])',
      [lineIds],
    );
    return row!.n;
  };

  test('a second person approves exactly what was shown; a plan that changed is refused', async () => {
    const causer = await kit.actor('clerk of one import');
    const other = await kit.actor('approver');
    const { held } = await holdSome(30, causer);
    assert.equal(held.length, 30);
    const plan = (await openPlan())!;
    assert.deepEqual(
      [plan.lines, plan.cause, plan.causedBy, plan.provider],
      [30, 'cancelled', 'clerk of one import', 'AIS'],
    );
    const decision = { plan: plan.plan, planHash: plan.planHash!, reason: 'seen', actorId: other };
    await assert.rejects(approveHeld(kit.source, { ...decision, actorId: causer }), refused(403, 'own-plan'));
    // One more is held: it is another plan.
    const [more] = await kit.register(1, [AIS]);
    await kit.remove([more!], { actorId: causer });
    await assert.rejects(approveHeld(kit.source, decision), refused(409, 'plan-changed'));
    // One line comes back: its hold is over, and the plan is another one again.
    const grown = (await openPlan())!;
    assert.equal(grown.lines, 31);
    await kit.restore([more!]);
    await assert.rejects(
      approveHeld(kit.source, { ...decision, planHash: grown.planHash! }),
      refused(409, 'plan-changed'),
    );
    const now = (await openPlan())!;
    assert.equal(now.planHash, plan.planHash, 'the same removals have the same hash');
    assert.equal(await removedOf([more!]), 0, 'nothing was removed for the line that came back');
    const [ended] = await query<{ end_reason: string }>(
      kit.source,
      `SELECT end_reason FROM exception x JOIN change c ON c.provider_id = x.provider_id AND c.seq = x.seq WHERE c.line_id = $1`,
      [more],
    );
    assert.equal(ended?.end_reason, 'superseded');
    await approveHeld(kit.source, decision);
    await assert.rejects(approveHeld(kit.source, decision), refused(409, 'plan-not-open'));
    assert.equal(await releaseHeld(kit.source, AIS, forever), 30);
    assert.equal(await removedOf(held), 30);
    const [done] = await listHeld(kit.source, { state: 'all', plan: plan.plan, limit: 1 });
    assert.deepEqual([done?.state, done?.released, done?.lines, done?.decidedBy], ['released', 30, 0, 'approver']);
    const [links] = await query<{ bad: number }>(
      kit.source,
      `SELECT count(*) AS bad FROM (SELECT prev_seq IS DISTINCT FROM coalesce(lag(seq) OVER (PARTITION BY provider_id, entry_ref ORDER BY seq), 0) AS broken FROM change) c WHERE broken`,
    );
    assert.equal(links?.bad, 0);
  });

  test('the status sums count what is held once, wherever its last change stands', async () => {
    await age(25);
    const settled = await kit.register(150, [AIS]);
    await kit.acknowledgeAll();
    const unsealed = await kit.register(150, [AIS]);
    await kit.remove([...settled, ...unsealed], { actorId: await kit.actor('clerk of sums') });
    const counts = (await countProviders(kit.source, [AIS])).get(AIS)!.entries.absent;
    const { held } = await kit.counts(AIS);
    const [row] = await query<{ pending: number }>(
      kit.source,
      `SELECT count(*) AS pending FROM entry e, provider_stream s WHERE e.provider_id = 1 AND s.provider_id = 1 AND e.last_seq > s.sealed_seq
         AND NOT e.present AND NOT EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = 1 AND x.seq = e.last_seq AND x.kind = 'held' AND x.ended_at IS NULL)`,
    );
    assert.ok(held >= 100);
    assert.deepEqual([counts.held, counts.pending], [held, row?.pending]);
    const parts = Object.entries(counts).filter(([word]) => word !== 'total');
    assert.equal(
      parts.reduce((sum, [, n]) => sum + n, 0),
      counts.total,
    );
    assert.ok(
      parts.every(([, n]) => n >= 0),
      JSON.stringify(counts),
    );
    await kit.restore([...settled, ...unsealed]);
  });

  test('a withdrawal is never held, also where a removal was held before; it is counted', async () => {
    const { held } = await holdSome(20, await kit.actor('clerk of withdrawals'));
    const [free] = await kit.register(1, [AIS]);
    await kit.remove([free!, ...held.slice(0, 5)], { cause: 'withdrawn' });
    assert.equal(await removedOf([free!, ...held.slice(0, 5)]), 6);
    assert.equal(await removedOf(held.slice(5)), 0);
    assert.equal((await openPlan())?.lines, 15);
    const [state] = await brakeStates(kit.source, AIS);
    assert.deepEqual([state?.withdrawn, state?.used, state?.budget], [6, 200, 200]);
    await kit.restore(held);
  });

  test('what was kept stays; it goes by itself when its registered days are over', async () => {
    const { held } = await holdSome(10, await kit.actor('clerk of a wrong roster'));
    const plan = (await openPlan())!;
    const decision = {
      plan: plan.plan,
      planHash: plan.planHash!,
      reason: 'the roster was wrong',
      actorId: await kit.actor('keeper'),
    };
    await keepHeld(kit.source, decision);
    assert.equal(await releaseHeld(kit.source, AIS, forever), 0);
    const [next] = await query<{ days: number }>(
      kit.source,
      `UPDATE exception x SET next_at = now() FROM exception was WHERE x.hold_id = $1 AND was.provider_id = x.provider_id AND was.seq = x.seq
       AND was.number = x.number RETURNING extract(day FROM was.next_at - now())::int AS days`,
      [plan.plan],
    );
    assert.ok(next!.days >= 59 && next!.days <= 61, 'the day after the last one that was registered');
    assert.equal(await releaseHeld(kit.source, AIS, forever), held.length);
    const causes = await query<{ cause: string }>(
      kit.source,
      'SELECT DISTINCT cause FROM change WHERE NOT present AND line_id = ANY($1::bigint[])',
      [held],
    );
    assert.deepEqual(causes, [{ cause: 'expired' }]);
    const [done] = await listHeld(kit.source, { state: 'all', plan: plan.plan, limit: 1 });
    assert.equal(done?.state, 'ended');
  });

  test('retries and repairs append nothing of what is held, and a repair’s removals pass the brake', async () => {
    const appender = new CurrentAppender();
    const { held } = await holdSome(10, await kit.actor('clerk of retries'));
    const entriesOf = (ids: number[]) =>
      query<{ entryRef: string; onlyIfSeq: number }>(
        kit.source,
        'SELECT entry_ref AS "entryRef", last_seq AS "onlyIfSeq" FROM entry WHERE provider_id = 1 AND line_id = ANY($1::bigint[])',
        [ids],
      );
    const append = (items: { entryRef: string; onlyIfSeq: number }[], cause: 'retried' | 'repaired') =>
      inTransaction(kit.source, (tx) => appender.appendCurrent(tx, AIS, items, { cause, actorId: 1 }));
    for (const cause of ['retried', 'repaired'] as const) {
      const done = await append(await entriesOf(held), cause);
      assert.deepEqual([done.appended.length, done.superseded.length, done.held.length], [0, 0, 10]);
    }
    await kit.restore(held);
    // Removed and acknowledged as removed, yet there: a repair removes them once more, as far as the day allows.
    await age(25);
    const gone = await kit.register(150, [AIS]);
    await kit.remove(gone);
    await kit.acknowledgeAll();
    const expired = await kit.register(50, [AIS]);
    await kit.remove(expired, { cause: 'expired' });
    const once = await append(await entriesOf([...gone, ...expired]), 'repaired');
    assert.deepEqual(
      [once.appended.length, once.held.length],
      [100, 100],
      '50 of the budget that is left, and 50 that expired',
    );
    await age(25);
    await kit.restore([...gone]);
  });

  test('a planned mass removal has its own reservation, used before the day’s', async () => {
    await age(25);
    const proposer = await kit.actor('planner');
    const validUntil = new Date(Date.now() + 3_600_000);
    const proposal = { providerId: TRUE, lines: 500, validUntil, reason: 'the scheme ends', actorId: proposer };
    const plannedId = await proposePlanned(kit.source, proposal);
    const lines = await kit.register(900, [TRUE]);
    await kit.acknowledgeAll();
    const before = await kit.counts(TRUE);
    await assert.rejects(
      approvePlanned(kit.source, plannedId, { actorId: proposer, reason: 'mine' }),
      refused(403, 'own-plan'),
    );
    await approvePlanned(kit.source, plannedId, { actorId: await kit.actor('approver'), reason: 'announced' });
    await kit.remove(lines.slice(0, 450));
    assert.equal((await kit.counts(TRUE)).removed - before.removed, 450);
    assert.equal((await kit.counts(TRUE)).budgetUsed, before.budgetUsed, 'nothing of the day is used');
    await kit.remove(lines.slice(450));
    assert.equal(
      (await kit.counts(TRUE)).removed - before.removed,
      700,
      '50 that were left of the plan, and 200 of the day',
    );
    assert.equal((await kit.counts(TRUE)).held - before.held, 200);
    await assert.rejects(
      proposePlanned(kit.source, { ...proposal, validUntil: new Date(Date.now() - 1000) }),
      refused(422, 'invalid-plan'),
    );
    const other = await proposePlanned(kit.source, proposal);
    await withdrawPlanned(kit.source, other, { actorId: proposer, reason: 'not needed' });
    await assert.rejects(
      approvePlanned(kit.source, other, { actorId: await kit.actor('approver'), reason: 'late' }),
      refused(409, 'plan-not-open'),
    );
  });

  test('a hand-over’s removals go on its own approved plan, and only what exceeds it on the day’s budget', async () => {
    await age(25);
    const lines = await kit.register(500, [TRUE]);
    await kit.acknowledgeAll();
    const plan = { lines: 250, stays: 0, from: [{ provider: 'TRUE', mobile: 250, fixed: 0, stays: {} }] };
    const [handOver] = await query<{ id: number }>(
      kit.source,
      `INSERT INTO hand_over (to_provider, limit_s, state, reason, plan, plan_hash, proposed_by, approved_by, approved_at, approved_hash)
       VALUES (${AIS}, 60, 'running', 'merger', $1, '\\x01', 1, $2, now(), '\\x01') RETURNING hand_over_id AS id`,
      [JSON.stringify(plan), await kit.actor('approver')],
    );
    await inTransaction(kit.source, async (tx) => {
      await tx.query('SELECT 1 FROM line WHERE line_id = ANY($1::bigint[]) ORDER BY line_id FOR NO KEY UPDATE', [
        lines,
      ]);
      await tx.query(`UPDATE registration SET provider_id = ${AIS} WHERE line_id = ANY($1::bigint[])`, [lines]);
      await tx.query(
        `INSERT INTO move (line_id, from_provider, to_provider, hand_over_id, limit_at, state)
         SELECT unnest($1::bigint[]), ${TRUE}, ${AIS}, $2, now(), 'open'`,
        [lines, handOver!.id],
      );
      await kit.deriver.derive(
        tx,
        { fresh: [], known: lines },
        { cause: 'moved', actorId: 1, runId: null, today: TODAY },
      );
    });
    assert.equal(await removedOf(lines), 0, 'the old provider keeps them meanwhile');
    const { ended } = await closeMoves(kit.source, kit.deriver, AIS, TODAY, forever);
    assert.equal(ended.limit, 500);
    assert.equal(await removedOf(lines), 500);
    const [state] = await brakeStates(kit.source, TRUE);
    assert.deepEqual([state?.planned, state?.used], [450, 50], '250 and the margin of 200 that the start has, too');
  });

  test('unusually many withdrawals raise an alert and are not held; it is over when the day is', async () => {
    await age(25);
    const alerts = new AlertBook(kit.source, createLogger('silent'));
    const open = async () =>
      (await listAlerts(kit.source, { state: 'open', providerId: TRUE, limit: 10 })).map(
        ({ kind, subject }) => `${kind} ${subject}`,
      );
    await query(kit.source, `UPDATE removal_hold SET state = 'ended', ended_at = now() WHERE provider_id = ${TRUE}`);
    const lines = await kit.register(210, [TRUE]);
    await kit.remove(lines.slice(0, 200), { cause: 'withdrawn' });
    await watchBrake(kit.source, alerts, TRUE);
    assert.deepEqual(await open(), []);
    await kit.remove(lines.slice(200), { cause: 'withdrawn' });
    await watchBrake(kit.source, alerts, TRUE);
    assert.deepEqual(await open(), ['unusualRemovals withdrawn']);
    assert.equal(await removedOf(lines), 210);
    await age(25);
    await watchBrake(kit.source, alerts, TRUE);
    assert.deepEqual(await open(), []);
  });

  test('one per cent of what the provider was acknowledged to hold may go, counted when it is tight', async () => {
    await age(25);
    const many = await kit.register(30_000, [AIS]);
    await query(kit.source, `UPDATE removal_budget SET counted_at = '-infinity', acknowledged = 0`);
    const [before] = await brakeStates(kit.source, AIS);
    await kit.remove(many.slice(0, 250));
    const first = await kit.counts(AIS);
    assert.equal(
      (await brakeStates(kit.source, AIS))[0]?.used,
      200,
      'what was never acknowledged is not held by the provider',
    );
    await kit.restore(many.slice(0, 250));
    await age(25);
    await kit.acknowledgeAll();
    await countForBrake(kit.source, AIS);
    await query(kit.source, `UPDATE removal_budget SET counted_at = now() - interval '2 minutes'`);
    // What is held is there, too.
    const { present, held } = await kit.counts(AIS);
    await kit.remove(many.slice(0, 1_900));
    const [state] = await brakeStates(kit.source, AIS);
    assert.equal(state?.acknowledged, present + held);
    assert.equal(state?.used, dailyBudget(present + held));
    assert.ok(state.budget > 300 && state.budget < 400);
    assert.equal(before?.budget, 200);
    assert.ok(first.present > 29_000);
    // Most of the list goes on a plan: the day's budget follows at once, although it was counted a moment ago.
    await age(25);
    const validUntil = new Date(Date.now() + 3_600_000);
    const planned = await proposePlanned(kit.source, {
      providerId: AIS,
      lines: 28_100,
      validUntil,
      reason: 'over',
      actorId: 1,
    });
    await approvePlanned(kit.source, planned, { actorId: await kit.actor('approver'), reason: 'announced' });
    await kit.remove(many.slice(1_900));
    await kit.acknowledgeAll();
    const more = await kit.register(300, [AIS]);
    await kit.acknowledgeAll();
    await kit.remove(more);
    assert.deepEqual(
      (await brakeStates(kit.source, AIS)).map((each) => [each.used, each.budget, each.planned]),
      [[200, 200, 28_100]],
    );
  });
});
