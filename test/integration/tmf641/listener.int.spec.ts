// The listener for order events: who may speak, in which spelling, what counts, and the subscription that leads there.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { INestApplicationContext } from '@nestjs/common';
import { referenceProfile } from '#adapters';
import { bangkokDay, inTransaction, query, SecretStore, Vault } from '#platform';
import { Deriver } from '#whitelist';
import { tokenOf } from '../../../libs/adapters/tmf641/callback.js';
import { externalIdOf, itemIdOf } from '../../../libs/adapters/tmf641/words.js';
import { assertTmf641 } from '../../support/tmf641-schema.js';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';

const today = bangkokDay(new Date());

describe('the listener', () => {
  let hub: TestHub;
  let base: string;
  let token: string;
  let worker: INestApplicationContext;
  before(async () => {
    // The provider itself says nothing here: every event is ours.
    hub = await startTestHub({
      providers: ['DTAC'],
      witnessed: ['order', 'answer', 'hub', 'hubAnswer'],
      profile: (profile) => ({ ...profile, askEveryS: null }),
      dials: { DTAC: { dial: { silence: 1 } } },
    });
    base = await hub.serve();
    worker = await hub.work();
    const secrets = new SecretStore(hub.source, new Vault(hub.config.keys.master));
    await secrets.reload();
    token = tokenOf(secrets.secret(referenceProfile('DTAC')!.secrets.callback[0]!)!, 'DTAC');
  });
  after(() => hub.close());

  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(`${base}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json;charset=utf-8' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  /** An event about one batch. */
  async function event(number: number, state: string, change: Record<string, unknown> = {}): Promise<unknown> {
    const [line] = await query<{ entry_ref: string; present: boolean }>(
      hub.source,
      `SELECT c.entry_ref, c.present FROM batch b JOIN change c ON c.provider_id = b.provider_id AND c.seq BETWEEN b.from_seq AND b.to_seq
       WHERE b.number = $1`,
      [number],
    );
    const item = {
      id: itemIdOf({ n: 1, ref: line?.entry_ref ?? 'none' }),
      action: line?.present === false ? 'delete' : 'add',
      state,
      service: { id: 'svc-1' },
    };
    const serviceOrder = {
      id: `SO-${number}`,
      externalId: externalIdOf('DTAC', { number, part: 1, several: false }),
      state,
      serviceOrderItem: [item],
      ...change,
    };
    return {
      eventId: `e-${number}`,
      eventTime: new Date().toISOString(),
      eventType: 'ServiceOrderStateChangeEvent',
      event: { serviceOrder },
    };
  }

  async function handed(count: number): Promise<number> {
    await registerLines(hub.source, count, [1], today);
    return accepted();
  }

  /** The newest batch, once everything is sealed and the provider has it. */
  async function accepted(): Promise<number> {
    for (;;) {
      const [row] = await query<{ number: number; settled: boolean }>(
        hub.source,
        `SELECT b.number, c.last_seq = s.sealed_seq AND b.state = 'accepted' AS settled FROM provider_stream s
         JOIN provider_counter c USING (provider_id) JOIN batch b ON b.provider_id = s.provider_id AND b.number = s.next_number - 1`,
      );
      if (row?.settled) return row.number;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  const stateOf = async (number: number): Promise<string | undefined> =>
    (await query<{ state: string }>(hub.source, 'SELECT state FROM batch WHERE number = $1', [number]))[0]?.state;

  test('takes an event in any spelling and at any of the addresses, with 201 and an EventSubscription', async () => {
    const spellings = [
      `/tmf641/${token}/listener/serviceOrderStateChangeEvent`,
      `/tmf641/${token}/LISTENER/SERVICEORDERSTATECHANGEEVENT`,
      `/tmf641/${token}/listener/anything`,
      `/tmf641/${token}/listener/`,
      `/tmf641/${token}/listener`,
      `/tmf641/${token}`,
    ];
    for (const path of spellings) {
      const number = await handed(1);
      const response = await post(path, await event(number, 'completed'));
      assert.equal(response.status, 201, path);
      const answer: unknown = await response.json();
      assertTmf641('EventSubscription', answer);
      assert.ok(!JSON.stringify(answer).includes(token));
      assert.equal(await stateOf(number), 'settled', path);
    }
    const [handles] = await query<{ n: number }>(
      hub.source,
      `SELECT count(*) AS n FROM entry_handle WHERE handle = 'svc-1'`,
    );
    assert.equal(handles?.n, spellings.length);
  });

  test('events that come late, early, twice or say nothing change nothing that stands', async () => {
    const number = await handed(1);
    const path = `/tmf641/${token}/listener/serviceOrderStateChangeEvent`;
    assert.equal((await post(path, await event(number, 'inProgress'))).status, 201);
    assert.equal(await stateOf(number), 'accepted');
    assert.equal((await post(path, { eventType: 'ServiceOrderMilestoneEvent', event: {} })).status, 201);
    for (let i = 0; i < 2; i++) assert.equal((await post(path, await event(number, 'completed'))).status, 201);
    assert.equal((await post(path, await event(number, 'acknowledged'))).status, 201);
    assert.equal((await post(path, await event(number, 'rejected'))).status, 201);
    assert.equal(await stateOf(number), 'settled');
    const [aside] = await query<{ n: number }>(hub.source, 'SELECT count(*) AS n FROM set_aside');
    assert.equal(aside?.n, 0);
  });

  test('an id goes with its service, and a repeated event of the add does not bring it back', async () => {
    const path = `/tmf641/${token}/listener`;
    const added = await handed(1);
    const [line] = await query<{ line_id: number; entry_ref: string }>(
      hub.source,
      'SELECT line_id, entry_ref FROM change WHERE seq = (SELECT to_seq FROM batch WHERE number = $1)',
      [added],
    );
    const named = async (): Promise<string | undefined> =>
      (
        await query<{ handle: string }>(hub.source, 'SELECT handle FROM entry_handle WHERE entry_ref = $1', [
          line?.entry_ref,
        ])
      )[0]?.handle;
    const told = await event(added, 'completed');
    await post(path, told);
    assert.equal(await named(), 'svc-1');
    await inTransaction(hub.source, async (tx) => {
      await tx.query(`UPDATE registration SET state = 'cancelled' WHERE line_id = $1`, [line?.line_id]);
      const known = [line?.line_id ?? 0];
      const why = { cause: 'cancelled', actorId: 1, runId: null, today } as const;
      await new Deriver(() => [1]).derive(tx, { fresh: [], known }, why);
    });
    const removed = await accepted();
    await post(path, told);
    assert.equal(await named(), 'svc-1', 'a repeat before the removal is answered');
    const { byServiceId } = hub.simulator.get('DTAC').state()['deletes'] as { byServiceId: number };
    assert.equal(byServiceId, 1);
    await post(path, await event(removed, 'completed'));
    assert.equal(await named(), undefined);
    await post(path, told);
    assert.equal(await named(), undefined, 'a repeat after it');
  });

  test('an order that is rejected as a whole is halved; one of a single line rejects the line', async () => {
    const path = `/tmf641/${token}/listener/serviceOrderStateChangeEvent`;
    const whole = await handed(2);
    const refusal = { errorMessage: [{ code: 'PACKAGE_NOT_ELIGIBLE', reason: 'no' }], serviceOrderItem: [] };
    assert.equal((await post(path, await event(whole, 'rejected', refusal))).status, 201);
    assert.equal(await stateOf(whole), 'refused');
    while ((await stateOf(whole + 2)) !== 'accepted') await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await post(path, await event(whole + 1, 'rejected', refusal))).status, 201);
    assert.equal((await post(path, await event(whole + 2, 'completed'))).status, 201);
    await hub.settled();
    const [line] = await query<{ code: string }>(hub.source, 'SELECT code FROM exception WHERE number = $1', [
      whole + 1,
    ]);
    assert.equal(line?.code, 'PACKAGE_NOT_ELIGIBLE');
  });

  test('without the token nothing is heard; what cannot be used is set aside and says why', async () => {
    const number = await handed(1);
    const good = await event(number, 'completed');
    for (const path of ['/tmf641/x/listener/serviceOrderStateChangeEvent', `/tmf641/${token.slice(1)}x`]) {
      assert.equal((await post(path, good)).status, 401);
    }
    assert.equal(await stateOf(number), 'accepted');
    const foreign = await event(number, 'completed', {
      externalId: externalIdOf('DTAC', { number: 999, part: 1, several: false }),
    });
    for (const body of ['<html>', '{}', JSON.stringify(await event(number, 'ready')), JSON.stringify(foreign)]) {
      const response = await post(`/tmf641/${token}/listener`, body);
      assert.ok(response.status >= 400 && response.status < 500, `${response.status}`);
      assert.match(((await response.json()) as { detail: string }).detail, /\w/);
    }
    const [aside] = await query<{ n: number }>(hub.source, 'SELECT coalesce(sum(times), 0)::int AS n FROM set_aside');
    assert.equal(aside?.n, 4);
    assert.equal((await post(`/tmf641/${token}/listener`, good)).status, 201);
    assert.equal(await stateOf(number), 'settled');
  });

  test('the subscription outlives a worker, is found by the next one, and is made anew for another address', async () => {
    const subscribed = (): string | undefined =>
      (hub.simulator.get('DTAC').state()['subscriptions'] as { id: string; callback: string }[])
        .filter(({ callback }) => callback === `${base}/tmf641/${token}`)
        .map(({ id }) => id)
        .join();
    const kept = async (): Promise<string | undefined> =>
      (await query<{ id: string }>(hub.source, 'SELECT subscription_id AS id FROM event_subscription'))[0]?.id;
    const first = subscribed();
    assert.ok(first);
    assert.equal(await kept(), first);
    const settle = async (): Promise<void> => {
      const number = await handed(1);
      assert.equal((await post(`/tmf641/${token}`, await event(number, 'completed'))).status, 201);
    };
    await worker.close();
    assert.equal(subscribed(), first);
    worker = await hub.work();
    await settle();
    assert.equal(subscribed(), first);
    await worker.close();
    // Made for another address of the hub: the old one goes first, since this server takes only one.
    await query(hub.source, `UPDATE event_subscription SET callback_sha256 = sha256('elsewhere'), renewed_at = now()`);
    await hub.work();
    await settle();
    assert.notEqual(subscribed(), first);
    assert.equal(await kept(), subscribed());
  });
});
