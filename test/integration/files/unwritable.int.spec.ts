// A line that Windows-874 cannot carry: found before sending, told by position and field, and in nobody's way.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readSync, resumeProvider, startSync } from '#dispatch';
import { listExceptions } from '#operations';
import { bangkokDay, inTransaction, query, SecretStore, Vault } from '#platform';
import { Deriver } from '#whitelist';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';
import { assertNumbers } from '../../support/numbers.js';
import { turnedClock, type TurnedClock } from './turned-clock.js';

const today = bangkokDay(new Date());
const BAD = 'แพ็กเกจ ☂ พิเศษ';

describe('lines that cannot be written', () => {
  let hub: TestHub;
  let clock: TurnedClock;
  before(async () => {
    hub = await startTestHub({ providers: ['TOT'] });
    clock = await turnedClock(hub, 'TOT', { now: new Date() });
  });
  after(async () => {
    await clock.close();
    await hub.close();
  });

  async function repackage(lines: number[], name: string): Promise<void> {
    await query(hub.source, 'UPDATE registration SET package = $2 WHERE line_id = ANY($1::bigint[])', [lines, name]);
    await inTransaction(hub.source, (tx) =>
      new Deriver(() => [1]).derive(
        tx,
        { fresh: [], known: lines },
        { cause: 'amended', actorId: 1, runId: null, today },
      ),
    );
  }
  const sums = () =>
    query<{ number: number; state: string; lines: number; left: number; span: number }>(
      hub.source,
      `SELECT number, state, line_count AS lines, cardinality(collapsed) + cardinality(omitted) AS left, to_seq - from_seq + 1 AS span
       FROM batch ORDER BY number`,
    );

  let lines: number[];
  test('they become rejected exceptions that name position and field, never the value; the others go', async () => {
    lines = await registerLines(hub.source, 20, [1], today);
    await repackage([lines[3]!, lines[9]!], BAD);
    await clock.settle();
    assert.deepEqual(await sums(), [{ number: 1, state: 'settled', lines: 18, left: 4, span: 22 }]);
    const open = await listExceptions(hub.source, 1, { limit: 10 });
    assert.deepEqual(
      open.map(({ lineId, kind, code, batch }) => [lineId, kind, code, batch]),
      [
        [lines[9], 'rejected', 'INVALID_FORMAT', 1],
        [lines[3], 'rejected', 'INVALID_FORMAT', 1],
      ],
    );
    const details = open.map(({ detail }) => detail);
    assert.match(details[0]!, /^position \d+, field "package": holds a character that Windows-874 does not have/);
    assert.ok(!details.join().includes('☂'));
    // Never a question mark in its place.
    const { folder } = hub.simulator.get('TOT').address.sftp!;
    assert.ok(
      readdirSync(join(folder, 'outbound')).every(
        (name) => !readFileSync(join(folder, 'outbound', name)).includes('?|'),
      ),
    );
    assert.equal(hub.simulator.get('TOT').provider.applier.book.count, 18);
  });

  test('nothing is left to do afterwards: no batch is stuck, and nothing is sent or written again', async () => {
    assert.deepEqual(await clock.deliver(), [{ step: 'idle', more: false }]);
    assert.equal((await sums()).length, 1);
  });

  test('a batch of nothing else is sealed without lines, so that the log goes on', async () => {
    await repackage([lines[4]!], BAD);
    await clock.settle();
    assert.deepEqual((await sums()).at(-1), { number: 2, state: 'settled', lines: 0, left: 1, span: 1 });
    const [exception] = await query<{ acked_seq: number; seq: number }>(
      hub.source,
      `SELECT acked_seq, seq FROM exception WHERE entry_ref = (SELECT entry_ref FROM entry WHERE line_id = $1)`,
      [lines[4]],
    );
    assert.ok(exception!.acked_seq > 0 && exception!.acked_seq < exception!.seq, 'what is held there is known');
  });

  test('a full list is not sealed without them: the sync fails with its reason, changes go on', async () => {
    const syncId = await startSync(hub.source, [1], 'full', 'test', 1);
    await clock.deliver();
    assert.equal((await readSync(hub.source, syncId))?.providers[0]?.state, 'failed');
    const [row] = await query<{ reason: string }>(hub.source, `SELECT reason FROM audit WHERE act = 'sync.fail'`);
    assert.match(row!.reason, /^3 lines of the full list cannot be written; position \d+, field "package"/);
  });

  test('corrected in the registration they go, and the exceptions are over', async () => {
    await repackage([lines[3]!, lines[4]!, lines[9]!], 'แพ็กเกจพิเศษ');
    await clock.settle();
    assert.deepEqual(await listExceptions(hub.source, 1, { limit: 10 }), []);
    assert.deepEqual(await hub.compareBooks(), { TOT: { desired: 20, held: 20, wrong: 0 } });
    await assertNumbers(hub);
  });

  test('without a usable key nothing is sealed, and a person is asked for', async () => {
    const secrets = new SecretStore(hub.source, new Vault(hub.config.keys.master));
    await secrets.reload();
    const key = secrets.secret('tot.pgp.ours.1')!;
    await secrets.put('tot.pgp.ours.1', 'no key', 1);
    const before = (await sums()).length;
    await registerLines(hub.source, 2, [1], today);
    const keyless = await turnedClock(hub, 'TOT', { now: new Date() });
    assert.deepEqual(await keyless.deliver(), [{ step: 'seal', result: 'forbidden', more: false }]);
    await keyless.close();
    assert.equal((await sums()).length, before);
    const [stream] = await query<{ pause_reason: string }>(hub.source, 'SELECT pause_reason FROM provider_stream');
    assert.match(
      stream!.pause_reason,
      /nothing can be signed and encrypted: our private PGP key in the vault cannot be read/,
    );
    await secrets.put('tot.pgp.ours.1', key, 1);
    await resumeProvider(hub.source, 1, 1, 'the key is there again');
    await clock.settle();
    assert.deepEqual(await hub.compareBooks(), { TOT: { desired: 22, held: 22, wrong: 0 } });
  });
});
