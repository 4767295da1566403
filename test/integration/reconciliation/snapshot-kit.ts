// What the specs about whole lists share: a hub with one provider, a run, its drift, its book.
import assert from 'node:assert/strict';
import { bangkokDay, HUB_ACTOR_ID, inTransaction, query, saveProvider } from '#platform';
import { Deriver } from '#whitelist';
import { createApiKey } from '#operations';
import { approveRepair, listRuns, proposeRepair, wantReconciliation, type RunRow } from '#reconciliation';
import type { ProviderProfile } from '#contracts';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';

export type Code = 'AIS' | 'TRUE' | 'DTAC' | 'CAT' | 'TOT' | '3BB';
const TODAY = bangkokDay(new Date());

/** Quick enough for a test: nothing waits for a night. */
const quick = (profile: ProviderProfile): ProviderProfile => ({
  ...profile,
  // The lines of the specs are mobile ones.
  accesses: ['MB', 'FB'],
  circuitPattern: '^\\d{10}$',
  deliveryWindows: [],
  ...(profile.transport.kind === 'sftp' ? { transport: { ...profile.transport, pollMs: 200 } } : {}),
  ...(profile.observe?.snapshot?.by === 'file'
    ? { observe: { ...profile.observe, snapshot: { ...profile.observe.snapshot, waitS: 5 } } }
    : {}),
});

export interface ListKit {
  hub: TestHub;
  id: number;
  /** Registers lines and waits until they are acknowledged. */
  register: (count: number) => Promise<void>;
  /** Takes a line off again, by its entry's ref, and waits until that is acknowledged. */
  remove: (ref: string) => Promise<void>;
  run: () => Promise<RunRow>;
  drift: () => Promise<{ kind: string; cause: string; seen: number }[]>;
  /** Waits until exactly these alerts are open: they are told after the run has its result. */
  alertsAre: (kinds: string[]) => Promise<void>;
  /** Proposes and approves by two people, and waits until everything that it says was settled. */
  repair: () => Promise<{ additions: number; removals: number }>;
  until: <T>(read: () => Promise<T | undefined | false>) => Promise<T>;
  /** Refs that it holds now. */
  held: () => string[];
}

export async function startListKit(
  code: Code,
  profile: (one: ProviderProfile) => ProviderProfile = (one) => one,
): Promise<ListKit> {
  const hub = await startTestHub({
    providers: [code],
    profile: (one) => profile(quick(one)),
    // A provider that takes files in order waits so long for numbers that it lost.
    dials: { [code]: { dial: { parkLimitMs: 500 } } },
  });
  const [row] = await query<{ provider_id: number }>(hub.source, 'SELECT provider_id FROM provider WHERE code = $1', [
    code,
  ]);
  const id = row?.provider_id ?? 0;
  const second = (await createApiKey(hub.source, { name: 'second', scopes: ['approve'] }, HUB_ACTOR_ID)).actorId;
  await hub.serve();
  await hub.work();
  const { source } = hub;
  const until: ListKit['until'] = async (read) => {
    for (const end = Date.now() + 30_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const seen = await read();
      if (seen) return seen;
      if (Date.now() > end) throw new Error('it did not come about');
    }
  };
  const book = () => hub.simulator.get(code).provider.applier.book;
  return {
    hub,
    id,
    until,
    held: () => book().sortedRefs(),
    async register(count) {
      await registerLines(source, count, [id], TODAY);
      await hub.settled();
    },
    async remove(ref) {
      await inTransaction(source, async (tx) => {
        const lines = await tx.query<{ line_id: number }>('SELECT line_id FROM entry WHERE entry_ref = $1', [ref]);
        const known = lines.map((one) => one.line_id);
        await tx.query(`UPDATE registration SET state = 'cancelled' WHERE line_id = ANY($1::bigint[])`, [known]);
        const context = { cause: 'withdrawn', actorId: HUB_ACTOR_ID, runId: null, today: TODAY } as const;
        await new Deriver(() => [id]).derive(tx, { fresh: [], known }, context);
      });
      await hub.settled();
    },
    async run() {
      const runId = await wantReconciliation(source, id, { actorId: HUB_ACTOR_ID, reason: 'spec' }, 'snapshot');
      return until(async () => (await listRuns(source, { runId, limit: 1 })).find((one) => one.result !== null));
    },
    drift: () => query(source, 'SELECT kind, cause, seen FROM drift WHERE provider_id = $1 ORDER BY kind', [id]),
    async alertsAre(kinds) {
      const open = async (): Promise<string> => {
        const rows = await query<{ kind: string }>(
          source,
          // What is set aside raises one of its own, which ends by the hour.
          `SELECT kind FROM alert WHERE ended_at IS NULL AND kind <> 'answersSetAside' ORDER BY kind`,
        );
        return JSON.stringify(rows.map((one) => one.kind));
      };
      const wanted = JSON.stringify(kinds);
      for (const end = Date.now() + 5_000; (await open()) !== wanted && Date.now() < end;)
        await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(await open(), wanted);
    },
    async repair() {
      const planId = await proposeRepair(source, id, { actorId: HUB_ACTOR_ID, reason: 'seen twice' });
      const planOf = async () => {
        const [plan] = await query<{ sha256: Buffer; additions: number; removals: number; state: string }>(
          source,
          'SELECT sha256, additions, removals, state FROM repair_plan WHERE plan_id = $1',
          [planId],
        );
        assert.ok(plan);
        return plan;
      };
      const plan = await planOf();
      await approveRepair(source, planId, plan.sha256.toString('hex'), { actorId: second, reason: 'looked at it' });
      await until(async () => (await planOf()).state === 'applied');
      await hub.settled();
      return { additions: plan.additions, removals: plan.removals };
    },
  };
}

/** Changes the provider's profile on the running hub. */
export async function updateProfile(kit: ListKit, change: (one: ProviderProfile) => ProviderProfile): Promise<void> {
  const { source } = kit.hub;
  const [row] = await query<{ profile: ProviderProfile }>(
    source,
    'SELECT profile FROM provider WHERE provider_id = $1',
    [kit.id],
  );
  assert.ok(row);
  await saveProvider(source, change(row.profile), HUB_ACTOR_ID);
}
