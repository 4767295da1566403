// Our own database restored from a backup: no number that a provider has seen is used again, and a person is told before
// anything more is sent.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { resumeProvider } from '#dispatch';
import { bangkokDay, HUB_ACTOR_ID, query } from '#platform';
import { assertNumbers } from '../../support/numbers.js';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';

const today = bangkokDay(new Date());
const CODES = ['CAT', 'TOT', 'AIS', 'TRUE', 'DTAC', '3BB'] as const;

describe('the database is set back to a backup', () => {
  let hub: TestHub;
  before(async () => {
    hub = await startTestHub({
      providers: [...CODES],
      profile: (profile) => ({ ...profile, maxLines: 20, deliveryWindows: [], transport: quick(profile.transport) }),
    });
    await hub.serve();
    await hub.work();
  });
  after(() => hub.close());

  function quick<T extends object>(transport: T): T {
    return 'pollMs' in transport ? { ...transport, pollMs: 200 } : transport;
  }

  /** Runs statements on the server while nobody is connected to the hub's database. */
  async function alone(statements: (name: string) => string[]): Promise<void> {
    const url = new URL(hub.config.database.url);
    const name = url.pathname.slice(1);
    url.pathname = '/postgres';
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    try {
      for (const statement of statements(name)) {
        for (let tries = 1; ; tries++) {
          await client.query(
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ($1::text, $1::text || '_copy') AND pid <> pg_backend_pid()`,
            [name],
          );
          try {
            await client.query(statement);
            break;
          } catch (error) {
            // Somebody connected again in between.
            if (tries === 100 || !(error instanceof pg.DatabaseError) || error.code !== '55006') throw error;
          }
        }
      }
    } finally {
      await client.end();
    }
  }

  const ids = async () =>
    (await query<{ id: number }>(hub.source, 'SELECT provider_id AS id FROM provider')).map((row) => row.id);
  const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
    for (const end = Date.now() + 30_000; !(await isSo().catch(() => false));) {
      assert.ok(Date.now() < end, `${what} did not come about`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  test('numbers sent after the backup are placeholders now, and sending waits for a person', async () => {
    await registerLines(hub.source, 120, await ids(), today);
    await hub.settled();
    await hub.stopWorking();
    await alone((name) => [`CREATE DATABASE ${name}_copy TEMPLATE ${name}`]);
    await until('a connection', async () => (await ids()).length === CODES.length);
    await hub.work();
    // What the backup does not know: three batches more at each provider.
    for (let i = 0; i < 3; i++) {
      await registerLines(hub.source, 120, await ids(), today);
      await hub.settled();
    }
    const sent = await query<{ code: string; next: number }>(
      hub.source,
      'SELECT code, next_number AS next FROM provider_stream JOIN provider USING (provider_id) ORDER BY 1',
    );
    await hub.stopWorking();
    await alone((name) => [`DROP DATABASE ${name}`, `ALTER DATABASE ${name}_copy RENAME TO ${name}`]);
    await until('a connection', async () => (await ids()).length === CODES.length);
    // Registered after the restore, before anybody noticed.
    await registerLines(hub.source, 60, await ids(), today);
    await hub.work();
    await until('a stop at every provider', async () => {
      const rows = await query(hub.source, 'SELECT 1 FROM provider_stream WHERE paused_at IS NOT NULL');
      return rows.length === CODES.length;
    });
    for (const { code, next } of sent) {
      const [now] = await query<{ next: number; reason: string; lost: number }>(
        hub.source,
        `SELECT next_number AS next, pause_reason AS reason, (SELECT count(*) FROM batch b WHERE b.provider_id = s.provider_id
           AND b.state = 'closed' AND b.state_reason = 'lost when the database was set back') AS lost
         FROM provider_stream s JOIN provider USING (provider_id) WHERE code = $1`,
        [code],
      );
      assert.ok(now && now.next >= next, `${code} would use ${now?.next} again, ${next - 1} was sent`);
      assert.match(now.reason, /was set back.*load what was registered since/);
      assert.ok(now.lost > 0);
    }
    await until('an alert for each', async () => {
      const open = await query(hub.source, `SELECT 1 FROM alert WHERE kind = 'providerStopped' AND ended_at IS NULL`);
      return open.length === CODES.length;
    });
  });

  test('resumed, everything registered here arrives, under numbers that were never used', async () => {
    for (const id of await ids()) await resumeProvider(hub.source, id, HUB_ACTOR_ID, 'checked');
    await hub.settled();
    await assertNumbers(hub);
    const missing: string[] = [];
    for (const [code, { provider }] of hub.simulator.providers) {
      const rows = await query<{ ref: string }>(
        hub.source,
        `SELECT entry_ref AS ref FROM entry JOIN provider USING (provider_id) WHERE code = $1 AND present`,
        [code],
      );
      missing.push(...rows.filter((row) => !provider.applier.book.get(row.ref)).map(() => code));
    }
    assert.deepEqual(missing, []);
  });
});
