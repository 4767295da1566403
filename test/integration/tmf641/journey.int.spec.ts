// DTAC by service orders, with every dial of its simulator turned: in the end it holds exactly what it should, and every
// service that it had named was deleted by its own id.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bangkokDay, inTransaction, query } from '#platform';
import { Deriver } from '#whitelist';
import type { Cause } from '#contracts';
import { planRemovals, registerLines, startTestHub, type TestHub } from '../../support/hub.js';
import { ORDER_TALK } from '../../support/tmf641-schema.js';

const today = bangkokDay(new Date());
const LINES = 2_400;

describe('service orders with faults, lost events and lost subscriptions', () => {
  let hub: TestHub;
  before(async () => {
    hub = await startTestHub({
      providers: ['DTAC'],
      witnessed: [...ORDER_TALK, 'list', 'error'],
      profile: (profile) => ({
        ...profile,
        maxLines: 150,
        askEveryS: 1,
        transport: { ...profile.transport, timeoutMs: 1_000 },
      }),
      dials: {
        DTAC: {
          dial: {
            faults: { error500Before: 0.05, error500After: 0.05, resetBefore: 0.03, resetAfter: 0.05, hangAfter: 0.04 },
            answer: { omit: 0.15, repeat: 0.3, reorder: 0.4, reorderMs: 300, unknownBatch: 0.05 },
            orders: { loseSubscriptions: 0.08, conflict: 0.1, earlyEvents: 0.4, refuse: 'later' },
            poison: 0.001,
            reject: { share: 0.03, codes: ['PACKAGE_NOT_ELIGIBLE'] },
            retryLater: { share: 0.03, times: 1, retryAfterSeconds: 1 },
            silence: 0.05,
          },
        },
      },
    });
    await hub.serve();
    await hub.work();
  });
  after(() => hub.close());

  /** Changes these registrations and derives their lines anew. */
  async function change(lines: number[], set: string, cause: Cause): Promise<void> {
    await inTransaction(hub.source, async (tx) => {
      await tx.query('SELECT 1 FROM line WHERE line_id = ANY($1::bigint[]) ORDER BY line_id FOR UPDATE', [lines]);
      await tx.query(`UPDATE registration SET ${set} WHERE line_id = ANY($1::bigint[])`, [lines]);
      await new Deriver(() => [1]).derive(tx, { fresh: [], known: lines }, { cause, actorId: 1, runId: null, today });
    });
  }

  /** Entries whose latest change was rejected: there the two may differ. */
  async function rejected(): Promise<number> {
    const [row] = await query<{ n: number }>(
      hub.source,
      `SELECT count(*) AS n FROM exception x JOIN entry e ON e.provider_id = x.provider_id AND e.last_seq = x.seq
       WHERE x.ended_at IS NULL AND x.kind = 'rejected' AND e.present`,
    );
    return row?.n ?? 0;
  }

  test('adds, amendments and removals arrive; what was refused has its reason', async () => {
    const lines = await registerLines(hub.source, LINES, [1], today);
    await hub.settled(150);
    const named = await query<{ n: number }>(hub.source, 'SELECT count(*) AS n FROM entry_handle');
    assert.equal(named[0]?.n, hub.simulator.get('DTAC').provider.applier.book.count, 'each service is known by its id');

    await change(lines.slice(0, 900), 'valid_to = valid_to + 7', 'amended');
    await planRemovals(hub.source, 1, 900);
    await change(lines.slice(600, 1_500), `state = 'cancelled'`, 'cancelled');
    await hub.settled(150);
    await change(lines.slice(1_200, 1_300), `state = 'confirmed'`, 'amended');
    await hub.settled(150);

    const dtac = hub.simulator.get('DTAC');
    const books = await hub.compareBooks();
    assert.equal(books['DTAC']?.desired, LINES - 800);
    const refused = await rejected();
    assert.ok(refused > 0 && refused < 200, `${refused} are rejected`);
    assert.equal(books['DTAC']?.wrong, refused);
    assert.deepEqual(dtac.provider.observer.state.violations, {});

    const [sums] = await query<Record<string, number>>(
      hub.source,
      `SELECT sum(line_count)::int AS lines, sum(n_applied + n_already + n_rejected + n_retrying)::int AS answered,
         sum(n_uncertain)::int AS uncertain, count(*) FILTER (WHERE state = 'refused')::int AS refused
       FROM batch WHERE state IN ('settled', 'refused')`,
    );
    assert.equal(sums?.['uncertain'], 0);
    assert.ok((sums?.['refused'] ?? 0) > 0, 'orders were rejected as a whole after they had been taken');
  });

  test('every known service was deleted by its own id, and no id outlives its service', async () => {
    const { deletes, callbacks } = hub.simulator.get('DTAC').state() as {
      deletes: { byServiceId: number; byLine: number; heldByLine: number };
      callbacks: { unheard: number; lost: number };
    };
    assert.ok(deletes.byServiceId > 700, `${deletes.byServiceId} deletes by id`);
    assert.equal(deletes.heldByLine, 0);
    assert.ok(callbacks.lost > 0 && callbacks.unheard > 0, 'subscriptions were lost, and events with them');
    const { book } = hub.simulator.get('DTAC').provider.applier;
    const handles = await query<{ entry_ref: string }>(hub.source, 'SELECT entry_ref FROM entry_handle ORDER BY 1');
    assert.deepEqual(
      handles.map((row) => row.entry_ref),
      book.sortedRefs(),
    );
  });

  test('the subscription was made again each time, and one stands', async () => {
    const rows = await query<{ subscription_id: string }>(hub.source, 'SELECT subscription_id FROM event_subscription');
    assert.equal(rows.length, 1);
  });
});
