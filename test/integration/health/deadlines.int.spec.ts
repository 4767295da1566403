// What time alone tells: outcomes that are late and overdue, and keys that end, as alerts and in the health.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readHealth } from '#dispatch';
import { bangkokDay, query } from '#platform';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';
import { until } from '../providers/setup-kit.js';

const today = bangkokDay(new Date());

describe('deadlines and keys', () => {
  let hub: TestHub;
  let id: number;
  before(async () => {
    hub = await startTestHub({
      providers: ['TRUE'],
      dials: { TRUE: { dial: { silence: 1, statusQuery: 'off' } } },
      profile: (profile) => ({
        ...profile,
        askEveryS: null,
        transport: { ...profile.transport, timeoutMs: 2_000 },
        receiptDeadlineS: 10,
        outcomeDeadlineS: 10,
        outcomeSoftDeadlineS: 1,
      }),
    });
    const [row] = await query<{ id: number }>(hub.source, 'SELECT provider_id AS id FROM provider');
    id = row!.id;
    await query(hub.source, `UPDATE secret SET created_at = now() - interval '362 days'`);
    await hub.serve();
    await hub.work();
  });
  after(() => hub.close());

  const open = async (): Promise<Record<string, string | undefined>> => {
    const rows = await query<{ kind: string; text: string }>(
      hub.source,
      'SELECT kind, text FROM alert WHERE ended_at IS NULL AND provider_id = $1',
      [id],
    );
    return Object.fromEntries(rows.map(({ kind, text }) => [kind, text]));
  };
  const health = async () => (await readHealth(hub.source, [id])).get(id);

  test('a signing secret that is nearly a year old is alerted and degrades the health', async () => {
    const alert = await until('the alert', async () => (await open())['keyExpires'] ?? null);
    assert.match(alert, /the signing secret \(a year old then\) "true\.signing\.1" ends on .*; a week is left/);
    const judged = await until('it is judged', async () => {
      const now = await health();
      return now?.cause === 'keyEnds' && now;
    });
    assert.equal(judged.health, 'degraded');
  });

  test('outcomes are told as late from the soft deadline on, and become uncertain after the hard one', async () => {
    await registerLines(hub.source, 3, [id], today);
    const late = await until('they are late', async () => (await open())['outcomesLate'] ?? null);
    assert.match(late, /batch 1, with TRUE since .*: outcomes are missing; they are due within 10 s/);
    await until('its health says so', async () => (await health())?.cause === 'silence');
    const overdue = await until('they are overdue', async () => (await open())['outcomesOverdue'] ?? null);
    assert.match(overdue, /it is asked, and what stays silent becomes uncertain/);
    assert.equal((await open())['outcomesLate'], undefined);
    await hub.settled(60);
    const [row] = await query<{ n: number }>(
      hub.source,
      `SELECT count(*)::int AS n FROM exception WHERE kind = 'uncertain' AND ended_at IS NULL`,
    );
    assert.equal(row?.n, 3);
    await until('the alert is over', async () => (await open())['outcomesOverdue'] === undefined);
  });
});
