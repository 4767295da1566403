// The set-wise derivation gives the same as the plain rule, for random registrations of random lines, fresh and known.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { dataSource, inTransaction, query, saveProvider } from '#platform';
import type { ProviderProfile } from '#contracts';
import { referenceProfile } from '#adapters';
import { freshDatabase } from '../../test/support/database.js';
import { Deriver } from './derive.js';
import { CurrentAppender } from './append-current.js';
import { desiredFor, type HeldMove, type ValidRegistration } from './desired.js';

const TODAY = '2020-04-15';
/** Takes dates. */
const DATED = 2;

const day = fc
  .integer({ min: 0, max: 60 })
  .map((n) => new Date(Date.UTC(2020, 2, 20) + n * 86_400_000).toISOString().slice(0, 10));
const registration: fc.Arbitrary<ValidRegistration> = fc
  .record({
    providerId: fc.integer({ min: 1, max: 3 }),
    package: fc.constantFrom('WAH-A', 'WAH-B'),
    from: day,
    to: fc.option(day, { nil: null }),
  })
  .map(({ from, to, ...rest }) => ({
    ...rest,
    validFrom: to !== null && to < from ? to : from,
    validTo: to !== null && to < from ? from : to,
  }));

describe('derivation in SQL', () => {
  let source: DataSource;
  let drop: () => Promise<void>;
  const deriver = new Deriver(() => [DATED]);
  let serial = 0;

  before(async () => {
    const database = await freshDatabase();
    drop = database.drop;
    source = await dataSource(database.url, 4).initialize();
    for (const code of ['AIS', 'TRUE', 'CAT']) await saveProvider(source, referenceProfile(code) as ProviderProfile, 1);
    await query(
      source,
      `INSERT INTO agency (code, name_th, category, actor_id) VALUES ('A1', 'หน่วยงานทดสอบ', 'OTHER', 1)`,
    );
  });
  after(async () => {
    await source.destroy();
    await drop();
  });

  async function write(lineId: number, registrations: ValidRegistration[]): Promise<void> {
    await query(source, 'DELETE FROM registration WHERE line_id = $1', [lineId]);
    for (const [i, each] of registrations.entries()) {
      await query(
        source,
        `INSERT INTO registration (agency_id, reference, line_id, provider_id, package, valid_from, valid_to, state,
           confirmed_at, confirmed_by, document_ref, actor_id)
         VALUES (1, $1, $2, $3, $4, $5, $6, 'confirmed', '2020-03-20', 'clerk', 'doc', 1)`,
        [`r${i}`, lineId, each.providerId, each.package, each.validFrom, each.validTo],
      );
    }
  }

  async function derive(lineId: number, fresh: boolean): Promise<void> {
    await inTransaction(source, async (tx) => {
      await tx.query('SELECT 1 FROM line WHERE line_id = $1 FOR UPDATE', [lineId]);
      const lines = fresh ? { fresh: [lineId], known: [] } : { fresh: [], known: [lineId] };
      await deriver.derive(tx, lines, { cause: 'registered', actorId: 1, runId: null, today: TODAY });
    });
  }

  async function newLine(): Promise<number> {
    const [row] = await query<{ line_id: number }>(
      source,
      'INSERT INTO line (line_key) VALUES ($1) RETURNING line_id',
      [`M:${++serial}`],
    );
    return row?.line_id ?? 0;
  }

  /** Opens these moves and closes all others; returns those whose old provider has the line. */
  async function move(lineId: number, moves: HeldMove[]): Promise<HeldMove[]> {
    await query(source, 'DELETE FROM move WHERE line_id = $1', [lineId]);
    for (const { from, to } of moves) {
      await query(
        source,
        `INSERT INTO move (line_id, from_provider, to_provider, limit_at, state) VALUES ($1, $2, $3, now(), 'open') ON CONFLICT DO NOTHING`,
        [lineId, from, to],
      );
    }
    return query<{ from: number; to: number }>(
      source,
      `SELECT m.from_provider AS from, m.to_provider AS to FROM move m JOIN entry e ON e.line_id = m.line_id AND e.provider_id = m.from_provider
       WHERE m.line_id = $1 AND e.present`,
      [lineId],
    );
  }

  async function assertAgrees(
    lineId: number,
    registrations: ValidRegistration[],
    moves: HeldMove[] = [],
  ): Promise<void> {
    const entries = await query(
      source,
      `SELECT provider_id AS "providerId", present, package, valid_from AS "validFrom", valid_to AS "validTo", due_on AS "dueOn"
       FROM entry WHERE line_id = $1 AND (present OR due_on IS NOT NULL) ORDER BY provider_id`,
      [lineId],
    );
    const wanted = desiredFor(registrations, TODAY, (id) => id === DATED, moves)
      .filter((each) => each.present || each.dueOn !== null)
      .map((each) => (each.present ? each : { ...each, package: null, validFrom: null, validTo: null }))
      .toSorted((a, b) => a.providerId - b.providerId);
    assert.deepEqual(entries, wanted);
  }

  test('agrees with desiredFor, first and after an amendment', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(registration, { maxLength: 5 }),
        fc.array(registration, { maxLength: 5 }),
        async (first, second) => {
          const lineId = await newLine();
          await write(lineId, first);
          await derive(lineId, true);
          await assertAgrees(lineId, first);
          await write(lineId, second);
          await derive(lineId, false);
          await assertAgrees(lineId, second);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('agrees with desiredFor while the line is being moved, and after', async () => {
    const side = fc.integer({ min: 1, max: 3 });
    const moved = fc.array(
      fc.record({ from: side, to: side }).filter(({ from, to }) => from !== to),
      { minLength: 1, maxLength: 2 },
    );
    let held = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(registration, { minLength: 1, maxLength: 3 }),
        fc.array(registration, { maxLength: 3 }),
        moved,
        async (first, second, moves) => {
          const lineId = await newLine();
          await write(lineId, first);
          await derive(lineId, true);
          await write(lineId, second);
          const open = await move(lineId, moves);
          await derive(lineId, false);
          await assertAgrees(lineId, second, open);
          held += desiredFor(second, TODAY, () => false, open).filter((each) => each.present).length;
          held -= desiredFor(second, TODAY, () => false).filter((each) => each.present).length;
          await move(lineId, []);
          await derive(lineId, false);
          await assertAgrees(lineId, second);
        },
      ),
      { numRuns: 120 },
    );
    assert.ok(held > 0, 'no move ever kept a line at its old provider');
  });

  test('the log has no gap, and every change links to the entry’s one before', async () => {
    const rows = await query<{ bad: number }>(
      source,
      `SELECT count(*) AS bad FROM (
         SELECT seq - row_number() OVER (PARTITION BY provider_id ORDER BY seq) AS gap,
                prev_seq IS DISTINCT FROM coalesce(lag(seq) OVER (PARTITION BY provider_id, entry_ref ORDER BY seq), 0) AS broken
         FROM change) c WHERE gap <> 0 OR broken`,
    );
    assert.equal(rows[0]?.bad, 0);
    const [counters] = await query<{ agree: boolean }>(
      source,
      `SELECT bool_and(c.last_seq = coalesce((SELECT max(seq) FROM change WHERE change.provider_id = c.provider_id), 0)) AS agree FROM provider_counter c`,
    );
    assert.equal(counters?.agree, true);
  });

  test('deriving again changes nothing', async () => {
    const before = await query(source, 'SELECT * FROM provider_counter ORDER BY 1');
    const lines = (await query<{ line_id: number }>(source, 'SELECT line_id FROM line ORDER BY 1')).map(
      (row) => row.line_id,
    );
    await inTransaction(source, (tx) =>
      deriver.derive(tx, { fresh: [], known: lines }, { cause: 'amended', actorId: 1, runId: null, today: TODAY }),
    );
    assert.deepEqual(await query(source, 'SELECT * FROM provider_counter ORDER BY 1'), before);
  });

  test('appending current state skips what is no longer the latest', async () => {
    const [entry] = await query<{ entry_ref: string; last_seq: number; provider_id: number }>(
      source,
      'SELECT entry_ref, last_seq, provider_id FROM entry WHERE last_seq > 0 LIMIT 1',
    );
    assert.ok(entry);
    const append = (onlyIfSeq: number) =>
      inTransaction(source, (tx) =>
        new CurrentAppender().appendCurrent(tx, entry.provider_id, [{ entryRef: entry.entry_ref, onlyIfSeq }], {
          cause: 'retried',
          actorId: 1,
        }),
      );
    assert.deepEqual(await append(entry.last_seq), { appended: [entry.entry_ref], superseded: [], held: [] });
    assert.deepEqual(await append(entry.last_seq), { appended: [], superseded: [entry.entry_ref], held: [] });
  });
});
