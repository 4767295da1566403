// A simulated year of churn: with retention at work the tables stay as large as the lists, and nothing that is needed is lost.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { INestApplicationContext } from '@nestjs/common';
import axios from 'axios';
import { forgetOldCallbacks, forgetTasks } from '#acknowledgement';
import { OUTCOME_RECORDER, type OutcomeRecorder } from '#contracts';
import { compactLog, forgetBatches, pruneLog } from '#dispatch';
import { forgetHistory } from '#intake';
import { countProviders, createApiKey, forgetNotices, readLineStory } from '#operations';
import { HUB_ACTOR_ID, query } from '#platform';
import { forgetRuns } from '#reconciliation';
import { forgetRemovals } from '#whitelist';
import { startTestHub, type TestHub } from '../support/hub.js';

const MONTHS = 12;
const PROVIDERS = ['AIS', 'TRUE'] as const;
const GROUPS = 12;
const GROUP_LINES = 20;
/** Days that bytes, and that history is kept. */
const KEEP_BYTES = 20;
const KEEP = 50;

/** What grows by design: the log of acts, and what only people make. */
const GROWING = new Set(['audit', 'api_key']);

describe('a simulated year of churn', () => {
  let hub: TestHub;
  let key = '';
  let url = '';
  let rounds = 0;
  let worker: INestApplicationContext;

  before(async () => {
    hub = await startTestHub({
      providers: [...PROVIDERS],
      profile: (profile) => ({ ...profile, maxLines: 50 }),
      dials: {
        AIS: { dial: { reject: { share: 0.03 }, retryLater: { share: 0.02, times: 1, retryAfterSeconds: 1 } } },
      },
    });
    url = await hub.serve();
    await query(
      hub.source,
      `INSERT INTO agency (code, name_th, category, actor_id) VALUES ('T1', 'หน่วยงานทดสอบ', 'OTHER', 1)`,
    );
    key = (await createApiKey(hub.source, { name: 'spec', scopes: ['onde', 'ops.read', 'ops.act'] }, HUB_ACTOR_ID)).key;
    worker = await hub.work();
  });
  after(() => hub.close());

  const post = async (path: string, body: object): Promise<void> => {
    const answer = await axios.post(`${url}${path}`, body, {
      headers: { Authorization: `Bearer ${key}` },
      validateStatus: () => true,
    });
    assert.ok(answer.status < 300, JSON.stringify(answer.data));
  };
  const register = (group: number, plan: string): Promise<void> =>
    post('/v1/registrations', {
      agency: 'T1',
      reference: `R-${group}`,
      confirmation: { confirmedAt: new Date().toISOString(), confirmedBy: 'head', document: 'D 1' },
      lines: Array.from({ length: GROUP_LINES }, (_, i) => ({
        provider: PROVIDERS[group % PROVIDERS.length],
        access: 'MB',
        number: `08${String(10_000_000 + group * 100 + i)}`,
        package: plan,
        validFrom: '2026-01-01',
      })),
    });

  /** One month of churn: most groups change their package several times, some leave and come back. */
  async function churn(): Promise<void> {
    for (let round = 0; round < 3; round++, rounds++) {
      for (let group = 1; group < GROUPS; group++) await register(group, `WFH-${rounds % 5}`);
      await hub.settled();
      await post('/v1/registrations/cancel', { agency: 'T1', reference: `R-${1 + (rounds % (GROUPS - 1))}` });
      await hub.settled();
    }
  }

  /** Moves everything that is there 30 days into the past. */
  async function age(): Promise<void> {
    const columns = await query<{ name: string; columns: string[] }>(
      hub.source,
      `SELECT c.relname AS name, array_agg(a.attname::text) AS columns FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
         AND a.atttypid = 'timestamptz'::regtype AND c.relname NOT IN ('audit', 'provider_lease') AND c.relname NOT LIKE 'bullmq%'
       GROUP BY 1`,
    );
    for (const { name, columns: own } of columns)
      await query(
        hub.source,
        `UPDATE ${name} SET ${own.map((each) => `${each} = ${each} - interval '30 days'`).join(', ')}`,
      );
  }

  async function retain(): Promise<{ changes: number; batches: number }> {
    const now = new Date();
    const pruned = { changes: 0, batches: 0 };
    const { signal } = new AbortController();
    for (const { provider_id } of await ids()) {
      await forgetBatches(hub.source, provider_id, KEEP_BYTES, now, signal);
      const done = await pruneLog(hub.source, provider_id, KEEP, now, signal);
      await compactLog(hub.source, provider_id);
      pruned.changes += done.changes;
      pruned.batches += done.batches;
    }
    await forgetOldCallbacks(hub.source);
    await forgetHistory(hub.source, KEEP, now);
    await forgetNotices(hub.source, KEEP, now);
    await forgetTasks(hub.source, KEEP, now);
    await forgetRuns(hub.source, KEEP, now);
    await forgetRemovals(hub.source, KEEP, now);
    return pruned;
  }

  const ids = () => query<{ provider_id: number }>(hub.source, 'SELECT provider_id FROM provider ORDER BY 1');
  const counts = async () => {
    const all = await countProviders(
      hub.source,
      (await ids()).map((row) => row.provider_id),
    );
    return [...all.values()].map((each) => each.entries);
  };

  /** Rows of every table, and their bytes after a plain VACUUM. */
  async function sizes(): Promise<Map<string, { rows: number; bytes: number }>> {
    await query(hub.source, 'VACUUM');
    const names = await query<{ name: string }>(
      hub.source,
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1`,
    );
    const result = new Map<string, { rows: number; bytes: number }>();
    for (const { name } of names) {
      const [row] = await query<{ rows: number; bytes: number }>(
        hub.source,
        `SELECT (SELECT count(*) FROM ${name}) AS rows,
           (SELECT coalesce(sum(pg_total_relation_size(relid)), 0)::bigint FROM pg_partition_tree($1::regclass) WHERE isleaf) AS bytes`,
        [name],
      );
      result.set(name, row ?? { rows: 0, bytes: 0 });
    }
    return result;
  }

  /** TRUE holds exactly what it should, AIS all but what it rejected. */
  async function sameBooks(): Promise<void> {
    const books = await hub.compareBooks();
    const [ais] = await counts();
    assert.equal(books['TRUE']?.wrong, 0);
    assert.ok(ais && (books['AIS']?.wrong ?? 1) <= ais.present.rejected + ais.absent.rejected, JSON.stringify(books));
  }

  test('sizes stay flat from the fifth month on; status and books are the same before and after', async () => {
    // The first batches hold lines that never change again beside such that do.
    for (const code of PROVIDERS) await post(`/v1/providers/${code}/pause`, { reason: 'until all are registered' });
    for (let group = 0; group < GROUPS; group++) await register(group, 'WFH-FIRST');
    for (const code of PROVIDERS) await post(`/v1/providers/${code}/resume`, { reason: 'all are registered' });
    await hub.settled();
    const seen: Map<string, { rows: number; bytes: number }>[] = [];
    let pruned = 0;
    for (let month = 0; month < MONTHS; month++) {
      await churn();
      await age();
      const before = await counts();
      pruned += (await retain()).changes;
      assert.deepEqual(await counts(), before, `pruning in month ${month + 1} changed what is shown`);
      seen.push(await sizes());
    }
    assert.ok(pruned > 10 * GROUPS * GROUP_LINES, `only ${pruned} changes were pruned`);
    const [steady, last] = [seen[4], seen[MONTHS - 1]];
    assert.ok(steady && last);
    for (const [name, now] of last) {
      if (GROWING.has(name)) continue;
      const then = steady.get(name) ?? { rows: 0, bytes: 0 };
      assert.ok(
        now.rows <= then.rows * 1.2 + 20,
        `${name}: ${then.rows} rows after 5 months, ${now.rows} after ${MONTHS}`,
      );
      assert.ok(
        now.bytes <= then.bytes * 1.5 + 200_000,
        `${name}: ${then.bytes} bytes after 5 months, ${now.bytes} after ${MONTHS}`,
      );
    }
    await sameBooks();
  });

  test('what is still needed is there: stories, disclosures, a full list, an undisturbed next change', async () => {
    const [line] = await query<{ line_id: number }>(
      hub.source,
      `SELECT line_id FROM line WHERE line_key = 'M:66810000200'`,
    );
    assert.ok(line);
    const story = await readLineStory(hub.source, line.line_id);
    assert.ok(story);
    const [own] = story.disclosures;
    assert.equal(own?.provider, 'AIS');
    // Every round changed it; some rounds took it off besides.
    assert.ok(own.times >= rounds * 0.9, `told ${own.times} times in ${rounds} rounds`);
    assert.ok(own.lastAt.getTime() - own.firstAt.getTime() > 300 * 86_400_000);
    const providers = await ids();
    for (const { provider_id } of providers) {
      const held = await query<{ missing: number }>(
        hub.source,
        `SELECT count(*) AS missing FROM entry e WHERE provider_id = $1 AND last_seq > 0
           AND NOT EXISTS (SELECT 1 FROM change c WHERE c.provider_id = e.provider_id AND c.seq = e.last_seq)`,
        [provider_id],
      );
      assert.equal(held[0]?.missing, 0);
    }
    await post('/v1/syncs', { kind: 'full', reason: 'after a year', providers: [...PROVIDERS] });
    await hub.settled();
    for (let group = 0; group < GROUPS; group++) await register(group, 'WFH-LAST');
    await hub.settled();
    await sameBooks();
  });

  test('an answer to a batch whose lines are pruned is set aside, and moves nothing', async () => {
    const before = await counts();
    const [batch] = await query<{ provider_id: number; number: number; entry_ref: string }>(
      hub.source,
      `SELECT b.provider_id, b.number, (SELECT entry_ref FROM entry WHERE provider_id = b.provider_id LIMIT 1) AS entry_ref
       FROM batch b JOIN provider p USING (provider_id) WHERE b.pruned AND b.kind = 'delta' AND b.state = 'settled' ORDER BY 1 DESC LIMIT 1`,
    );
    assert.ok(batch, 'no pruned batch is left');
    const answered = await worker.get<OutcomeRecorder>(OUTCOME_RECORDER).record(batch.provider_id, batch.number, {
      except: [{ n: 1, ref: batch.entry_ref, outcome: 'rejected', code: 'QUOTA' }],
    });
    assert.deepEqual([answered.accepted, answered.setAside], [0, 1]);
    assert.match(answered.because?.detail ?? '', /ended long ago/);
    assert.deepEqual(await counts(), before);
  });

  test('a range of the log that is mostly air is rewritten, an empty one dropped, and all goes on', async () => {
    await hub.settled();
    // As if four million changes had gone by: the next ones are written into the next range.
    for (const { provider_id } of await ids()) {
      await query(hub.source, 'UPDATE provider_counter SET last_seq = 4000000 WHERE provider_id = $1', [provider_id]);
      await query(hub.source, 'UPDATE provider_stream SET sealed_seq = 4000000 WHERE provider_id = $1', [provider_id]);
      await query(hub.source, 'SELECT add_range_partitions($1::smallint)', [provider_id]);
    }
    for (const plan of ['WFH-A', 'WFH-B']) {
      for (let group = 0; group < GROUPS; group++) await register(group, plan);
      await hub.settled();
    }
    await age();
    await age();
    await retain();
    const before = await counts();
    const [ais, trueCorp] = await ids();
    assert.ok(ais && trueCorp);
    const rows = async () =>
      (await query<{ n: number }>(hub.source, `SELECT count(*) AS n FROM change_${ais.provider_id}_r0`))[0]?.n;
    const kept = await rows();
    assert.deepEqual(await compactLog(hub.source, trueCorp.provider_id, 0), [`change_${trueCorp.provider_id}_r0`]);
    await compactLog(hub.source, ais.provider_id, 0);
    if (kept) assert.equal(await rows(), kept);
    assert.deepEqual(await counts(), before);
    for (let group = 0; group < GROUPS; group++) await register(group, 'WFH-C');
    await hub.settled();
    await sameBooks();
  });
});
