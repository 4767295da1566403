// The empty daily file: once a day, under the next number, whatever dies or runs twice; settled by its receipt.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { withEndpoint } from '#adapters';
import { bangkokDay, query } from '#platform';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';
import { assertNumbers } from '../../support/numbers.js';
import { put } from './put.js';
import { turnedClock, type TurnedClock } from './turned-clock.js';

const day = (n: number): string => bangkokDay(new Date(Date.now() + n * 86_400_000));
const at = (n: number, time: string): Date => new Date(`${day(n)}T${time}:00+07:00`);

describe('the proof of life of CAT', () => {
  let hub: TestHub;
  let clock: TurnedClock;
  const time = { now: at(0, '16:59') };
  before(async () => {
    hub = await startTestHub({
      providers: ['CAT'],
      now: () => time.now.getTime(),
      profile: (profile) => ({
        ...withEndpoint(profile, { timeoutMs: 1_000 }),
        proofOfLifeAt: '17:00',
        outcomeDeadlineS: 14 * 86_400,
      }),
    });
    clock = await turnedClock(hub, 'CAT', time);
  });
  after(async () => {
    await clock.close();
    await hub.close();
  });

  const batches = () =>
    query<{ number: number; state: string; lines: number; from_seq: number; to_seq: number }>(
      hub.source,
      'SELECT number, state, line_count AS lines, from_seq, to_seq FROM batch WHERE provider_id = 1 ORDER BY number',
    );

  test('before its time nothing is sent; from then on one file without lines, settled by its receipt', async () => {
    assert.deepEqual(await clock.deliver(), [{ step: 'idle', more: false }]);
    time.now = at(0, '17:00');
    const [first] = await clock.deliver();
    assert.deepEqual([first?.step, first?.number, first?.lines, first?.result], ['sealEmpty', 1, 0, 'accepted']);
    assert.equal((await batches())[0]?.state, 'accepted', 'the file lies there, its receipt is awaited');
    await clock.settle();
    assert.deepEqual(await batches(), [{ number: 1, state: 'settled', lines: 0, from_seq: 1, to_seq: 0 }]);
    const { folder } = hub.simulator.get('CAT').address.sftp!;
    const name = readdirSync(join(folder, 'outbound')).find((one) => one.endsWith('000001.csv'))!;
    assert.match(
      readFileSync(join(folder, 'outbound', name), 'utf8'),
      /\|from=1\|to=0\|parts=1\/1\nT\|0\|ADD=0\|REMOVE=0\|/,
    );
    assert.deepEqual(await clock.deliver(), [{ step: 'idle', more: false }], 'and no second one');
  });

  test('the next day has its own; two workers at the same moment make one', async () => {
    time.now = at(1, '18:00');
    const workers = Array.from({ length: 4 }, () => clock.another());
    for (let round = 0; round < 3; round++) await Promise.all(workers.map((worker) => worker.deliver(1, 'CAT')));
    await clock.settle();
    assert.deepEqual(
      (await batches()).map(({ number, state }) => [number, state]),
      [
        [1, 'settled'],
        [2, 'settled'],
      ],
    );
  });

  test('a day with changes needs none, and ranges go on without a gap', async () => {
    time.now = at(2, '09:00');
    await registerLines(hub.source, 50, [1], day(0));
    await clock.settle();
    time.now = at(2, '23:00');
    assert.deepEqual(await clock.deliver(), [{ step: 'idle', more: false }]);
    assert.deepEqual((await batches()).at(-1), { number: 3, state: 'settled', lines: 50, from_seq: 1, to_seq: 50 });
  });

  test('a worker that dies between sealing and sending leaves one file, sent later under the same number', async () => {
    time.now = at(3, '17:30');
    hub.simulator.get('CAT').turn({ faults: { resetBefore: 1 } });
    const [first] = await clock.deliver();
    assert.deepEqual([first?.step, first?.number], ['sealEmpty', 4]);
    hub.simulator.get('CAT').turn({ faults: { resetBefore: 0 } });
    time.now = at(3, '18:00');
    await clock.settle();
    assert.deepEqual((await batches()).slice(3), [{ number: 4, state: 'settled', lines: 0, from_seq: 51, to_seq: 50 }]);
    await registerLines(hub.source, 5, [1], day(0));
    await clock.settle();
    assert.deepEqual((await batches()).at(-1), { number: 5, state: 'settled', lines: 5, from_seq: 51, to_seq: 55 });
    await assertNumbers(hub);
    assert.deepEqual(await hub.compareBooks(), { CAT: { desired: 55, held: 55, wrong: 0 } });
  });

  test('a provider that refuses an empty file is not sent halves of it, nor another one on that day', async () => {
    time.now = at(4, '17:00');
    const { folder } = hub.simulator.get('CAT').address.sftp!;
    hub.simulator.get('CAT').turn({ silence: 1 });
    await clock.deliver();
    const name = readdirSync(join(folder, 'outbound')).find((one) => one.endsWith('000006.csv'))!;
    put(
      join(folder, 'inbound'),
      name.replace('SUB_ONDE_CAT', 'ACK_CAT_ONDE'),
      'A|SUB|000006|REJECTED|E101|no lines\n',
      6,
    );
    await clock.collect();
    assert.equal((await batches()).at(-1)?.state, 'refused');
    assert.deepEqual(await clock.deliver(), [{ step: 'idle', more: false }]);
  });
});
