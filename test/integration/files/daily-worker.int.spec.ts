// Windows and proofs of life in a real worker: by file and by webhook, and a window that is shut all day.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readStreams } from '#operations';
import { Problem, type ProviderProfile } from '#contracts';
import { bangkokDay, query, saveProvider } from '#platform';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';
import { assertNumbers } from '../../support/numbers.js';

const today = bangkokDay(new Date());
// A weekday that it is not, now or within the hour: shut whenever this test runs.
const inDays = (n: number): number => ((new Date(Date.now() + 7 * 3_600_000 + n * 86_400_000).getUTCDay() + 6) % 7) + 1;

describe('a worker', () => {
  let hub: TestHub;
  let ids: Record<string, number>;
  before(async () => {
    hub = await startTestHub({
      providers: ['AIS', 'CAT', 'TOT'],
      profile: (profile) =>
        profile.code === 'TOT'
          ? { ...profile, deliveryWindows: [{ from: '22:00', to: '04:00', days: [inDays(3)] }] }
          : { ...profile, proofOfLifeAt: '00:00' },
    });
    const rows = await query<{ code: string; id: number }>(hub.source, 'SELECT code, provider_id AS id FROM provider');
    ids = Object.fromEntries(rows.map(({ code, id }) => [code, id]));
    await registerLines(hub.source, 20, [ids['TOT']!], today);
    await hub.work();
  });
  after(() => hub.close());

  async function until(what: string, is: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + 15_000;
    while (!(await is())) {
      if (Date.now() > end) throw new Error(`not within 15 s: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
  const batches = () =>
    query<{ code: string; number: number; state: string; lines: number }>(
      hub.source,
      'SELECT code, number, state, line_count AS lines FROM batch JOIN provider USING (provider_id) ORDER BY code, number',
    );

  test('sends one batch without lines to each that wants proof, by file and by webhook, and no more', async () => {
    const settled = async (): Promise<boolean> =>
      (await batches()).filter(({ state }) => state === 'settled').length === 2;
    await until('both are settled', settled);
    // Several sweeps more.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.deepEqual(await batches(), [
      { code: 'AIS', number: 1, state: 'settled', lines: 0 },
      { code: 'CAT', number: 1, state: 'settled', lines: 0 },
    ]);
    await registerLines(hub.source, 10, [ids['AIS']!, ids['CAT']!], today);
    await until(
      'the lines are there',
      async () => (await batches()).filter(({ lines, state }) => lines === 5 && state === 'settled').length === 2,
    );
    await assertNumbers(hub);
  });

  test('cannot be turned from test to live once it has numbers', async () => {
    const [row] = await query<{ profile: ProviderProfile }>(
      hub.source,
      `SELECT profile FROM provider WHERE code = 'CAT'`,
    );
    await assert.rejects(
      saveProvider(hub.source, { ...row!.profile, environment: 'live' }, 1),
      (error: unknown) => error instanceof Problem && error.status === 409 && /numbered apart/.test(error.detail),
    );
  });

  test('keeps what a shut window holds back, and shows until when', async () => {
    await until(
      'the reason is shown',
      async () => (await readStreams(hub.source, [ids['TOT']!]))[0]!.waitingFor !== null,
    );
    const [stream] = await readStreams(hub.source, [ids['TOT']!]);
    assert.deepEqual([stream?.unsealed, stream?.failures], [20, 0]);
    assert.match(stream!.waitingFor!, /^the delivery window is shut; it opens \d{4}-\d\d-\d\d 22:00 \(Bangkok\)$/);
    const failed = await query(hub.source, 'SELECT 1 FROM attempt WHERE provider_id = $1', [ids['TOT']]);
    assert.deepEqual(failed, []);
  });
});
