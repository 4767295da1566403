// TOT's night: what comes by day waits without a failure, goes out when the window opens, is answered the next morning.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { withEndpoint } from '#adapters';
import { pushLine, readSync, startSync } from '#dispatch';
import { readStreams } from '#operations';
import { bangkokDay, query } from '#platform';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';
import { turnedClock, type TurnedClock } from './turned-clock.js';

// Tomorrow, so that what the database's own clock judges has not begun.
const tomorrow = bangkokDay(new Date(Date.now() + 86_400_000));
const dayAfter = bangkokDay(new Date(Date.now() + 2 * 86_400_000));
const at = (day: string, time: string): Date => new Date(`${day}T${time}:00+07:00`);

describe('the delivery window of TOT', () => {
  let hub: TestHub;
  let clock: TurnedClock;
  const time = { now: at(tomorrow, '12:00') };
  let lines: number[];
  before(async () => {
    hub = await startTestHub({
      providers: ['TOT'],
      now: () => time.now.getTime(),
      profile: (profile) => ({
        ...withEndpoint(profile, { timeoutMs: 1_000 }),
        deliveryWindows: [{ from: '22:00', to: '04:00' }],
        // What the database's own clock writes lies days before the turned one.
        receiptDeadlineS: 7 * 86_400,
        outcomeDeadlineS: 14 * 86_400,
      }),
    });
    clock = await turnedClock(hub, 'TOT', time);
  });
  after(async () => {
    await clock.close();
    await hub.close();
  });

  const batches = () =>
    query<{ number: number; state: string; line_count: number }>(
      hub.source,
      'SELECT number, state, line_count FROM batch WHERE provider_id = 1 ORDER BY number',
    );

  test('by day changes wait: the next opening is the reason, nothing is sealed, nothing counts as a failure', async () => {
    lines = await registerLines(hub.source, 300, [1], tomorrow);
    const opens = at(tomorrow, '22:00');
    assert.deepEqual(await clock.deliver(), [{ step: 'notYet', more: false, at: opens.getTime() }]);
    const [stream] = await readStreams(hub.source, [1]);
    assert.deepEqual([stream?.unsealed, stream?.failures, stream?.notBefore], [300, 0, opens]);
    assert.equal(stream?.waitingFor, `the delivery window is shut; it opens ${tomorrow} 22:00 (Bangkok)`);
    assert.deepEqual(await batches(), []);
    assert.deepEqual(await query(hub.source, 'SELECT 1 FROM attempt'), []);
  });

  test('push now does not break it, and a sync shows that it waits', async () => {
    assert.deepEqual(await pushLine(hub.source, lines[7] as number, 1, 'the minister waits'), [
      { providerId: 1, push: 'ahead' },
    ]);
    const syncId = await startSync(hub.source, [1], 'delta', 'test', 1);
    assert.equal((await clock.deliver()).at(-1)?.step, 'notYet');
    const sync = await readSync(hub.source, syncId);
    assert.deepEqual([sync?.providers[0]?.state, sync?.providers[0]?.sealed], ['waiting', 0]);
    assert.deepEqual(await batches(), []);
  });

  test('when it opens they go out, the pushed one first', async () => {
    time.now = at(tomorrow, '22:00');
    const steps = await clock.deliver();
    assert.ok(steps.every((one) => one.result === undefined || one.result === 'accepted'));
    assert.deepEqual(
      (await batches()).map(({ state, line_count }) => [state, line_count]),
      [
        ['accepted', 1],
        ['accepted', 299],
      ],
    );
    const [stream] = await readStreams(hub.source, [1]);
    assert.deepEqual([stream?.unsealed, stream?.failures, stream?.waitingFor], [0, 0, null]);
  });

  test('result files are taken the next morning, the window being shut again', async () => {
    time.now = at(dayAfter, '08:00');
    await clock.settle();
    assert.deepEqual(
      (await batches()).map(({ state }) => state),
      ['settled', 'settled'],
    );
    assert.deepEqual(await hub.compareBooks(), { TOT: { desired: 300, held: 300, wrong: 0 } });
    assert.deepEqual(hub.simulator.get('TOT').provider.observer.state.violations, {});
    const failed = await query(hub.source, `SELECT result FROM attempt WHERE result NOT IN ('accepted', 'known')`);
    assert.deepEqual(failed, [], 'nothing failed all day and night');
  });

  test('what is in doubt when it shuts waits too, and a window taken off the profile holds nobody back', async () => {
    await registerLines(hub.source, 10, [1], tomorrow);
    time.now = at(dayAfter, '23:00');
    hub.simulator.get('TOT').turn({ faults: { hangAfter: 1 } });
    const steps = await clock.deliver();
    assert.equal(steps.at(-1)?.result, 'unclear');
    hub.simulator.get('TOT').turn({ faults: { hangAfter: 0 } });
    time.now = new Date(at(dayAfter, '04:00').getTime() + 86_400_000);
    assert.deepEqual(
      (await clock.deliver()).map(({ step }) => step),
      ['notYet'],
    );
    await query(hub.source, `UPDATE provider SET profile = profile - 'deliveryWindows' WHERE provider_id = 1`);
    await clock.close();
    clock = await turnedClock(hub, 'TOT', time);
    await clock.settle();
    assert.deepEqual(await hub.compareBooks(), { TOT: { desired: 310, held: 310, wrong: 0 } });
    assert.deepEqual(hub.simulator.get('TOT').provider.observer.state.violations, {}, 'the same file, byte for byte');
  });
});
